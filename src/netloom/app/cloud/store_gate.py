"""The store may be away while netloom goes on: full, read-only, restarted. What needs it then waits until it is back.

Rule 1: only failures of the store itself are waited for; what a unit is refused is its own affair at once.
Rule 2: one tries, and the others wait for their turn: a store that comes back is not met by all at once, and a disk that is
    full of nothing else is not filled with log lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from netloom.aio.backoff import Backoff, BackoffPolicy, Jitter
from netloom.aio.clock import Clock
from netloom.base.errors import NetloomError, TooMany
from netloom.store.errors import FATAL_CODES

T = TypeVar("T")

_log = structlog.get_logger("netloom.store")

RETRY: Final = BackoffPolicy(first=0.2, limit=5.0)
"""Seconds between two tries of the one that tries."""
AWAY_CODES: Final = FATAL_CODES | {"store-closing"}


def is_away(error: NetloomError) -> bool:
    """Whether the store failed, and not what was asked of it."""
    return error.stable_code in AWAY_CODES or (isinstance(error, TooMany) and error.subject == "store-writes")


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which the store kept nothing: how long, in seconds, and what it said last."""

    seconds: float
    code: str
    text: str


class StoreGate:
    """Where steps wait that a store which is away has failed; `who` names them in the log."""

    def __init__(self, who: str, clock: Clock, jitter: Jitter) -> None:
        self._who = who
        self._clock = clock
        self._backoff = Backoff(RETRY, jitter)
        self._turn = asyncio.Lock()
        self._since: float | None = None
        self._outage: Outage | None = None
        self.waiting = 0
        """Steps that wait now."""

    async def through(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step, as often as the store fails it; it has to look what an earlier try has kept after all.

        Raises:
            NetloomError: why the step was refused by a store that is there.
        """
        try:
            return await step()
        except NetloomError as error:
            if not is_away(error):
                raise
            failed = error
        self.waiting += 1
        try:
            others_try = self._turn.locked()
            async with self._turn:
                if not others_try:
                    await self._pause(failed)
                return await self._until_back(step)
        finally:
            self.waiting -= 1

    def take_outage(self) -> Outage | None:
        """The outage that ended, once: for whoever tells people."""
        outage, self._outage = self._outage, None
        return outage

    async def _until_back(self, step: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                result = await step()
            except NetloomError as error:
                if not is_away(error):
                    self._back()
                    raise
                await self._pause(error)
            else:
                self._back()
                return result

    async def _pause(self, error: NetloomError) -> None:
        if self._since is None:
            self._since = self._clock.now()
        delay = self._backoff.next_delay()
        failures = self._backoff.failures
        if not failures & (failures - 1):  # the first, and each doubling
            _log.error(
                "store is away",
                who=self._who,
                waiting=self.waiting,
                code=error.stable_code,
                error=str(error),
                failures=failures,
                next_try=delay,
            )
        self._last = error
        await self._clock.sleep(delay)

    def _back(self) -> None:
        if self._since is None:
            return
        seconds = self._clock.now() - self._since
        self._outage = Outage(seconds, self._last.stable_code, self._last.message)
        self._since = None
        self._backoff.clear()
        _log.warning("store is back", who=self._who, waiting=self.waiting, seconds=round(seconds, 1))
