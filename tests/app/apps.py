"""An App on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.app.runtimes import ScriptedRuntime

from netloom.app.service import App
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic
from netloom.model.specs import AttachmentSpec, HostSpec, NetworkSpec, NicSpec
from netloom.store.store import Store, StoreOptions, open_store


@dataclass(frozen=True)
class Bed:
    app: App
    store: Store
    runtime: ScriptedRuntime

    async def network(self, name: str = "blue", **fields: object) -> Network:
        spec = NetworkSpec(**{"name": name, "cidr": "10.0.0.0/24"} | fields)  # type: ignore[arg-type]
        item = await self.app.create(Kind.NETWORK, spec)
        assert isinstance(item, Network)
        return item

    async def nic(self, name: str, network: str = "blue", **fields: object) -> Nic:
        item = await self.app.create(Kind.NIC, NicSpec(name=name, network=network, **fields))  # type: ignore[arg-type]
        assert isinstance(item, Nic)
        return item

    async def host(self, name: str = "h1", **fields: object) -> Host:
        item = await self.app.create(Kind.HOST, HostSpec(name=name, **fields))  # type: ignore[arg-type]
        assert isinstance(item, Host)
        return item


@asynccontextmanager
async def bed(url: str) -> AsyncIterator[Bed]:
    async with open_store(StoreOptions(url)) as store:
        runtime = ScriptedRuntime()
        yield Bed(App(store, runtime), store, runtime)


def on(host: str, device: str) -> AttachmentSpec:
    return AttachmentSpec(host, device)
