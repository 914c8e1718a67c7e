"""Work that does not end: who waits for it goes on."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from netloom.aio.limits import Allowance, OutOfTime, left_behind, limited


async def never() -> None:
    await asyncio.Event().wait()


class Time:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


async def test_what_is_done_in_time_is_given() -> None:
    assert await limited(asyncio.sleep(0, "done"), Allowance(60.0), "sleep") == "done"


async def test_what_fails_in_time_fails_as_it_does() -> None:
    async def fail() -> None:
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        await limited(fail(), Allowance(60.0), "fail")


async def test_what_never_ends_is_cut_off_and_tells_what_it_waited_for_and_where() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await never()
        finally:
            ended.set()

    with pytest.raises(OutOfTime, match=r"ask a host: not done within 0.01 s; it waited for h1") as caught:
        await limited(work(), Allowance(0.01), "ask a host", lambda: "h1")
    assert ended.is_set()
    assert caught.value.where.startswith(f"{__name__}.never:")
    assert (caught.value.stable_code, left_behind()) == ("out-of-time", 0)


async def test_what_does_not_stop_when_told_is_left_behind_until_it_is_over() -> None:
    go, over = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue
        over.set()

    with capture_logs() as logs:
        with pytest.raises(OutOfTime):
            await limited(stubborn(), Allowance(0.01), "be stubborn", grace=0.01)
        assert left_behind() == 1
        go.set()
        await over.wait()
        await asyncio.sleep(0)
    assert left_behind() == 0
    assert [entry["event"] for entry in logs] == ["work left behind", "work that was left behind is over"]


async def test_what_ends_well_when_told_to_stop_has_ended_well() -> None:
    async def work() -> str:
        try:
            await never()
        except asyncio.CancelledError:
            return "just then"
        return "never"

    assert await limited(work(), Allowance(0.01), "work") == "just then"


async def test_a_caller_that_is_cancelled_ends_the_work() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await never()
        finally:
            ended.set()

    caller = asyncio.ensure_future(limited(work(), Allowance(60.0), "work"))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()


def test_an_allowance_stands_still_while_it_is_paused() -> None:
    time = Time()
    allowance = Allowance(10.0, time)
    time.at = 4.0
    with allowance.paused():
        time.at = 100.0
        with allowance.paused():
            assert allowance.left() == 6.0
        assert allowance.is_paused
    time.at = 103.0
    assert allowance.left() == 3.0
    assert not allowance.is_paused


async def test_work_whose_allowance_is_paused_is_not_cut_off() -> None:
    time = Time()
    allowance, go = Allowance(1.0, time), asyncio.Event()

    async def work() -> str:
        with allowance.paused():
            time.at = 1000.0
            await go.wait()
        return "done"

    asyncio.get_running_loop().call_soon(go.set)
    assert await limited(work(), allowance, "wait for others") == "done"
