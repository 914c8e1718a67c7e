"""A whole netloomd in this process, on directories of its own."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.sandbox.ovs import OvsSandbox

from netloom.daemon.settings import (
    ApiSettings,
    LifecycleSettings,
    ReconcileSettings,
    Settings,
    StoreSettings,
    SwitchSettings,
)
from netloom.daemon.wiring import Netloomd
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic
from netloom.model.specs import HostSpec, NetworkSpec, NicSpec
from netloom.model.status import Phase


def settings_in(directory: pathlib.Path) -> Settings:
    return Settings(
        api=ApiSettings(socket=f"{directory}/api.sock", listen="", token_file=f"{directory}/admin.token"),
        store=StoreSettings(url=f"sqlite:///{directory}/netloom.db"),
        switches=SwitchSettings(allow_tcp=True, pki=f"{directory}/pki", backoff_min=0.05, backoff_max=0.2),
        reconcile=ReconcileSettings(retry_min=0.05, retry_max=0.5),
        lifecycle=LifecycleSettings(shutdown_wait=0.5, migration_grace=0.5),
    )


@asynccontextmanager
async def running(directory: pathlib.Path) -> AsyncIterator[Netloomd]:
    daemon = Netloomd(settings_in(directory))
    await daemon.levels.start()
    try:
        yield daemon
    finally:
        await daemon.levels.stop()


async def add_host(
    daemon: Netloomd, name: str, ovs: OvsSandbox, number: int = 1, zone: str = "default"
) -> Host:
    spec = HostSpec(name=name, zone=zone, ovsdb=f"unix:{ovs.db}", tunnel_ip=f"192.0.2.{number}")
    host = await daemon.app.create(Kind.HOST, spec)
    assert isinstance(host, Host)
    return host


async def add_network(daemon: Netloomd, name: str = "blue") -> Network:
    network = await daemon.app.create(Kind.NETWORK, NetworkSpec(name=name, cidr="10.0.0.0/24"))
    assert isinstance(network, Network)
    return network


async def add_nic(daemon: Netloomd, name: str, network: str = "blue") -> Nic:
    nic = await daemon.app.create(Kind.NIC, NicSpec(name=name, network=network, identity=f"vif-{name}"))
    assert isinstance(nic, Nic)
    return nic


def plug(ovs: OvsSandbox, name: str) -> None:
    ovs.vsctl(
        *("add-port", "br-int", f"p-{name}", "--", "set", "Interface", f"p-{name}"),
        *("type=dummy", f"external_ids:iface-id=vif-{name}"),
    )


def is_done(daemon: Netloomd, item: Host | Network | Nic) -> bool:
    return daemon.loop.status(item_kind(item), item.id).phase is Phase.DONE


def item_kind(item: Host | Network | Nic) -> Kind:
    match item:
        case Host():
            return Kind.HOST
        case Network():
            return Kind.NETWORK
        case Nic():
            return Kind.NIC
