"""How long an answer is waited for: as long as the peer is silent, not as long as we are busy.

Rule 1: bytes that come start the time anew, up to a bound: a long answer of many hosts at once is read as fast as we can.
Rule 2: time in which the loop did not look is nobody's: what came meanwhile is still unread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from netloom.aio.clock import Clock

T = TypeVar("T")

LONGEST = 4.0
"""Times the limit that a peer which keeps sending may take for one answer."""

OVERSLEPT = 1.0
"""Seconds after its time at which a look comes because the loop was busy."""


async def answered(future: asyncio.Future[T], limit: float, heard_at: Callable[[], float], clock: Clock) -> T:
    """The future's result.

    Args:
        future: is done when the answer is there.
        limit: seconds of silence.
        heard_at: when bytes of the peer came last (monotonic).
        clock: tells the time.

    Raises:
        TimeoutError: the peer was silent that long, or took `LONGEST` times as long.
    """
    began = clock.now()
    due, last = began + limit, began + LONGEST * limit
    while True:
        wait = due - clock.now()
        if wait > 0:
            await asyncio.wait((future,), timeout=wait)
        if future.done():
            return future.result()
        now = clock.now()
        late = now - due
        if late > OVERSLEPT:
            due, last = now + min(limit, late), last + late
        elif now < last and heard_at() + limit > now:
            due = min(heard_at() + limit, last)
        elif late >= 0:
            raise TimeoutError
