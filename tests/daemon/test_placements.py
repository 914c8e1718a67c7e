"""What is remembered of where NICs were seen, on a real store."""

from __future__ import annotations

import asyncio

import pytest
from tests.app.apps import bed

from netloom.base.errors import Unavailable
from netloom.base.ids import HostId, Uuid
from netloom.daemon.placements import StoredPlacements
from netloom.plan.records import PortSeen
from netloom.store.store import Store

H1 = HostId(Uuid("00000000-0000-4000-8000-000000000001"))
PORT, OTHER = PortSeen(H1, "p1", "vif-1", 1), PortSeen(H1, "p2", "vif-2", 2)


async def recalled(store: Store) -> dict[HostId, list[str]]:
    again = StoredPlacements(store)
    await again.load()
    return {host: [port.port_name for port in ports] for host, ports in again.recall().items()}


async def test_what_was_seen_is_there_after_a_restart(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        places = StoredPlacements(b.store)
        await places.load()
        places.remember(H1, [PORT])
        await places.flush()
        assert await recalled(b.store) == {H1: ["p1"]}
        places.forget(H1)
        await places.flush()
        assert await recalled(b.store) == {}


@pytest.mark.parametrize("then", [[], [PORT]])
async def test_what_changes_while_it_is_being_written_is_written_next(
    sqlite_url: str, then: list[PortSeen]
) -> None:
    async with bed(sqlite_url) as b:
        places = StoredPlacements(b.store)
        await places.load()
        places.remember(H1, then)
        await places.flush()
        places.remember(H1, [PORT, OTHER])
        writing = asyncio.ensure_future(places.flush())
        await asyncio.sleep(0)
        places.remember(H1, then)  # back to what was there before
        await writing
        await places.flush()
        assert await recalled(b.store) == {H1: [port.port_name for port in then]}


async def test_a_host_that_goes_while_it_is_being_written_is_forgotten(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        places = StoredPlacements(b.store)
        await places.load()
        places.remember(H1, [PORT])
        writing = asyncio.ensure_future(places.flush())
        await asyncio.sleep(0)
        places.forget(H1)
        await writing
        await places.flush()
        assert await recalled(b.store) == {}


@pytest.mark.parametrize("error", [Unavailable("no room"), RuntimeError("a bug")])
async def test_what_could_not_be_written_is_written_later(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with bed(sqlite_url) as b:
        places = StoredPlacements(b.store)
        await places.load()
        places.remember(H1, [PORT])
        with monkeypatch.context() as broken:

            async def fails(*_args: object, **_more: object) -> None:
                raise error

            broken.setattr(Store, "write", fails)
            with pytest.raises(type(error)):
                await places.flush()
        await places.flush()
        assert await recalled(b.store) == {H1: ["p1"]}


async def test_a_stop_in_the_middle_of_a_write_loses_nothing(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b:
        places = StoredPlacements(b.store)
        await places.load()
        places.remember(H1, [PORT])
        writing = asyncio.ensure_future(places.flush())
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait([writing])
        await places.flush()
        assert await recalled(b.store) == {H1: ["p1"]}
