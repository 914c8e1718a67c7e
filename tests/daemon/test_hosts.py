"""Hosts come, change, go and come again: sessions follow, and a status never tells more than is known."""

from __future__ import annotations

import asyncio
import pathlib

import pytest
from tests.daemon.daemons import add_host, add_network, add_nic, is_done, plug, running
from tests.sandbox.ovs import OvsSandbox
from tests.switches.stack import eventually

from netloom.daemon.hosts import HostKeeper
from netloom.daemon.wiring import Netloomd
from netloom.model.kinds import Kind
from netloom.model.objects import Network, Nic
from netloom.model.patches import HostPatch
from netloom.model.specs import HostSpec
from netloom.model.states import NetworkState, NicState
from netloom.model.status import Phase
from netloom.providers.ovs.pipeline.cookies import owns
from netloom.switches.host_session import HostConfig
from netloom.switches.target import SwitchTarget


def our_flows(ovs: OvsSandbox) -> int:
    lines = ovs.ofctl("-O", "OpenFlow14", "dump-flows", "br-int", "--no-stats").splitlines()
    return sum(owns(int(line.split("cookie=")[1].split(",")[0], 16)) for line in lines if "cookie=" in line)


async def state_of(daemon: Netloomd, nic: Nic) -> NicState:
    found = await daemon.app.get(Kind.NIC, nic.id)
    assert isinstance(found, Nic)
    return found.state


async def comes_to(daemon: Netloomd, nic: Nic, state: NicState) -> None:
    async with asyncio.timeout(20):
        while await state_of(daemon, nic) is not state:  # noqa: ASYNC110 - what the store holds
            await asyncio.sleep(0.05)


async def works(daemon: Netloomd, network: Network) -> None:
    """Until the network works on every host concerned: no flow of it is still to come."""
    async with asyncio.timeout(20):
        while True:  # what the store holds
            found = await daemon.app.get(Kind.NETWORK, network.id)
            assert isinstance(found, Network)
            if found.state is NetworkState.IMPLEMENTED and is_done(daemon, found):
                return
            await asyncio.sleep(0.05)


async def test_a_host_is_followed_swept_and_its_nics_let_go(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            await add_network(daemon)
            nic = await add_nic(daemon, "n1")
            host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host))
            plug(ovs, "n1")
            await comes_to(daemon, nic, NicState.RESERVED)
            assert our_flows(ovs) > 0
            await daemon.app.delete(Kind.HOST, host.id)
            await eventually(lambda: our_flows(ovs) == 0)
            await comes_to(daemon, nic, NicState.ALLOCATED)
            assert daemon.hosts.get(host.id) is None


async def test_a_host_that_is_declared_anew_at_once_keeps_its_new_flows(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            network = await add_network(daemon)
            nic = await add_nic(daemon, "n1")
            host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host))
            plug(ovs, "n1")
            # Not once the host is in sync: it is before the port is seen, and again before all of its flows are planned.
            await works(daemon, network)
            before = our_flows(ovs)
            for _ in range(3):
                await daemon.app.delete(Kind.HOST, host.id)
                host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host) and is_done(daemon, nic))
            await eventually(lambda: our_flows(ovs) == before)
            kept = daemon.hosts.get(host.id)
            assert kept is not None
            assert [each.config.host_id for each in daemon.hosts.all()] == [host.id]


async def test_a_host_whose_address_changes_is_not_in_sync_until_it_answers_there(
    tmp_path: pathlib.Path,
) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host))
            nowhere = HostPatch(ovsdb=f"unix:{tmp_path}/nobody.sock")
            changed = await daemon.app.update(Kind.HOST, host.id, nowhere)
            kept = daemon.hosts.get(host.id)
            assert kept is not None
            await eventually(lambda: not is_done(daemon, host))
            await daemon.app.update(Kind.HOST, host.id, HostPatch(ovsdb=f"unix:{ovs.db}"))
            await eventually(lambda: is_done(daemon, host))
            assert changed.generation > host.generation


async def test_a_host_that_dials_in_now_is_not_in_sync_any_more(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host))
            await daemon.app.update(Kind.HOST, host.id, HostPatch(ovsdb=None))
            await eventually(lambda: not is_done(daemon, host))
            status = daemon.loop.status(Kind.HOST, host.id)
            assert (status.phase, status.code) == (Phase.ERROR, "session-changed")


async def test_one_host_that_cannot_be_followed_costs_the_others_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = HostKeeper._begin
    failures = [RuntimeError("a bug")]

    def fails(self: HostKeeper, config: HostConfig) -> object:
        if failures:
            raise failures.pop()
        return begin(self, config)

    monkeypatch.setattr(HostKeeper, "_begin", fails)
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            elsewhere = HostSpec(name="h2", ovsdb=f"unix:{tmp_path}/nobody.sock", tunnel_ip="192.0.2.2")
            hosts = [await add_host(daemon, "h1", ovs)]
            hosts.append(await daemon.app.create(Kind.HOST, elsewhere))  # type: ignore[arg-type]
            await eventually(lambda: all(daemon.hosts.get(host.id) is not None for host in hosts))
            await eventually(lambda: is_done(daemon, hosts[0]))


async def test_a_host_that_is_swept_for_long_keeps_only_its_successor_waiting(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep, may_end = SwitchTarget.sweep, asyncio.Event()

    async def takes_long(self: SwitchTarget) -> int:
        await may_end.wait()
        return await sweep(self)

    monkeypatch.setattr(SwitchTarget, "sweep", takes_long)
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host))
            await daemon.app.delete(Kind.HOST, host.id)
            again = await add_host(daemon, "h1", ovs)
            other = await daemon.app.create(
                Kind.HOST, HostSpec(name="h2", ovsdb=f"unix:{tmp_path}/nobody.sock", tunnel_ip="192.0.2.2")
            )
            await eventually(lambda: daemon.hosts.get(other.id) is not None)
            assert daemon.hosts.get(again.id) is None, "its flows would be swept"
            may_end.set()
            await eventually(lambda: is_done(daemon, again))
