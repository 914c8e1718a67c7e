from __future__ import annotations

import asyncio

import pytest
from tests.store.units import create_nics, create_zone, create_zones, network

from netloom.app.intent import create_many, delete
from netloom.base.errors import InvalidInput
from netloom.model.changes import Action
from netloom.model.kinds import Kind
from netloom.model.specs import AttachmentSpec, HostSpec, NetworkSpec, NicSpec
from netloom.store import changelog
from netloom.store import store as store_module
from netloom.store.changelog import RevisionCompacted
from netloom.store.store import Store, StoreOptions, open_store


async def names(store: Store, kind: Kind, **filters: str) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.page(kind, filters, 7, cursor)
        found += [item.name for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def test_pages_hold_everything_once_while_the_list_changes(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        await store.write(create_zones(50))
        first = await store.page(Kind.ZONE, {}, 20, None)
        assert (len(first.items), first.revision) == (20, store.revision)
        await store.write(lambda tx: delete(tx, Kind.ZONE, first.items[-1].name, None))
        await store.write(lambda tx: delete(tx, Kind.ZONE, "z25", None))
        await store.write(create_zone("new"))
        second = await store.page(Kind.ZONE, {}, 1000, first.next_cursor)
        assert second.next_cursor is None
        seen = [item.name for item in (*first.items, *second.items)]
        assert seen == ["default", *(f"z{i}" for i in range(50) if i != 25), "new"]


async def test_filters(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        await store.write(network)
        await store.write(
            lambda tx: create_many(tx, Kind.NETWORK, [NetworkSpec(name="red", cidr="10.0.0.0/24")])
        )
        await store.write(lambda tx: create_many(tx, Kind.HOST, [HostSpec(name="h1")]))
        await store.write(create_nics("n", 20))
        special = NicSpec(
            name="special",
            network="red",
            mac="02:00:00:00:00:05",
            labels={"a": 'say "x":"y"', "tier": "web"},
            attachment=AttachmentSpec("h1", "tap0"),
        )
        await store.write(lambda tx: create_many(tx, Kind.NIC, [special]))
        assert len(await names(store, Kind.NIC)) == 21
        assert len(await names(store, Kind.NIC, network="blue")) == 20
        red = (await store.page(Kind.NETWORK, {"name": "red"}, 10, None)).items[0]
        for filters in (
            {"network": "red"},
            {"network": red.id},
            {"host": "h1"},
            {"host": "h1", "device": "tap0"},
            {"mac": "02:00:00:00:00:05"},
            {"label.tier": "web"},
            {"label.a": 'say "x":"y"'},
            {"network": "red", "ipv4": "10.0.0.2", "state": "Allocated"},
        ):
            assert await names(store, Kind.NIC, **filters) == ["special"], filters
        for filters in ({"label.x": "y"}, {"label.tier": "WEB"}, {"network": "none"}, {"state": "Reserved"}):
            assert await names(store, Kind.NIC, **filters) == [], filters
        assert await names(store, Kind.NETWORK, segment="2", isolation="geneve") == ["red"]


@pytest.mark.parametrize(
    ("filters", "limit", "cursor", "subject"),
    [
        ({"colour": "x"}, 10, None, "colour"),
        ({"name": "a\0b"}, 10, None, "filter"),
        ({"label.a\ud800": "b"}, 10, None, "filter"),
        ({"state": "Lost"}, 10, None, "state"),
        ({}, 0, None, "limit"),
        ({}, 1001, None, "limit"),
        ({}, 10, "%%%", "cursor"),
        ({}, 10, "bm90IG91cnM", "cursor"),
    ],
)
async def test_bad_questions(
    url: str, filters: dict[str, str], limit: int, cursor: str | None, subject: str
) -> None:
    async with open_store(StoreOptions(url)) as store:
        with pytest.raises(InvalidInput) as caught:
            await store.page(Kind.NIC, filters, limit, cursor)
        assert caught.value.subject == subject


async def test_a_cursor_is_good_for_its_own_list_only(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        await store.write(create_zones(3))
        cursor = (await store.page(Kind.ZONE, {}, 1, None)).next_cursor
        with pytest.raises(InvalidInput) as caught:
            await store.page(Kind.ZONE, {"name": "z1"}, 1, cursor)
        assert caught.value.stable_code == "bad-cursor"


async def test_changes_come_in_order_and_wake_those_who_wait(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        start = store.revision
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(store.wait_beyond(start, 30))
            await asyncio.sleep(0)
            await store.write(create_zone("z"))
        assert waiting.result()
        await store.write(lambda tx: delete(tx, Kind.ZONE, "z", None))
        told = [(c.revision - start, c.kind, c.name, c.action) for c in await store.changes(start)]
        assert told == [(1, Kind.ZONE, "z", Action.CREATED), (2, Kind.ZONE, "z", Action.DELETED)]
        assert not await store.wait_beyond(store.revision, 0.01)


@pytest.mark.postgres
async def test_what_another_server_writes_is_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if url.startswith("sqlite"):
        return  # one process has a SQLite file
    monkeypatch.setattr(store_module, "POLL_SECONDS", 0.02)
    async with open_store(StoreOptions(url)) as one, open_store(StoreOptions(url)) as two:
        start = one.revision
        await two.write(create_zone("z"))
        assert await one.wait_beyond(start, 20)
        assert one.revision == two.revision


async def test_the_log_is_compacted_and_who_is_behind_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changelog, "_SLACK", 5)
    async with open_store(StoreOptions(url, changes_kept=10)) as store:
        for i in range(30):
            await store.write(create_zone(f"z{i}"))
        facts = await store.facts()
        assert 10 <= facts.revision - facts.oldest_revision <= 15
        with pytest.raises(RevisionCompacted) as caught:
            await store.changes(3)
        assert caught.value.oldest == facts.oldest_revision
        assert len(await store.changes(facts.oldest_revision)) == facts.revision - facts.oldest_revision
        with pytest.raises(RevisionCompacted):
            await store.load_changed(0)
        with pytest.raises(RevisionCompacted):  # a revision of another database's future
            await store.changes(facts.revision + 1)


async def test_what_changed_is_read_once_as_it_is_now(url: str) -> None:
    async with open_store(StoreOptions(url)) as store:
        await store.write(network)
        snapshot = await store.load_all()
        await store.write(create_nics("n", 3))
        doomed = (await store.page(Kind.NIC, {"name": "n1"}, 1, None)).items[0]
        await store.write(lambda tx: delete(tx, Kind.NIC, "n1", None))
        changed = await store.load_changed(snapshot.revision)
        assert [item.name for item in changed.objects] == ["n0", "n2"]
        assert changed.gone == ((Kind.NIC, doomed.id),)
        assert (changed.revision, changed.more) == (store.revision, False)
        piece = await store.load_changed(snapshot.revision, limit=2)
        assert (piece.revision, piece.more) == (snapshot.revision + 2, True)
        empty = await store.load_changed(store.revision)
        assert (empty.objects, empty.gone, empty.revision) == ((), (), store.revision)
