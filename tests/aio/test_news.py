"""Who waits for a fact of several parts looks whenever one of them tells, and only then."""

from __future__ import annotations

import asyncio

import pytest

from netloom.aio.news import News


async def test_what_is_so_already_is_not_waited_for() -> None:
    await News().until(lambda: True)


async def test_everybody_looks_after_what_is_told_and_goes_on_when_it_was_that() -> None:
    news = News()
    facts: set[str] = set()
    looks: list[str] = []

    def holds(fact: str) -> bool:
        looks.append(fact)
        return fact in facts

    one = asyncio.create_task(news.until(lambda: holds("one")))
    two = asyncio.create_task(news.until(lambda: holds("two")))
    await turns()
    assert sorted(looks) == ["one", "two"]
    facts.add("one")
    await turns()
    assert not one.done(), "nobody told"
    news.tell()
    news.tell()
    await one
    await turns()
    assert sorted(looks) == ["one", "one", "two", "two"], "told twice in a turn, one look"
    assert not two.done()
    facts.add("two")
    news.tell()
    await two
    assert not news._waiting


async def test_who_gives_up_is_not_kept() -> None:
    news = News()
    waiting = asyncio.create_task(news.until(lambda: False))
    await turns()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not news._waiting


async def turns() -> None:
    """Whoever can go on has gone on."""
    for _ in range(3):
        await asyncio.sleep(0)
