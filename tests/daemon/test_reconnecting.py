"""An operator has a host connected to anew: forwarding stays, what is wrong there is put right, and who asks is told."""

from __future__ import annotations

import pathlib

import pytest
from tests.daemon.daemons import add_host, add_network, add_nic, is_done, plug, running
from tests.daemon.test_hosts import our_flows, works
from tests.sandbox.ovs import OvsSandbox
from tests.switches.stack import eventually

from netloom.app.cloud import infrastructure_hosts
from netloom.app.cloud.infrastructure_hosts import ReconnectHost
from netloom.app.cloud.visibility import system_caller
from netloom.base.errors import Unavailable
from netloom.base.ids import HostId, Uuid
from netloom.daemon.reconnecting import Reconnecting
from netloom.daemon.wiring import Netloomd
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.kinds import Kind
from netloom.model.specs import HostSpec


async def reconnect(daemon: Netloomd, host_id: Uuid) -> Job:
    caller = system_caller()
    done = await daemon.cloud.do(caller, infrastructure_hosts.RECONNECT, ReconnectHost(id=host_id))
    assert done.job is not None
    job_id = done.job.id
    await daemon.cloud.settled(job_id, 40)
    ended = await daemon.cloud.read_as(caller, lambda view: view.records.get(Job, job_id))
    assert ended is not None
    return ended


async def test_both_connections_are_new_and_what_is_wrong_there_is_put_right(tmp_path: pathlib.Path) -> None:
    with OvsSandbox.started() as ovs:
        async with running(tmp_path) as daemon:
            network = await add_network(daemon)
            await add_nic(daemon, "n1")
            host = await add_host(daemon, "h1", ovs)
            await eventually(lambda: is_done(daemon, host))
            plug(ovs, "n1")
            await works(daemon, network)
            kept = daemon.hosts.get(host.id)
            assert kept is not None
            before, flows = kept.session.connections, our_flows(ovs)
            ovs.ofctl("-O", "OpenFlow14", "del-flows", "br-int")
            ended = await reconnect(daemon, host.id)
            assert ended.state is JobState.SUCCEEDED, ended.error_text
            assert daemon.hosts.get(host.id) is kept
            assert all(new > old for new, old in zip(kept.session.connections, before, strict=True))
            assert our_flows(ovs) == flows
            assert daemon._book.in_sync(HostId(host.id))


async def test_a_host_that_is_away_is_told_with_what_the_connection_failed_with(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as daemon:
        nowhere = HostSpec(name="h1", ovsdb=f"unix:{tmp_path}/nobody.sock", tunnel_ip="192.0.2.1")
        host = await daemon.app.create(Kind.HOST, nowhere)
        await eventually(lambda: daemon.hosts.get(host.id) is not None)
        impatient = Reconnecting(daemon.hosts.get, daemon._book, patience=0.5)
        monkeypatch.setattr(daemon.cloud.backends.switches, "reconnect", impatient.reconnect)
        ended = await reconnect(daemon, host.id)
        assert ended.state is JobState.FAILED
        assert "'h1'" in (ended.error_text or "")
        assert "nobody.sock" in (ended.error_text or "") or "No such file" in (ended.error_text or "")


async def test_a_host_that_is_not_declared_any_more_has_no_session(tmp_path: pathlib.Path) -> None:
    async with running(tmp_path) as daemon:
        impatient = Reconnecting(daemon.hosts.get, daemon._book, patience=0.1)
        with pytest.raises(Unavailable, match="no session"):
            await impatient.reconnect(HostId(Uuid("00000000-0000-4000-8000-00000000dead")))
