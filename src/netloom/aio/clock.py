"""The clock as an argument.

Rule 1: `now` is monotonic and only good for differences; `wall` is for people and certificates.
Rule 2: floors below this one get the numbers, never the clock.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time and waits for it."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


SYSTEM_CLOCK = SystemClock()


async def wait_event(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event, at most that long; whether it came.

    `asyncio.wait_for` makes a task for each call; a timeout on the same task costs a fifth of that, and the engine waits
    like this once per target and turn.
    """
    if event.is_set():
        return True
    if seconds is None:
        return await event.wait()
    if seconds <= 0:
        await asyncio.sleep(0)
        return event.is_set()
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return event.is_set()
