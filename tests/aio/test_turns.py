from __future__ import annotations

import asyncio

import pytest

from netloom.aio.tasks import Group
from netloom.aio.turns import Turns


async def test_one_at_a_time_in_the_order_in_which_they_came() -> None:
    turns, log, gate = Turns(), list[str](), asyncio.Event()

    async def take(name: str) -> None:
        async with turns.of("web"):
            log.append(f"{name} begins")
            await gate.wait()
            log.append(f"{name} ends")

    async with Group() as kit:
        for name in "abc":
            kit.launch(take(name), name)
        async with turns.of("db"):
            assert len(turns) == 1 or log == ["a begins"], "another thing does not wait"
        gate.set()
    assert log == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]
    assert len(turns) == 0


async def test_a_turn_that_fails_lets_the_next_one_in_and_leaves_nothing() -> None:
    turns = Turns()
    with pytest.raises(RuntimeError):
        async with turns.of("web"):
            raise RuntimeError
    async with turns.of("web"):
        assert len(turns) == 1
    assert len(turns) == 0


async def test_who_gives_up_waiting_leaves_nothing() -> None:
    turns = Turns()
    async with turns.of("web"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), turns.of("web"):
                pytest.fail("it was not its turn")
    assert len(turns) == 0
