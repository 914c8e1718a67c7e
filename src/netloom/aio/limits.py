"""How long something may take, when what it waits for may never come.

Rule 1: whoever waits goes on when the time is over, whatever the work does then: it is told to end, and one that does not
    (it swallows its cancelling) is left behind, counted, and logged once it is over. A thread that it waited for goes on.
Rule 2: an allowance stands still while it is paused: what waits for others that have limits of their own spends nothing.
Rule 3: what was cut off may have happened, in part or whole: whoever is told so looks again before doing it once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

import structlog

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import Unavailable

T = TypeVar("T")

_log = structlog.get_logger("netloom.aio")

GRACE: Final = 5.0
"""Seconds for work to end once it is told to."""
_PAUSED_LOOK: Final = 1.0
_PLUMBING: Final = ("asyncio", "contextlib", "netloom.aio")
"""Modules that wait for somebody else: where they are called is what tells people something."""

_left: Final[set[asyncio.Task[object]]] = set()


class OutOfTime(Unavailable):
    """Something was not done in the time that it had.

    Attributes:
        where: the innermost place in the work that waited: `module.function:line`.
        waited: what it said that it was waiting for; None: nothing.
    """

    code = "out-of-time"

    def __init__(self, message: str, *, where: str, waited: str | None) -> None:
        super().__init__(message)
        self.where = where
        self.waited = waited


class Allowance:
    """The seconds that something may take."""

    def __init__(self, seconds: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self.seconds = seconds
        self._clock = clock
        self._spent = 0.0
        self._since = clock.now()
        self._pauses = 0

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        return self._pauses > 0

    def left(self) -> float:
        """Seconds left now; 0 or less: none."""
        running = 0.0 if self._pauses else self._clock.now() - self._since
        return self.seconds - self._spent - running

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have it stand still for a block; blocks of several tasks may overlap."""
        if not self._pauses:
            self._spent += self._clock.now() - self._since
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if not self._pauses:
                self._since = self._clock.now()


def _nothing() -> str | None:
    return None


async def limited(
    work: Coroutine[object, object, T],
    allowance: Allowance,
    what: str,
    waits_for: Callable[[], str | None] = _nothing,
    *,
    grace: float = GRACE,
) -> T:
    """What some work gives, if it is done in time. It runs in a task of its own, which ends with the caller's.

    Args:
        work: it is told to end when the time is over.
        allowance: how long it may take.
        what: what it does, for people: `start web on h1`.
        waits_for: asked what it waits for when the time is over.
        grace: seconds for it to end after it was told to.

    Raises:
        OutOfTime: it was not done; it may be so in part, or still come to be.
    """
    task: asyncio.Task[T] = asyncio.create_task(work, name=what)
    try:
        while not task.done() and (left := allowance.left()) > 0:
            await asyncio.wait([task], timeout=max(left, _PAUSED_LOOK) if allowance.is_paused else left)
    except asyncio.CancelledError:
        await _end(task, what, grace)
        raise
    if task.done():
        return task.result()
    where, waited = waits_at(task), waits_for()
    await _end(task, what, grace)
    if task.done() and not task.cancelled() and task.exception() is None:
        return task.result()  # it was done just then, or would not stop on the last step
    reason = f"; it waited for {waited}" if waited else ""
    raise OutOfTime(f"{what}: not done within {allowance.seconds:g} s{reason}", where=where, waited=waited)


def left_behind() -> int:
    """How much work was told to end and goes on all the same."""
    return len(_left)


def waits_at(task: asyncio.Task[T]) -> str:
    """The innermost place in which a task waits: `module.function:line`."""
    inner: object = task.get_coro()
    found = "nowhere"
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if isinstance(frame, FrameType):
            module = str(frame.f_globals.get("__name__", "?"))
            if found == "nowhere" or not module.startswith(_PLUMBING):
                found = f"{module}.{frame.f_code.co_name}:{frame.f_lineno}"
        inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
    return found


async def _end(task: asyncio.Task[T], what: str, grace: float) -> None:
    """Tell a task to end, and leave it behind if it does not."""
    task.cancel()
    await asyncio.wait([task], timeout=grace)
    if task.done():
        if not task.cancelled():
            task.exception()  # told in the log below were it left behind; here whoever waited tells what became of it
        return
    _left.add(task)
    _log.error("work left behind", work=what, where=waits_at(task), left_behind=len(_left))
    task.add_done_callback(_over)


def _over(task: asyncio.Task[T]) -> None:
    _left.discard(task)
    error = None if task.cancelled() else task.exception()
    _log.warning("work that was left behind is over", work=task.get_name(), exc_info=error)
