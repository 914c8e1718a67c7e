"""Tasks that somebody owns.

Rule 1: a task belongs to a kit; leaving the kit ends its tasks, and no exception of theirs is lost.
Rule 2: a child that fails in a way nobody foresaw is logged and started again, more and more slowly: one bad input must
    cost its own turn, not the process and not the log disk.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import structlog

from netloom.aio.backoff import Backoff
from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import NetloomError

T = TypeVar("T")
_log = structlog.get_logger("netloom.aio")

HEALTHY_AFTER = 60.0
"""Seconds that a child must live for its next failure to be the first again."""


class TaskKit:
    """A set of tasks that live as long as their owner, each of which may be ended alone.

    `asyncio.TaskGroup` ends all when one fails; sessions of different hosts must not share a fate. So here each task is
    told what to do about errors by being supervised, and the kit ends whatever is left on `close`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Start a task; an exception that escapes it is logged."""
        if self._closed:
            work.close()
            raise RuntimeError(f"the task kit {self._name} is closed")
        task = asyncio.create_task(work, name=f"{self._name}/{name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def launch(self, work: Coroutine[object, object, None], name: str) -> None:
        """Start a task that nobody needs to hold."""
        _task = self.start(work, name)

    async def close(self) -> None:
        """End all tasks and wait until they are gone."""
        self._closed = True
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._tasks.difference_update(tasks)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("task failed", task=task.get_name(), exc_info=error)


class Group(asyncio.TaskGroup):
    """`asyncio.TaskGroup`, whose errors cost the task that used it neither its next timeout nor its end.

    Until Python 3.13 a group whose child failed leaves its own request to cancel counted on the parent; with the
    `asyncio.timeout` of Python 3.11.2, which is Debian 12's, the next timeout then ends the parent instead of the wait. And
    it raises its errors in place of a cancellation that came from outside at the same time: who handles them lives on, and
    whoever waits for its end waits for ever. So the first is taken back, and the second is told again at the next wait.
    """

    def launch(self, work: Coroutine[object, object, None], name: str) -> None:
        """Start a task that nobody needs to hold; its error ends the group."""
        _task = self.create_task(work, name=name)

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        self._requests = task.cancelling() if task is not None else 0
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        before = self._has_cancelled()
        try:
            await super().__aexit__(kind, error, trace)
        except BaseExceptionGroup:
            self._settle(left=self._has_cancelled() and not before)
            raise

    def _has_cancelled(self) -> bool:
        """Whether the group itself asked its parent to end."""
        return bool(getattr(self, "_parent_cancel_requested", False))

    def _settle(self, *, left: bool) -> None:
        """Have only others' requests counted, and heard; `left`: the group's own came too late for it to take it back."""
        task = asyncio.current_task()
        if task is None:
            return
        if left and sys.version_info < (3, 13):
            task.uncancel()
        if task.cancelling() > self._requests:
            task.uncancel()
            task.cancel()


async def end_task(task: asyncio.Task[T] | None) -> None:
    """Cancel a task and wait until it is gone; its own errors are its owner's affair."""
    if task is None:
        return
    task.cancel()
    await asyncio.wait([task])


async def finish(work: Awaitable[T]) -> T:
    """Let work run to its end though the caller is cancelled meanwhile: for steps that must not stop half-way."""
    inner = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(inner)
    except asyncio.CancelledError:
        await asyncio.wait([inner])
        raise


@dataclass(frozen=True, slots=True)
class ChildFailure:
    """What `supervise` tells its owner about a failure."""

    name: str
    error: BaseException
    failures: int
    delay: float
    expected: bool


async def supervise(
    child: Callable[[], Coroutine[object, object, None]],
    backoff: Backoff,
    *,
    name: str,
    clock: Clock = SYSTEM_CLOCK,
    failed: Callable[[ChildFailure], None] | None = None,
) -> None:
    """Run a child for ever: when it fails, wait as the backoff says and start it again. A child that returns is done.

    Errors of netloom's own tree are expected (a peer is away) and logged in one line; any other is a bug: it is logged with
    its trace the first time and then each time the count of failures in a row doubles.
    """
    while True:
        began = clock.now()
        try:
            await child()
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except Exception as error:  # noqa: BLE001 - the supervisor door: a child that fails starts again
            if clock.now() - began >= HEALTHY_AFTER:
                backoff.clear()
            expected = isinstance(error, NetloomError | OSError | TimeoutError)
            delay = backoff.next_delay()
            failure = ChildFailure(name, error, backoff.failures, delay, expected)
            _report(failure)
            if failed is not None:
                failed(failure)
            await clock.sleep(delay)
        else:
            return


def _report(failure: ChildFailure) -> None:
    count = failure.failures
    if count & (count - 1):  # neither the first failure in a row nor a doubling of their count
        return
    if failure.expected:
        _log.warning(
            "child failed",
            child=failure.name,
            error=str(failure.error),
            failures=count,
            next_try=failure.delay,
        )
    else:
        _log.error(
            "child failed unexpectedly",
            child=failure.name,
            failures=count,
            next_try=failure.delay,
            exc_info=failure.error,
        )
