"""Who hosts are is pinned once, also when the store could not be written at first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.app.apps import Bed, bed

from netloom.base.errors import Unavailable
from netloom.base.ids import HostId
from netloom.daemon.identities import IdentityLearner
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.store.store import Store
from netloom.switches.identity import Identity


class Hasty:
    """A clock that waits for nobody."""

    def now(self) -> float:
        return 0.0

    def wall(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        del seconds
        await asyncio.sleep(0)


@asynccontextmanager
async def learning(b: Bed) -> AsyncIterator[IdentityLearner]:
    learner = IdentityLearner(Hasty())
    learner.write_with(b.app)
    task = asyncio.create_task(learner.run())
    try:
        yield learner
    finally:
        task.cancel()
        await asyncio.wait([task])


async def pinned(b: Bed, name: str) -> Host:
    async with asyncio.timeout(20):
        while True:
            host = await b.app.get(Kind.HOST, name)
            assert isinstance(host, Host)
            if host.system_id is not None:
                return host
            await asyncio.sleep(0.01)


async def test_the_first_identity_is_pinned_and_stays(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b, learning(b) as learner:
        one, two = await b.host("h1"), await b.host("h2")
        learner.identified(HostId(one.id), Identity("system-1"))
        assert (await pinned(b, "h1")).system_id == "system-1"
        learner.identified(HostId(one.id), Identity("another"))
        learner.identified(HostId(two.id), Identity("system-2"))
        await pinned(b, "h2")
        assert (await pinned(b, "h1")).system_id == "system-1"


async def test_what_could_not_be_written_is_written_later(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Store.write
    failures = [Unavailable("no room"), Unavailable("no room")]

    async def fails(self: Store, *args: object, **more: object) -> object:
        if failures:
            raise failures.pop()
        return await write(self, *args, **more)  # type: ignore[arg-type]

    async with bed(sqlite_url) as b:
        hosts = [await b.host("h1"), await b.host("h2")]
        async with learning(b) as learner:
            monkeypatch.setattr(Store, "write", fails)
            for number, host in enumerate(hosts):
                learner.identified(HostId(host.id), Identity(f"system-{number}"))
            assert (await pinned(b, "h1")).system_id == "system-0"
            assert (await pinned(b, "h2")).system_id == "system-1"
        assert not failures


async def test_a_host_that_is_gone_is_nobody_to_pin(sqlite_url: str) -> None:
    async with bed(sqlite_url) as b, learning(b) as learner:
        gone, stays = await b.host("gone"), await b.host("stays")
        await b.app.delete(Kind.HOST, gone.id)
        learner.identified(HostId(gone.id), Identity("system-1"))
        learner.identified(HostId(stays.id), Identity("system-2"))
        await pinned(b, "stays")
        learner.forget(HostId(stays.id))
        assert learner.shown(HostId(stays.id)) is None
