"""The calls of a tour that a real CloudStack 4.20.3 was taken through, with its answers.

What was asked and answered are facts; which times, ids and texts they hold is not compared.
"""

from __future__ import annotations

import gzip
import json
import pathlib
from dataclasses import dataclass
from typing import Any

FILE = pathlib.Path(__file__).parent / "recordings.jsonl.gz"


@dataclass(frozen=True)
class Recorded:
    """One call. `job` is the last answer of queryAsyncJobResult, None for a call without a job."""

    number: int
    command: str
    params: dict[str, str]
    status: int
    response: dict[str, Any]
    job: dict[str, Any] | None
    note: str

    @property
    def key(self) -> str:
        """The envelope's key."""
        return next(iter(self.response))

    @property
    def content(self) -> dict[str, Any]:
        """What the envelope holds."""
        content: dict[str, Any] = self.response[self.key]
        return content


def load() -> list[Recorded]:
    """All calls, in their order."""
    calls = []
    for number, line in enumerate(gzip.decompress(FILE.read_bytes()).splitlines()):
        call = json.loads(line)
        job = call.get("job")
        calls.append(
            Recorded(
                number,
                call["command"],
                call["params"],
                call["status"],
                call["response"],
                None if job is None else next(iter(job.values())),
                call.get("note", ""),
            )
        )
    return calls
