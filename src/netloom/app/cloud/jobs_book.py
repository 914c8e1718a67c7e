"""The open jobs of this process and how those that ended did: for whoever waits for one, and for metrics.

Rule 1: asking costs no I/O; what is counted is counted since the start.
"""

from __future__ import annotations

import asyncio
import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netloom.base.ids import Uuid
from netloom.model.cloud.jobs import Job


class Phase(enum.Enum):
    """Where an open job is."""

    QUEUED = "queued"  # others are before it
    RUNNING = "running"
    ENDING = "ending"  # its end is being written, or waits for the store


class Result(enum.Enum):
    """What became of a job."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    BROKEN = "broken"  # failed by a mistake in netloom
    OUT_OF_TIME = "out-of-time"  # failed because somebody did not answer in time
    CANCELLED = "cancelled"


@dataclass(slots=True)
class OpenJob:
    """A job that this process has taken."""

    job: Job
    phase: Phase = Phase.QUEUED
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class JobCounters:
    """The jobs, for metrics.

    Attributes:
        open: open ones by phase, all phases.
        oldest: when the oldest open one was asked for; None: none is open.
        results: those that ended, all results.
        repeated: second halves that ran again because the store had failed them.
        found: open jobs in the store that nobody had taken.
        waiting: steps of jobs that wait for a store that is away.
    """

    open: Mapping[Phase, int]
    oldest: datetime | None
    results: Mapping[Result, int]
    repeated: int
    found: int
    waiting: int


class JobBook:
    """Which jobs are open."""

    def __init__(self) -> None:
        self._open: dict[Uuid, OpenJob] = {}
        self._results: Counter[Result] = Counter()
        self.repeated = 0
        self.found = 0

    def ids(self) -> set[Uuid]:
        """The open jobs that this process has taken."""
        return set(self._open)

    def get(self, job_id: Uuid) -> OpenJob | None:
        """An open job."""
        return self._open.get(job_id)

    def add(self, job: Job) -> None:
        """Keep a job until it is closed."""
        self._open.setdefault(job.id, OpenJob(job))

    def move(self, job_id: Uuid, phase: Phase) -> None:
        """Note where a job is."""
        found = self._open.get(job_id)
        if found is not None:
            found.phase = phase

    def close(self, job_id: Uuid, result: Result | None) -> None:
        """Forget a job and wake who waits for it; None: it did not end, but this process has no more to do with it."""
        if result is not None:
            self._results[result] += 1
        found = self._open.pop(job_id, None)
        if found is not None:
            found.ended.set()

    def counters(self, waiting: int) -> JobCounters:
        """Counts, now."""
        phases = Counter(found.phase for found in self._open.values())
        return JobCounters(
            {phase: phases[phase] for phase in Phase},
            min((found.job.created_at for found in self._open.values()), default=None),
            {result: self._results[result] for result in Result},
            self.repeated,
            self.found,
            waiting,
        )
