"""Silence has a limit, our own work has none."""

from __future__ import annotations

import asyncio

import pytest

from netloom.switches.patience import LONGEST, answered


class JumpingClock:
    """Tells the loop's time, and what was added: hours in which nobody looked."""

    def __init__(self) -> None:
        self.added = 0.0

    def now(self) -> float:
        """Monotonic seconds."""
        return asyncio.get_running_loop().time() + self.added

    def wall(self) -> float:
        """Not asked."""
        return self.now()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


def a_future() -> asyncio.Future[str]:
    """Nobody answers yet."""
    return asyncio.get_running_loop().create_future()


async def test_answer_is_given() -> None:
    """An answer in time is the result."""
    future = a_future()
    asyncio.get_running_loop().call_soon(future.set_result, "here")
    clock = JumpingClock()
    assert await answered(future, 5.0, clock.now, clock) == "here"


async def test_silence_ends_the_wait() -> None:
    """A peer that says nothing gets its limit, no more."""
    clock = JumpingClock()
    began = clock.now()
    with pytest.raises(TimeoutError):
        await answered(a_future(), 0.05, lambda: began, clock)
    assert clock.now() - began < 0.05 * LONGEST


async def test_bytes_prolong_the_wait_up_to_a_bound() -> None:
    """A peer that keeps sending and never answers is given up all the same."""
    clock = JumpingClock()
    began = clock.now()
    with pytest.raises(TimeoutError):
        await answered(a_future(), 0.05, clock.now, clock)
    assert clock.now() - began >= 0.05 * LONGEST


async def test_time_that_nobody_looked_does_not_count() -> None:
    """After the loop was busy for long, what came meanwhile is read before the peer is blamed."""
    clock = JumpingClock()
    began = clock.now()
    future = a_future()
    loop = asyncio.get_running_loop()
    waiting = asyncio.ensure_future(answered(future, 0.5, lambda: began, clock))
    await asyncio.sleep(0)
    clock.added = 100.0
    loop.call_later(0.6, future.set_result, "late")
    assert await waiting == "late"


async def test_connection_that_ends_is_heard_at_once() -> None:
    """Whoever waits hears why."""
    future = a_future()
    asyncio.get_running_loop().call_soon(future.set_exception, OSError("gone"))
    clock = JumpingClock()
    with pytest.raises(OSError, match="gone"):
        await answered(future, 5.0, clock.now, clock)
