"""Wishes that are made at the same time, and what came of each."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from netloom.aio.tasks import TaskKit
from netloom.base.errors import NetloomError


async def at_once(*wishes: Awaitable[Any]) -> list[object]:
    """What came of each: the record, or the code of the refusal."""
    results: list[object] = [None] * len(wishes)

    async def one(index: int, wish: Awaitable[Any]) -> None:
        try:
            results[index] = await wish
        except NetloomError as error:
            results[index] = error.stable_code

    async with TaskKit("racers") as kit:
        tasks = [kit.start(one(index, wish), f"racer-{index}") for index, wish in enumerate(wishes)]
        for task in tasks:
            await task
    return results


def winners(results: list[object]) -> list[object]:
    """Those that were not refused."""
    return [each for each in results if not isinstance(each, str)]
