from __future__ import annotations

import random

import pytest
from tests.app.apps import bed, on

from netloom.app.declared import ApplyAction
from netloom.app.reports import Action
from netloom.base.errors import TooLarge
from netloom.model.errors import InvalidDocuments
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Nic
from netloom.model.specs import (
    HostSpec,
    NetworkSpec,
    NicSpec,
    PhysicalNetworkSpec,
    Spec,
    ZoneSpec,
)

CLOUD: list[Spec] = [
    NicSpec(name="web", network="blue", attachment=on("h1", "tap0")),
    NicSpec(name="db", network="blue", ipv4="10.0.0.9"),
    NetworkSpec(name="blue", zone="west", cidr="10.0.0.0/24", cidr6="fd00::/64"),
    HostSpec(name="h1", zone="west", tunnel_ip="192.0.2.1"),
    PhysicalNetworkSpec(name="pw", zone="west", isolations=(Isolation.VXLAN,), segments=("10-19",)),
    ZoneSpec(name="west"),
]


async def test_a_set_in_any_order_is_made_and_stays_as_it_is(url: str) -> None:
    async with bed(url) as b:
        first = await b.app.apply(CLOUD)
        assert [(r.kind, r.name, r.action) for r in first] == [
            (Kind.NIC, "web", ApplyAction.CREATED),
            (Kind.NIC, "db", ApplyAction.CREATED),
            (Kind.NETWORK, "blue", ApplyAction.CREATED),
            (Kind.HOST, "h1", ApplyAction.CREATED),
            (Kind.PHYSICAL_NETWORK, "pw", ApplyAction.CREATED),
            (Kind.ZONE, "west", ApplyAction.CREATED),
        ]
        revision = b.store.revision
        again = await b.app.apply(CLOUD)
        assert {r.action for r in again} == {ApplyAction.UNCHANGED}
        assert [r.id for r in again] == [r.id for r in first]
        assert b.store.revision == revision


async def test_only_what_is_declared_differently_changes(url: str) -> None:
    async with bed(url) as b:
        await b.app.apply(CLOUD)
        db = await b.app.get(Kind.NIC, "db")
        changed: list[Spec] = [*CLOUD, NicSpec(name="new", network="blue")]
        changed[1] = NicSpec(name="db", network="blue", ipv4="10.0.0.10")
        results = await b.app.apply(changed)
        assert [r.action.value for r in results] == ["unchanged", "updated", *["unchanged"] * 4, "created"]
        after = await b.app.get(Kind.NIC, "db")
        assert isinstance(after, Nic)
        assert isinstance(db, Nic)
        assert (after.ipv4, after.mac, after.generation) == ("10.0.0.10", db.mac, 2)


async def test_what_other_commands_set_and_a_document_leaves_out_stays(url: str) -> None:
    async with bed(url) as b:
        await b.app.apply(CLOUD)
        await b.app.drain("h1", on=True)
        await b.host("h2", zone="west")
        await b.app.attach("db", "h2", "tap5")
        await b.app.apply(CLOUD)
        host, db = await b.app.get(Kind.HOST, "h1"), await b.app.get(Kind.NIC, "db")
        assert isinstance(host, Host)
        assert host.drain
        assert isinstance(db, Nic)
        assert db.attachment is not None
        await b.app.apply([NicSpec(name="db", network="blue", attachment=None)])
        db = await b.app.get(Kind.NIC, "db")
        assert isinstance(db, Nic)
        assert db.attachment is None


async def test_a_set_with_mistakes_changes_nothing_and_tells_them_all(url: str) -> None:
    async with bed(url) as b:
        await b.network("old")
        before = await b.store.load_all()
        documents: list[Spec] = [
            NetworkSpec(name="ok", cidr="10.0.0.0/24"),
            NetworkSpec(name="bad", cidr="10.0.0.1/24"),
            NicSpec(name="follows", network="bad"),  # told once, at its cause
            NicSpec(name="n", network="ok", ipv4="10.0.0.255"),
            NetworkSpec(name="old", cidr="10.9.0.0/24"),
            NetworkSpec(name="ok", cidr="10.0.0.0/24"),
            NicSpec(name="m", network="nowhere"),
        ]
        with pytest.raises(InvalidDocuments) as caught:
            await b.app.apply(documents)
        told = {m.index: m.error.stable_code for m in caught.value.mistakes}
        assert told == {
            1: "invalid-input",
            3: "invalid-input",
            4: "immutable-field",
            5: "declared-twice",
            6: "network-not-found",
        }
        assert await b.store.load_all() == before


async def test_many_mistakes_are_counted_not_listed(url: str) -> None:
    async with bed(url) as b:
        with pytest.raises(InvalidDocuments) as caught:
            await b.app.apply([NicSpec(name=f"n{i}", network=f"x{i}") for i in range(50)])
        assert (len(caught.value.mistakes), caught.value.omitted) == (20, 30)


async def test_ten_thousand_documents(url: str) -> None:
    documents: list[Spec] = [NetworkSpec(name=f"net{i}", cidr="10.0.0.0/16") for i in range(100)]
    documents += [NicSpec(name=f"nic{i}", network=f"net{i % 100}") for i in range(9_900)]
    random.Random(7).shuffle(documents)
    async with bed(url) as b:
        results = await b.app.apply(documents)
        assert {r.action for r in results} == {ApplyAction.CREATED}
        assert {r.action for r in await b.app.apply(documents)} == {ApplyAction.UNCHANGED}
        with pytest.raises(TooLarge):
            await b.app.apply([ZoneSpec(name="z")] * 20_001)


async def test_a_plan_tells_what_would_change_and_touches_nothing(url: str) -> None:
    async with bed(url) as b:
        await b.app.apply(CLOUD)
        before = await b.store.load_all()
        documents: list[Spec] = [
            *CLOUD,
            NicSpec(name="new", network="blue"),
            NicSpec(name="db", network="blue", ipv4="10.0.0.11"),
        ]
        del documents[1]
        report = await b.app.plan(documents)
        assert report.revision == before.revision
        assert report.unchanged == 5
        new, db = report.objects
        assert (new.action, new.name, new.id) == (Action.ADD, "new", None)
        assert {(f.field, f.new) for f in new.fields} >= {("network", "blue"), ("mac", "(generated)")}
        assert (db.action, db.fields[0].field) == (Action.CHANGE, "ipv4")
        assert (db.fields[0].old, db.fields[0].new) == ("10.0.0.9", "10.0.0.11")
        assert len(b.runtime.previewed) == 2
        assert await b.store.load_all() == before
        with pytest.raises(InvalidDocuments):
            await b.app.plan([NicSpec(name="n", network="nope")])


async def test_an_export_makes_the_same_cloud_elsewhere(url: str, tmp_path: object) -> None:
    async with bed(url) as b:
        await b.app.apply(CLOUD)
        await b.app.drain("h1", on=True)
        documents = [document async for document in b.app.export()]
        assert {r.action for r in await b.app.apply(documents)} == {ApplyAction.UNCHANGED}
    async with bed(f"sqlite:///{tmp_path}/elsewhere.db") as other:
        await other.app.apply(documents)
        assert [document async for document in other.app.export()] == documents
