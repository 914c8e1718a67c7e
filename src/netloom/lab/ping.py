"""Pings and what came of them.

Rule 1: one program, `ping`, is the measure; its per-packet lines are read, not its summary.
Rule 2: a request that was on its way when a flood was stopped is not counted as sent: losing it says nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO, Self

from netloom.lab import namespaces
from netloom.lab.errors import LabError

_REPLY = re.compile(r"^\d+ bytes from .*?icmp_seq=(\d+) .*?time=([\d.]+) ms(?: \((DUP!)\))?", re.MULTILINE)
_TOTALS = re.compile(r"^(\d+) packets transmitted, (\d+) received", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class PingResult:
    """What a ping run saw. Round-trip times are in milliseconds, in order of arrival."""

    sent: int
    received: int
    rtts: tuple[float, ...]
    duplicates: int = 0
    missing: tuple[int, ...] = ()
    """Sequence numbers (from 1) without an answer."""

    @property
    def lost(self) -> int:
        """Requests without an answer."""
        return self.sent - self.received

    @property
    def all_answered(self) -> bool:
        """Whether something was sent and nothing was lost."""
        return self.sent > 0 and self.lost == 0

    @property
    def none_answered(self) -> bool:
        """Whether something was sent and no answer came."""
        return self.sent > 0 and self.received == 0


def parse(output: str, *, stopped: bool = False) -> PingResult:
    """Read what iputils' ping printed.

    Args:
        output: of `ping -n`.
        stopped: it was interrupted; the last request is then only counted if it was answered.

    Raises:
        LabError: it is not ping's output.
    """
    totals = _TOTALS.search(output)
    if totals is None:
        raise LabError(f"ping did not run: {output.strip() or 'no output'}", code="ping-failed")
    sent = int(totals[1])
    answered: dict[int, float] = {}
    duplicates = 0
    round_, newest = 0, 0
    for match in _REPLY.finditer(output):
        # Sequence numbers have 16 bits on the wire and start again at 0 in a run that is longer than that.
        number = int(match[1])
        if match[3]:
            duplicates += 1
            continue
        if number < newest - 0x8000:
            round_ += 0x10000
        newest = number
        answered[round_ + number] = float(match[2])
    if stopped and sent and sent not in answered:
        sent -= 1
    missing = tuple(number for number in range(1, sent + 1) if number not in answered)
    return PingResult(sent, sent - len(missing), tuple(answered.values()), duplicates, missing)


def command(
    dst: str, *, count: int | None, interval: float, size: int = 56, deadline: float | None = None
) -> list[str]:
    """The command line of a ping; IPv6 is told from the address."""
    words = ["ping", "-6" if ":" in dst else "-4", "-n", "-i", f"{interval:g}", "-s", str(size)]
    if count is not None:
        words += ["-c", str(count)]
    if deadline is not None:
        words += ["-W", f"{deadline:g}"]
    return [*words, dst]


class Flood:
    """A ping that runs in the background until it is stopped."""

    def __init__(self, namespace: str, words: Sequence[str], environment: dict[str, str]) -> None:
        self._output: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the flood
        with namespaces.entered(namespace):
            self._process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stop(self) -> PingResult:
        """End it and say what it saw."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(10)
            self._output.seek(0)
            return parse(self._output.read(), stopped=True)
        finally:
            self.close()

    def close(self) -> None:
        """End it without caring for the result."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
        self._output.close()
