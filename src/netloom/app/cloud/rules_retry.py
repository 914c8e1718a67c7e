"""What providers could not be told, told again: it comes true without anybody asking for anything else.

Rule 1: what is looked at is what is untold (`Untold`), never rules: a million of them cost what none do.
Rule 2: all that has to be remembered is in the store, so a restart changes nothing about when what is tried.
Rule 3: a place in whose line a job is open is left alone: that job may be telling it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from sqlalchemy import func, or_, select

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.rules_retry_places import TELL_AGAIN, OnePlace
from netloom.app.cloud.untold import untold_of
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.base.errors import NetloomError, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.jobs import OPEN_STATES, Job
from netloom.model.cloud.untold import LONGEST, Untold
from netloom.store.cloud.records import columns
from netloom.store.times import to_datetime, to_microseconds

_log = structlog.get_logger("netloom.rules")

EVERY: Final = 30.0
"""Seconds between two looks."""
AT_ONCE: Final = 200
"""Places that a look asks jobs for; the next look takes more."""


@dataclass(frozen=True, slots=True)
class RetryCounters:
    """What is untold, for metrics, as of the last look.

    Attributes:
        untold: sets of rules that providers do not know as they stand.
        oldest: since when, the oldest; None: there is none.
        asked: jobs that were asked for since the start.
    """

    untold: int = 0
    oldest: dt.datetime | None = None
    asked: int = 0


class _Look(msgspec.Struct, frozen=True):
    due: list[str]
    untold: int
    oldest: dt.datetime | None


class RuleRetry:
    """Looks and asks."""

    def __init__(self, cloud: Cloud, clock: Clock = SYSTEM_CLOCK) -> None:
        self._cloud = cloud
        self._clock = clock
        self._counters = RetryCounters()

    def counters(self) -> RetryCounters:
        """What is untold, for metrics."""
        return self._counters

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.step()
            except NetloomError as error:
                _log.warning("untold rules not looked after", code=error.stable_code, error=str(error))
            await self._clock.sleep(EVERY)

    async def step(self) -> None:
        """Look once, and ask for what is due."""
        look = await self._cloud.read_as(system_caller(), _look)
        self._counters = RetryCounters(look.untold, look.oldest, self._counters.asked + len(look.due))
        for place in look.due:
            word, _, place_id = place.partition("/")
            use_case = TELL_AGAIN.get(word)
            try:
                if use_case is not None:
                    await self._cloud.do(system_caller(), use_case, OnePlace(id=Uuid(place_id)))
                    continue
            except NotFound:  # deleted since
                _log.debug("place gone", place=place)
            await self._forget(place)

    async def _forget(self, place: str) -> None:
        def unit(work: Work) -> None:
            work.delete_all(untold_of(work, place))

        await self._cloud.write_as(system_caller(), "rules.forget_place", unit)


def _look(view: View) -> _Look:
    """The places that are due, the longest due first.

    A time further ahead than the longest wait is due as well: the clock was set back since it was written.
    """
    c, j = columns(Untold), columns(Job)
    now, ahead = to_microseconds(view.at), to_microseconds(view.at + LONGEST)
    busy = (
        select(j.id).where(j.queue == c.place, j.state.in_([state.value for state in OPEN_STATES])).exists()
    )
    due = (
        select(c.place)
        .where(or_(c.due_at <= now, c.due_at > ahead), ~busy)
        .group_by(c.place)
        .order_by(func.min(c.due_at), c.place)
        .limit(AT_ONCE)
    )
    connection = view.records.connection
    count, oldest = connection.execute(select(func.count(c.id), func.min(c.created_at))).one()
    return _Look(list(connection.scalars(due)), count, None if oldest is None else to_datetime(oldest))


USE_CASES = tuple(TELL_AGAIN.values())
