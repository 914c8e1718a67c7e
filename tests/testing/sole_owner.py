"""Owners of stores for tests of terms: two of one store, as if the first one's lock had been lost without its notice."""

from __future__ import annotations

from collections.abc import Callable

from netloom.aio.clock import SYSTEM_CLOCK
from netloom.store.sole import Sole


class LostLock:
    """A lock that its owner has no more; `free`: whether nobody else has it now."""

    hint = "a test tells"

    def __init__(self, *, free: bool) -> None:
        self._is_free = free

    async def take(self) -> bool:
        return self._is_free

    async def is_held(self) -> bool:
        return False

    async def release(self) -> None:
        return None


def owner(lost: Callable[[], None], *, free: bool = True) -> Sole:
    """Somebody who takes itself for the only one."""
    return Sole(LostLock(free=free), lost, SYSTEM_CLOCK)


def never() -> None:
    """For whom nobody comes after."""
    raise AssertionError("its term is not over")
