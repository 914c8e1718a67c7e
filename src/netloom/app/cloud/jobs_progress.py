"""How far the running jobs are, written down for those that last.

Second halves tell it in memory (`Doing.progress`, `each`, `waits_for`); most are over before anybody could look.

Rule 1: a job that is over soon writes nothing; of the others, what changed is written together, in one transaction a turn.
Rule 2: it is only for people: what cannot be written is told with the next turn, and holds no job up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from netloom.aio.clock import Clock
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.model.cloud.jobs import Job, JobState

if TYPE_CHECKING:
    from netloom.app.cloud.cloud import Cloud

TURN: Final = 1.0
"""Seconds between two turns, and how long a job must have run to be told of."""


@dataclass(slots=True)
class _Watched:
    doing: Doing
    since: float
    written: str


class JobProgress:
    """The second halves that run now, and what was written of them."""

    def __init__(self, cloud: Cloud, clock: Clock) -> None:
        self._cloud = cloud
        self._clock = clock
        self._watched: dict[Uuid, _Watched] = {}

    @contextmanager
    def watching(self, doing: Doing) -> Iterator[None]:
        """Tell of a second half for the length of a block."""
        job = doing.job
        self._watched[job.id] = _Watched(doing, self._clock.now(), job.progress)
        try:
            yield
        finally:
            del self._watched[job.id]

    async def run(self) -> None:
        """Write what is new, turn by turn, until cancelled.

        Raises:
            NetloomError: the store is away.
        """
        while True:
            await self._clock.sleep(TURN)
            await self.write()

    async def write(self) -> int:
        """Write what is new of the jobs that last; of how many that was told.

        Raises:
            NetloomError: the store is away.
        """
        now = self._clock.now()
        new = {
            job_id: text
            for job_id, each in self._watched.items()
            if now - each.since >= TURN and (text := each.doing.so_far) != each.written
        }
        if new:
            await self._cloud.write_as(system_caller(), "jobs.progress", lambda work: _write(work, new))
        for job_id, text in new.items():
            if (found := self._watched.get(job_id)) is not None:
                found.written = text
        return len(new)


def _write(work: Work, texts: Mapping[Uuid, str]) -> None:
    for job in work.records.many(Job, list(texts)).values():
        if job.state is JobState.RUNNING:  # it may have ended since
            work.update(msgspec.structs.replace(job, progress=texts[job.id]))
