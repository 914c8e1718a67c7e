"""Forgetting what was kept long enough: events, the audit, ended jobs, ended usage.

Rule 1: how long is a setting, read anew each time; 0 keeps for ever. What goes on (an open job, an open span) stays.
Rule 2: a batch is small and a transaction of its own, with a pause after it: who changes something hardly waits.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import structlog

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud import configuration
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.model.cloud.former import FormerOwner
from netloom.model.cloud.jobs import Audit, Event, Job
from netloom.model.cloud.record import Record
from netloom.model.cloud.usage import UsageSpan
from netloom.store.cloud.records import Where, columns
from netloom.store.times import to_microseconds

_log = structlog.get_logger("netloom.cloud")

EVERY: Final = 60.0
"""Seconds between two looks."""
PAUSE: Final = 0.05
"""Seconds after a batch that was full."""
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """How long records of a kind are kept.

    Attributes:
        record_type: the kind.
        setting: says how many `unit`s.
        since: the field with the time from which it counts; while it is None, the record stays.
    """

    record_type: type[Record]
    setting: str
    unit: dt.timedelta
    since: str


KEPT: Final = (
    Kept(Event, "event.purge.delay", dt.timedelta(days=1), "created_at"),
    Kept(Audit, "audit.purge.delay", dt.timedelta(days=1), "created_at"),
    Kept(Job, "job.expire.minutes", dt.timedelta(minutes=1), "finished_at"),
    Kept(UsageSpan, "usage.retention.days", dt.timedelta(days=1), "ended_at"),
    Kept(FormerOwner, "usage.retention.days", dt.timedelta(days=1), "created_at"),
)


class Retention:
    """Forgets now and then."""

    def __init__(self, cloud: Cloud, clock: Clock = SYSTEM_CLOCK) -> None:
        self._cloud = cloud
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for kept in KEPT:
                await self.forget(kept)
            await self._clock.sleep(EVERY)

    async def forget(self, kept: Kept) -> int:
        """Forget all records of a kind that were kept long enough; how many there were."""
        gone = 0
        while await self._cloud.read_as(system_caller(), lambda view: _any(view, kept)):
            count = await self._cloud.write_as(
                system_caller(), "retention", lambda work: _forget_some(work, kept)
            )
            gone += count
            if count < BATCH:
                break
            await self._clock.sleep(PAUSE)
        if gone:
            _log.info("forgotten", kind=kept.record_type.__name__, count=gone, setting=kept.setting)
        return gone


def _any(view: View, kept: Kept) -> bool:
    """Whether there is something to forget: looking writes nothing."""
    over = _over(view, kept)
    return over is not None and view.records.exists(kept.record_type, over)


def _forget_some(work: Work, kept: Kept) -> int:
    over = _over(work, kept)
    if over is None:
        return 0
    order = columns(kept.record_type)[kept.since]
    return work.records.forget(kept.record_type, over, order=order, limit=BATCH)


def _over(view: View, kept: Kept) -> Where | None:
    """The condition of what was kept long enough; None: it is kept for ever."""
    count = configuration.number(view, kept.setting)
    if not count:
        return None
    try:
        before = to_microseconds(view.at - count * kept.unit)
    except OverflowError:  # longer than there are dates
        return None
    return columns(kept.record_type)[kept.since] < before
