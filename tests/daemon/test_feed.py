"""Intent from a real store: everything, then what changes; again and again, whatever happened in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

import pytest
from sqlalchemy import delete, update
from tests.app.apps import Bed, bed
from tests.sandbox.postgres import PostgresServer

from netloom.aio.backoff import BackoffPolicy
from netloom.app.cloud import store_gate
from netloom.base.errors import Unavailable
from netloom.base.ids import Uuid
from netloom.daemon.feed import StoreFeed
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.model.patches import HostPatch
from netloom.plan.records import NicView, Remove
from netloom.reconcile.inputs import IntentBatch
from netloom.store import tables
from netloom.store.transaction import Transaction


class Heard:
    """What a feed tells the keeper of hosts."""

    def __init__(self) -> None:
        self.hosts: list[Mapping[Uuid, Host | None]] = []

    def __call__(self, hosts: Mapping[Uuid, Host | None]) -> None:
        self.hosts.append(dict(hosts))


@asynccontextmanager
async def following(feed: StoreFeed) -> AsyncIterator[AsyncIterator[IntentBatch]]:
    async with aclosing(feed.follow()) as batches:  # type: ignore[type-var]
        yield batches


async def some(b: Bed) -> None:
    await b.host("h1")
    await b.network("blue")
    await b.nic("n1")


async def test_all_comes_first_then_what_changes(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        await some(b)
        heard = Heard()
        async with following(StoreFeed(b.store, heard)) as batches:
            first = await anext(batches)
            assert first.complete
            assert {edit.name for edit in first.edits if not isinstance(edit, Remove)} == {"h1", "blue", "n1"}
            nic = await b.nic("n2")
            second = await anext(batches)
            assert [edit.id for edit in second.edits] == [nic.id]
            assert second.generations == {nic.id: nic.generation}
            await b.app.delete(Kind.NIC, nic.id)
            third = await anext(batches)
            assert list(third.edits) == [Remove(Kind.NIC, nic.id)]
        assert len(heard.hosts) == 1


async def test_hosts_are_told_as_they_are_declared_changed_and_removed(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        heard = Heard()
        async with following(StoreFeed(b.store, heard)) as batches:
            await anext(batches)
            host = await b.host("h1")
            await anext(batches)
            await b.app.update(Kind.HOST, host.id, HostPatch(name="h2"))
            await anext(batches)
            await b.app.delete(Kind.HOST, host.id)
            await anext(batches)
        told = [found.name if (found := hosts[host.id]) else None for hosts in heard.hosts]
        assert told == ["h1", "h2", None]


async def test_a_change_of_state_alone_is_nothing_to_plan(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        await some(b)
        async with following(StoreFeed(b.store, Heard())) as batches:
            await anext(batches)
            host = await b.app.get(Kind.HOST, "h1")
            await b.app.update(Kind.HOST, host.id, HostPatch(name="h1"))
            await b.nic("n2")
            batch = await anext(batches)
            assert [type(edit) for edit in batch.edits] == [NicView]


async def test_who_follows_anew_is_told_everything_again(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        await some(b)
        feed = StoreFeed(b.store, Heard())
        for _ in range(2):
            async with following(feed) as batches:
                first = await anext(batches)
                names = {edit.name for edit in first.edits if not isinstance(edit, Remove)}
                assert names == {"h1", "blue", "n1"}


async def test_after_a_compaction_what_is_gone_is_removed(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        await some(b)
        heard = Heard()
        async with following(StoreFeed(b.store, heard)) as batches:
            await anext(batches)
            lost, host = await b.app.get(Kind.NIC, "n1"), await b.app.get(Kind.HOST, "h1")
            await b.app.delete(Kind.NIC, lost.id)
            await b.app.delete(Kind.HOST, host.id)
            kept = await b.nic("n2")
            await b.store.write(_compact)
            batch = await anext(batches)
        assert batch.complete
        assert {edit.id for edit in batch.edits if isinstance(edit, Remove)} == {lost.id, host.id}
        assert [edit.id for edit in batch.edits if not isinstance(edit, Remove)] == [kept.id]
        assert heard.hosts[-1] == {host.id: None}


@pytest.mark.postgres
async def test_a_store_that_was_away_is_followed_from_where_it_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store_gate, "RETRY", BackoffPolicy(first=0.01, limit=0.05))
    server = PostgresServer()
    try:
        async with bed(server.new_database()) as b:
            await some(b)
            async with following(StoreFeed(b.store, Heard())) as batches:
                await anext(batches)
                await asyncio.to_thread(server.halt)
                coming = asyncio.ensure_future(anext(batches))
                with pytest.raises(Unavailable):
                    await b.nic("refused")
                await asyncio.to_thread(server.start)
                nic = await b.nic("n2")
                batch = await coming
                assert [edit.id for edit in batch.edits] == [nic.id]
    finally:
        server.remove()


def _compact(transaction: Transaction) -> None:
    """What writing for long does: the log begins after all that was written."""
    c = tables.counters.c
    transaction.connection.execute(delete(tables.changes))
    transaction.connection.execute(update(tables.counters).values(compacted=c.revision))
