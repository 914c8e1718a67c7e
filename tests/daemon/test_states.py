"""States follow what hosts show, also where nothing on a host depends on it."""

from __future__ import annotations

import asyncio
import pathlib

from tests.daemon.daemons import add_host, add_network, add_nic, is_done, plug, running
from tests.sandbox.ovs import OvsSandbox
from tests.switches.stack import eventually

from netloom.base.ids import HostId
from netloom.daemon.wiring import Netloomd
from netloom.model.kinds import Kind
from netloom.model.objects import Nic
from netloom.model.specs import NetworkSpec, ZoneSpec
from netloom.model.states import NicState
from netloom.model.status import Phase


async def comes_to(daemon: Netloomd, nic: Nic, state: NicState) -> None:
    async with asyncio.timeout(20):
        while True:
            found = await daemon.app.get(Kind.NIC, nic.id)
            assert isinstance(found, Nic)
            if found.state is state:
                return
            await asyncio.sleep(0.05)


async def test_a_nic_on_a_host_that_its_network_does_not_reach_is_let_go_too(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            await daemon.app.create(Kind.ZONE, ZoneSpec(name="far"))
            await add_network(daemon)
            stays, goes = await add_nic(daemon, "stays"), await add_nic(daemon, "goes")
            host = await add_host(daemon, "h1", ovs, zone="far")
            await eventually(lambda: is_done(daemon, host))
            plug(ovs, "stays")
            plug(ovs, "goes")
            await comes_to(daemon, goes, NicState.RESERVED)
            await comes_to(daemon, stays, NicState.RESERVED)
            ovs.vsctl("del-port", "p-goes")
            await comes_to(daemon, goes, NicState.ALLOCATED)


async def test_a_port_that_vanished_while_netloomd_was_down_is_noticed(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            await add_network(daemon)
            stays, goes = await add_nic(daemon, "stays"), await add_nic(daemon, "goes")
            host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host))
            plug(ovs, "stays")
            plug(ovs, "goes")
            await comes_to(daemon, stays, NicState.RESERVED)
            await comes_to(daemon, goes, NicState.RESERVED)
        ovs.vsctl("del-port", "p-goes")
        async with running(tmp_path) as daemon:
            await comes_to(daemon, goes, NicState.ALLOCATED)
            await comes_to(daemon, stays, NicState.RESERVED)


async def test_who_waits_for_a_host_goes_on_when_it_is_in_sync(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            host = await add_host(daemon, "h1", ovs)
            done = await daemon.app.wait(Kind.HOST, host.id, host.generation, timeout=30)
            assert done.status is not None
            assert done.status.phase is Phase.DONE
            assert daemon._book.in_sync(HostId(host.id))


async def test_a_report_tells_revisions_and_times_that_are_so(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            host = await add_host(daemon, "h1", ovs)
            await add_network(daemon)
            await eventually(lambda: is_done(daemon, host) and daemon.loop.revision == daemon.store.revision)
            report = await daemon.app.host_report("h1")
            assert report.in_sync
            assert report.wanted_revision == report.applied_revision == daemon.store.revision
            assert report.last_applied is not None
            assert report.flows.drift_last is None
            await eventually(lambda: ovs.ofctl("del-flows", "br-int") == "")
            daemon.engine._workers[host.id].next_refresh = 0.0
            daemon.engine.look_again()
            await eventually(lambda: (daemon.engine.counters(host.id) or report).drift_at is not None)  # type: ignore[union-attr]
            report = await daemon.app.host_report("h1")
            assert report.flows.drift_found > 0
            assert report.flows.drift_last is not None
            settled = report.applied_revision
            ovs.stop_switch()
            await eventually(lambda: not daemon._book.in_sync(HostId(host.id)))
            await add_nic(
                daemon,
                "later",
                (await daemon.app.create(Kind.NETWORK, NetworkSpec(name="n2", cidr="10.1.0.0/24"))).name,
            )
            await eventually(lambda: daemon.loop.revision == daemon.store.revision)
            report = await daemon.app.host_report("h1")
            assert report.applied_revision == settled < report.wanted_revision
