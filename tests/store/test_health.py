"""Readiness knows of a database that is away, and that it is back, without asking it."""

from __future__ import annotations

import asyncio
import pathlib
import sqlite3

import pytest
from tests.store.units import network

from netloom.base.errors import Conflict, NetloomError, Unavailable
from netloom.store import health
from netloom.store.health import Health
from netloom.store.patience import Timeouts
from netloom.store.store import Store, StoreOptions, open_store
from netloom.store.transaction import Transaction


async def test_a_locked_database_is_told_until_it_is_free(
    sqlite_url: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LOOK_EVERY", 0.01)
    async with open_store(StoreOptions(sqlite_url, timeouts=Timeouts(lock=0.02))) as store:
        assert store.health.trouble is None
        other = sqlite3.connect(tmp_path / "netloom.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await store.write(network)
        looking = asyncio.ensure_future(store.health.look(store.look))
        assert "locked by another process" in (store.health.trouble or "")
        await store.load_all()
        assert store.health.trouble is not None, "it can be read, not written"
        other.execute("ROLLBACK")
        other.close()
        async with asyncio.timeout(30):
            while store.health.trouble is not None:  # noqa: ASYNC110 - nothing tells when it is over
                await asyncio.sleep(0.005)
        looking.cancel()
        await asyncio.wait([looking])


async def test_looking_changes_nothing(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        before = await state(store)
        await store.look()
        assert await state(store) == before


async def state(store: Store) -> tuple[int, str]:
    facts = await store.facts()
    return facts.revision, facts.store_id


async def test_what_a_unit_is_refused_is_no_trouble_of_the_store(sqlite_url: str) -> None:
    def refused(_tx: Transaction) -> None:
        raise Conflict("taken", code="taken")

    async with open_store(StoreOptions(sqlite_url)) as store:
        with pytest.raises(Conflict):
            await store.write(refused)
        assert store.health.trouble is None


async def test_nobody_looks_while_all_is_well() -> None:
    looks = list[int]()

    class Time:
        """A clock whose third sleep ends the test."""

        def now(self) -> float:
            return 0.0

        def wall(self) -> float:
            return 0.0

        async def sleep(self, _seconds: float) -> None:
            looks.append(0)
            if len(looks) == 3:
                raise asyncio.CancelledError

    async def never() -> None:
        raise AssertionError("it was looked at")

    with pytest.raises(asyncio.CancelledError):
        await Health().look(never, Time())


def test_trouble_is_forgotten_by_the_next_that_goes_well() -> None:
    heard = Health()
    with pytest.raises(NetloomError), heard.heard("reading"):
        raise Unavailable("gone", code="store-unavailable", subject="store")
    assert heard.trouble == "the store is away (reading, store-unavailable): gone"
    with heard.heard("writing"):
        pass
    assert heard.trouble is not None
    with heard.heard("reading"):
        pass
    assert heard.trouble is None
