from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from tests.app.apps import bed

from netloom.app.reports import PendingHost
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.changes import Action, Change
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.model.patches import NicPatch
from netloom.model.specs import HostSpec
from netloom.model.status import Phase
from netloom.store.changelog import RevisionCompacted
from netloom.store.transaction import Transaction


async def test_changes_from_a_list_on_miss_nothing(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        page = await b.app.list(Kind.NETWORK)
        told = b.app.changes(page.revision)
        nic = await b.nic("n")
        first = await anext(told)
        assert (first.kind, first.id, first.name, first.action) == (Kind.NIC, nic.id, "n", Action.CREATED)
        async with asyncio.TaskGroup() as group:
            following = group.create_task(anext(told))  # type: ignore[arg-type]
            await asyncio.sleep(0)
            await b.app.update(Kind.NIC, "n", NicPatch(labels={"a": "1"}))
        assert (following.result().action, following.result().generation) == (Action.UPDATED, 2)
        await told.aclose()  # type: ignore[attr-defined]


async def test_changes_from_now_on(url: str) -> None:
    async with bed(url) as b:
        told = b.app.changes()
        async with asyncio.TaskGroup() as group:
            following = group.create_task(anext(told))  # type: ignore[arg-type]
            await asyncio.sleep(0)
            await b.network()
        assert following.result().name == "blue"
        await told.aclose()  # type: ignore[attr-defined]
        with pytest.raises(RevisionCompacted):
            await anext(b.app.changes(10_000))


async def test_waiting_ends_when_it_is_done_or_the_time_is_up(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        late = await b.app.wait(Kind.NETWORK, "blue", timeout=0.01)
        assert late.status is not None
        assert late.status.phase is Phase.PENDING
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(b.app.wait(Kind.NETWORK, "blue", 1, timeout=30))
            await asyncio.sleep(0)
            b.runtime.done.set()
        done = waiting.result().status
        assert done is not None
        assert (done.phase, done.generation) == (Phase.DONE, 1)
        with pytest.raises(InvalidInput):
            await b.app.wait(Kind.NETWORK, "blue", 2, timeout=30)
        zone = await b.app.wait(Kind.ZONE, "default", timeout=30)  # declared only: nothing to wait for
        assert zone.status is not None
        assert zone.status.phase is Phase.DONE


def waiting_host(**fields: str | None) -> PendingHost:
    shown: dict[str, str | None] = {"fingerprint": "ab" * 32, "tunnel_ip": "192.0.2.9", **fields}
    return PendingHost("sys-9", "ssl:192.0.2.9:4", datetime(2026, 1, 1, tzinfo=UTC), **shown)  # type: ignore[arg-type]


async def test_an_unknown_host_is_admitted_with_the_identity_it_showed(url: str) -> None:
    async with bed(url) as b:
        with pytest.raises(NotFound) as nobody:
            await b.app.admit("sys-9")
        assert nobody.value.stable_code == "pending-host-not-found"
        b.runtime.pending = (waiting_host(),)
        assert b.app.pending_hosts() == b.runtime.pending
        host = await b.app.admit("sys-9", HostSpec(name="h9"))
        assert (host.name, host.system_id, host.fingerprint, host.tunnel_ip, host.ovsdb) == (
            "h9",
            "sys-9",
            "sha256:" + "ab" * 32,
            "192.0.2.9",
            None,
        )


async def test_a_host_may_be_admitted_by_fingerprint_and_named_by_its_system_id(url: str) -> None:
    async with bed(url) as b:
        b.runtime.pending = (waiting_host(),)
        assert (await b.app.admit("sha256:" + "AB" * 32)).name == "sys-9"


async def test_a_known_host_with_another_identity_is_pinned_anew(url: str) -> None:
    async with bed(url) as b:
        await b.host("h1", system_id="old", fingerprint="cd" * 32, tunnel_ip="192.0.2.1")
        b.runtime.pending = (waiting_host(host="h1", reason="identity"),)
        host = await b.app.admit("h1")
        assert (host.name, host.system_id, host.fingerprint) == ("h1", "sys-9", "sha256:" + "ab" * 32)
        assert (host.tunnel_ip, host.generation) == ("192.0.2.1", 2)


async def test_one_identity_is_not_two_hosts(url: str) -> None:
    async with bed(url) as b:
        b.runtime.pending = (waiting_host(),)
        await b.app.admit("sys-9", HostSpec(name="h9"))
        with pytest.raises(Conflict) as taken:
            await b.app.admit("sys-9", HostSpec(name="h10"))
        assert taken.value.stable_code == "identity-taken"


async def test_reports_carry_what_the_store_knows(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        await b.host()
        await b.nic("n")
        system = await b.app.system_report()
        assert system.counts == {"Zone": 1, "PhysicalNetwork": 1, "Host": 1, "Network": 1, "Nic": 1}
        assert system.database.startswith(("sqlite 0", "postgresql 0"))
        assert system.revision == b.app.revision
        assert (await b.app.host_report("h1")).name == "h1"
        assert (await b.app.network_report("blue")).segment == 1
        assert (await b.app.explain_nic("n")).network == "blue"
        assert not (await b.app.explain_flow("h1", 7)).ours
        assert (await b.app.diff()).clean
        assert (await b.app.diff("h1")).clean
        with pytest.raises(NotFound):
            await b.app.diff("h2")
        assert isinstance(await b.app.get(Kind.HOST, "h1"), Host)


@pytest.mark.parametrize("ref", ["", "\0", "a\0b", "\ud800", "x" * 5_000, "../etc", "%s", "'; --", "ZZZ"])
async def test_strange_references_are_simply_not_there(url: str, ref: str) -> None:
    async with bed(url) as b:
        for kind in Kind:
            with pytest.raises(NotFound):
                await b.app.get(kind, ref)
            with pytest.raises(NotFound):
                await b.app.delete(kind, ref)


async def test_an_id_is_found_in_any_case(url: str) -> None:
    async with bed(url) as b:
        network = await b.network()
        assert (await b.app.get(Kind.NETWORK, network.id.upper())).id == network.id


async def test_what_is_only_noted_wakes_watchers_once_and_shows_them_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bed(url) as b:
        asked: list[int] = []
        read = b.store.changes

        async def counted(since: int, limit: int = 1_000) -> list[Change]:
            asked.append(since)
            return await read(since, limit)

        monkeypatch.setattr(b.store, "changes", counted)
        told = b.app.changes()
        async with asyncio.TaskGroup() as group:
            following = group.create_task(anext(told))  # type: ignore[arg-type]
            await asyncio.sleep(0)
            before = b.store.revision
            await b.store.write(lambda tx: tx.note("SecurityGroup", Uuid("g"), "web"))
            assert b.store.revision == before + 1
            assert await b.store.wait_beyond(before, 10)
            with pytest.raises(ZeroDivisionError):
                await b.store.write(broken)
            assert b.store.revision == before + 1  # what it noted was taken back with it
            await b.network()
        assert following.result().name == "blue"
        assert len(asked) <= 4
        await told.aclose()  # type: ignore[attr-defined]


def broken(tx: Transaction) -> None:
    tx.note("SecurityGroup", Uuid("h"), "db")
    raise ZeroDivisionError
