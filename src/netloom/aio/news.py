"""Waiting for a fact that several parts decide together, none of which has an event for it.

Rule 1: who changes something of it tells, and needs not know who waits, or for what.
Rule 2: nothing is missed: what is told before the first look was seen by it, what is told later wakes whoever waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class News:
    """Wakes everybody who waits; each looks for itself whether it was that."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def tell(self) -> None:
        """Something changed; returns at once. What is told in one turn of the loop is one look."""
        for event in self._waiting:
            event.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when that is so; it is asked at once, and after whatever is told. The caller bounds the wait."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            while not condition():
                event.clear()
                await event.wait()
        finally:
            self._waiting.discard(event)
