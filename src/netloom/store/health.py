"""Whether the database answers: for readiness, which must not ask it.

Rule 1: what counts is what the last one who wanted something heard; what a unit was refused is its own affair.
Rule 2: while it is away somebody looks now and then: it is back as soon as that is seen, also when nobody wants anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import NetloomError
from netloom.store.errors import FATAL_CODES

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at a database that is away."""

Way = Literal["reading", "writing"]


class Health:
    """What was heard last, of reading and of writing."""

    def __init__(self) -> None:
        self._errors: dict[Way, NetloomError] = {}

    @property
    def trouble(self) -> str | None:
        """What is wrong with the database; None: nothing, as far as anybody has seen."""
        for way, error in self._errors.items():
            return f"the store is away ({way}, {error.stable_code}): {error.message}"
        return None

    @contextmanager
    def heard(self, way: Way) -> Iterator[None]:
        """Take note of how a block ends that asks the database."""
        try:
            yield
        except NetloomError as error:
            if error.stable_code in FATAL_CODES:
                self._errors[way] = error
            else:
                self._errors.pop(way, None)
            raise
        self._errors.pop(way, None)

    async def look(self, try_it: Callable[[], Awaitable[None]], clock: Clock = SYSTEM_CLOCK) -> None:
        """Try for as long as there is trouble, until cancelled; `try_it` reads and writes."""
        while True:
            await clock.sleep(LOOK_EVERY)
            if self._errors:
                try:
                    await try_it()
                except NetloomError:
                    continue
