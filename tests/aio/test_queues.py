import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.aio.queues import BoundedQueue, KeyQueue, WhenFull
from netloom.base.errors import TooMany, Unavailable


async def test_a_full_queue_makes_the_producer_wait() -> None:
    queue: BoundedQueue[int] = BoundedQueue("q", 2, WhenFull.WAIT)
    got: list[int] = []

    async def produce() -> None:
        for number in range(10):
            await queue.put(number)
            assert len(queue) <= 2

    async def consume() -> None:
        while len(got) < 10:
            got.append(await queue.get())

    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        group.create_task(consume())
    assert got == list(range(10))
    assert queue.counters().highest == 2


async def test_a_full_queue_refuses_or_drops_the_oldest() -> None:
    refusing: BoundedQueue[int] = BoundedQueue("r", 1, WhenFull.REFUSE)
    refusing.offer(1)
    with pytest.raises(TooMany):
        await refusing.put(2)
    dropping: BoundedQueue[int] = BoundedQueue("d", 2, WhenFull.DROP_OLDEST)
    for number in range(5):
        dropping.offer(number)
    assert await dropping.get_all() == [3, 4]
    assert dropping.counters().dropped == 3


async def test_closing_lets_the_reader_finish() -> None:
    queue: BoundedQueue[int] = BoundedQueue("q", 2, WhenFull.WAIT)
    queue.offer(1)
    queue.close()
    assert await queue.get() == 1
    with pytest.raises(Unavailable):
        await queue.get()
    with pytest.raises(Unavailable):
        await queue.put(2)


@given(st.lists(st.one_of(st.integers(0, 5), st.none())))
def test_keys_coalesce_and_keep_their_order(steps: list[int | None]) -> None:
    queue: KeyQueue[int] = KeyQueue("k")
    expected: list[int] = []
    for step in steps:
        if step is None:
            assert queue.take(2) == expected[:2]
            del expected[:2]
        else:
            queue.add(step)
            if step not in expected:
                expected.append(step)
        assert len(queue) == len(expected)
        assert queue.filled.is_set() == bool(expected)
    assert queue.take() == expected
