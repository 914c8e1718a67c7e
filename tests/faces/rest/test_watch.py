"""The change stream over a real socket: what was committed is told in order, bookmarks in between, breaks are survived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from netloom.base.errors import InvalidInput
from netloom.client.client import NetloomClient
from netloom.contract.changes import Bookmark, Change
from netloom.contract.zones import ZonePatch, ZoneSpec


@asynccontextmanager
async def client_of(address: str) -> AsyncIterator[NetloomClient]:
    async with NetloomClient(address) as client:
        yield client


async def test_changes_in_order_with_bookmarks(live: object) -> None:
    async with client_of(live.unix) as client:  # type: ignore[attr-defined]
        stream = client.watch(resume=False)
        first = await anext(stream)
        assert isinstance(first, Bookmark)
        await client.zones.create(ZoneSpec(name="a"))
        await client.zones.update("a", ZonePatch(description="x"))
        await client.zones.delete("a")
        seen: list[Change] = []
        revision = first.revision
        bookmarks = 0
        async with asyncio.timeout(20):
            async for item in stream:
                assert item.revision >= revision
                revision = item.revision
                if isinstance(item, Change):
                    seen.append(item)
                else:
                    bookmarks += 1
                if len(seen) == 3 and bookmarks:
                    break
        assert [(item.name, item.action, item.generation) for item in seen] == [
            ("a", "created", 1),
            ("a", "updated", 2),
            ("a", "deleted", 2),
        ]
        await stream.aclose()  # type: ignore[attr-defined]

        again = client.watch(first.revision, resume=False)
        assert isinstance(await anext(again), Bookmark)
        replayed = await anext(again)
        assert replayed == seen[0]
        await again.aclose()  # type: ignore[attr-defined]


async def test_a_revision_that_is_not_there_yet(live: object) -> None:
    async with client_of(live.unix) as client:  # type: ignore[attr-defined]
        with pytest.raises(InvalidInput, match="not there yet"):
            await anext(client.watch(10**9))
