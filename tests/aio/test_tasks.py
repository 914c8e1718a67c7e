import asyncio

import pytest

from netloom.aio.backoff import Backoff, BackoffPolicy
from netloom.aio.clock import wait_event
from netloom.aio.tasks import ChildFailure, Group, TaskKit, end_task, finish, supervise
from netloom.aio.watchdog import LagWatchdog
from netloom.base.errors import Unavailable


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


async def test_a_failing_child_is_started_again_more_and_more_slowly() -> None:
    clock = FakeClock()
    failures: list[ChildFailure] = []
    runs = 0

    async def child() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise Unavailable("away") if runs == 1 else RuntimeError("bug")

    backoff = Backoff(BackoffPolicy(first=1.0, spread=0.0), lambda: 0.0)
    await supervise(child, backoff, name="child", clock=clock, failed=failures.append)
    assert clock.slept == [1.0, 2.0, 4.0]
    assert [failure.expected for failure in failures] == [True, False, False]


async def test_a_child_that_lived_long_starts_from_the_shortest_delay() -> None:
    clock = FakeClock()
    runs = 0

    async def child() -> None:
        nonlocal runs
        runs += 1
        if runs == 4:
            return
        if runs == 3:
            clock.time += 100.0
        raise Unavailable("away")

    backoff = Backoff(BackoffPolicy(first=1.0, spread=0.0), lambda: 0.0)
    await supervise(child, backoff, name="child", clock=clock)
    assert clock.slept == [1.0, 2.0, 1.0]


async def test_a_kit_ends_its_tasks() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with TaskKit("kit") as kit:
        kit.start(work(), "work")
        await asyncio.sleep(0)
    assert ended.is_set()
    assert len(kit) == 0
    with pytest.raises(RuntimeError):
        kit.start(work(), "late")


async def test_one_failing_task_leaves_the_others_alone() -> None:
    done = asyncio.Event()

    async def bad() -> None:
        raise RuntimeError("bug")

    async def good() -> None:
        done.set()

    async with TaskKit("kit") as kit:
        kit.start(bad(), "bad")
        kit.start(good(), "good")
        await done.wait()


async def test_finish_runs_to_the_end_before_the_cancellation_goes_on() -> None:
    begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def step() -> None:
        begun.set()
        await go.wait()
        ended.set()

    async def outer() -> None:
        await finish(step())

    task = asyncio.ensure_future(outer())
    await begun.wait()
    task.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    await end_task(None)


async def test_waiting_for_an_event_tells_whether_it_came() -> None:
    event = asyncio.Event()
    assert not await wait_event(event, 0)
    assert not await wait_event(event, 0.001)
    event.set()
    assert await wait_event(event, None)


async def test_the_watchdog_measures_lag() -> None:
    clock = FakeClock()
    beats: list[float] = []

    class Slow(FakeClock):
        async def sleep(self, seconds: float) -> None:
            self.time += seconds + 0.25
            if len(beats) >= 2:
                raise asyncio.CancelledError
            await asyncio.sleep(0)

    del clock
    watchdog = LagWatchdog(interval=1.0, beat=beats.append, clock=Slow())
    with pytest.raises(asyncio.CancelledError):
        await watchdog.run()
    assert beats == [0.25, 0.25]
    assert watchdog.counters().highest == 0.25


async def test_after_a_group_failed_its_task_may_wait_with_a_timeout() -> None:
    """On Debian 12's Python 3.11.2 the wait below ended the task itself with CancelledError."""

    async def fail() -> None:
        await asyncio.sleep(0)
        raise OSError("lost")

    async def lives() -> int:
        with pytest.raises(ExceptionGroup):
            async with Group() as group:
                group.create_task(fail())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert await asyncio.create_task(lives()) == 0


@pytest.mark.parametrize("fails", ["by itself", "when it is ended", "before"])
async def test_who_is_ended_while_a_child_fails_ends(fails: str) -> None:
    """A lost end kept netloomd from stopping: a host's session failed while its host was let go."""
    go = asyncio.Event()

    async def child() -> None:
        try:
            await go.wait()
        except asyncio.CancelledError:
            raise OSError("lost") from None
        raise OSError("lost")

    async def family() -> None:
        async with Group() as group:
            group.launch(child(), "child")
            if fails != "before":
                await asyncio.Event().wait()

    async def parent() -> None:
        with pytest.raises(ExceptionGroup):
            await family()
        await asyncio.Event().wait()

    task = asyncio.create_task(parent())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if fails != "when it is ended":
        go.set()
    if fails == "before":
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=20)
    assert task.cancelled()
