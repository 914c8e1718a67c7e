"""Plays the recorded calls in order and tells what each gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.compare import Ours, compare
from tests.faces.cloudstack.replay.mapping import Ids
from tests.faces.cloudstack.replay.recording import Recorded, load


@dataclass
class Played:
    """What came of one call.

    Attributes:
        differences: see `compare`.
        unknown: recorded ids in its parameters that nothing of ours stands for: an earlier call did not make them.
    """

    recorded: Recorded
    ours: Ours
    params: dict[str, str]
    differences: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """`same`, `differs`, `planned` (no such command) or `blocked` (an earlier call made it impossible)."""
        if self.recorded.command != "nosuchCommand" and self.ours.is_unknown_command:
            return "planned"
        if not self.differences:
            return "same"
        return "blocked" if self.unknown else "differs"


async def play(client: Client, calls: list[Recorded] | None = None) -> list[Played]:
    """All calls against one server."""
    ids = Ids()
    played: list[Played] = []
    for recorded in load() if calls is None else calls:
        played.append(await play_one(client, recorded, ids))
    return played


async def play_one(client: Client, recorded: Recorded, ids: Ids) -> Played:
    """One call, with its job."""
    params: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in recorded.params.items():
        params[name], missing = ids.translate(value)
        unknown += missing
    if "userapikey" in params:
        params["userapikey"] = ids.ours.get(params["userapikey"], params["userapikey"])
    status, body = await client.send({"command": recorded.command, **params})
    content: Any = next(iter(body.values()))
    job = None
    if status == 200 and isinstance(content, dict) and "jobid" in content and set(content) <= {"id", "jobid"}:
        job = await client.ended(content["jobid"])
    ours = Ours(status, body, job)
    if status == recorded.status == 200:
        ids.learn(recorded.content, ours.content)
        if recorded.job is not None and job is not None and isinstance(job.get("jobresult"), dict):
            ids.learn(recorded.job.get("jobresult"), job["jobresult"])
    return Played(recorded, ours, params, compare(recorded, ours, ids), unknown)
