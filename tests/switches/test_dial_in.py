"""Hosts that dial in, over TLS, with real Open vSwitch; and the identity that is pinned."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sandbox.ovs import OvsSandbox
from tests.switches.stack import Stack, eventually, host_id, host_view, network_view, nic_id, nic_view

from netloom.model.endpoints import Endpoint, Scheme
from netloom.switches.ca import Authority
from netloom.switches.host_session import HostConfig, HostSession
from netloom.switches.identity import Pin
from netloom.switches.link import LinkPhase
from netloom.switches.listener import DialIn, ListenSettings
from netloom.switches.stream import Dialling
from netloom.switches.tls import TlsContexts, contexts

LOOPBACK = Endpoint(Scheme.SSL, "127.0.0.1", 0)


class Directory:
    """The hosts that may dial in."""

    def __init__(self) -> None:
        self.sessions: list[HostSession] = []

    def by_system_id(self, system_id: str) -> HostSession | None:
        return next((s for s in self.sessions if s.config.pin.system_id == system_id), None)

    def by_datapath_id(self, datapath_id: str) -> HostSession | None:
        return next((s for s in self.sessions if s.datapath_id == datapath_id), None)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "pki")
    made.init(dt.datetime.now(dt.UTC))
    return made


@pytest.fixture
def tls(authority: Authority) -> TlsContexts:
    return contexts(authority.files())


@pytest.fixture
def ovs(authority: Authority, tmp_path: Path) -> Iterator[OvsSandbox]:
    now = dt.datetime.now(dt.UTC)
    issued = authority.issue_host("h1", now)
    with OvsSandbox.started() as sandbox:
        sandbox.vsctl(
            "set-ssl", str(issued.key), str(issued.certificate), str(tmp_path / "pki/controller-trust.crt")
        )
        sandbox.vsctl("set", "open", ".", "external_ids:system-id=machine-1")
        yield sandbox


@pytest.fixture
async def door(tls: TlsContexts) -> AsyncIterator[tuple[DialIn, Directory]]:
    directory = Directory()
    door = DialIn(ListenSettings(Dialling(lambda: tls.server)), directory)
    yield door, directory
    await door.close()


def with_tls(stack: Stack, tls: TlsContexts, controller: str | None = None) -> None:
    stack.settings = replace(stack.settings, dialling=Dialling(lambda: tls.client), controller=controller)


async def test_a_host_dials_in_waits_is_admitted_and_works(
    ovs: OvsSandbox, tls: TlsContexts, door: tuple[DialIn, Directory]
) -> None:
    listening, directory = door
    ovsdb_port = await listening.listen_ovsdb(LOOPBACK)
    openflow_port = await listening.listen_openflow(LOOPBACK)
    ovs.vsctl("set-manager", f"ssl:127.0.0.1:{ovsdb_port}")
    await eventually(lambda: bool(listening.pending()))
    waiting = listening.pending()[0]
    assert (waiting.system_id, waiting.reason, waiting.host) == ("machine-1", "unknown", None)
    async with Stack() as stack:
        with_tls(stack, tls, f"ssl:127.0.0.1:{openflow_port}")
        stack.feed.put(host_view(1), network_view(1), nic_view(1))
        config = HostConfig(host_id(1), "h1", pin=Pin("machine-1", waiting.fingerprint, frozenset({"h1"})))
        directory.sessions.append(stack.add_host(1, config))
        listening.recheck()
        await stack.in_sync(1)
        assert not listening.pending()
        ovs.vsctl(
            *("add-port", "br-int", "vif1", "--", "set", "interface", "vif1", "type=internal"),
            "external_ids:iface-id=vif-1",
        )
        await eventually(lambda: stack.planner.view.placement(nic_id(1), host_id(1)) is not None)
        await stack.done(nic_id(1), 1)
        # The switch is started anew: both connections come back by themselves.
        ovs.stop_switch()
        await eventually(lambda: not stack.book.in_sync(host_id(1)))
        ovs.start_switch()
        await stack.in_sync(1)


async def test_another_machine_in_the_place_of_an_admitted_one_is_refused(
    ovs: OvsSandbox, tls: TlsContexts, door: tuple[DialIn, Directory]
) -> None:
    listening, directory = door
    port = await listening.listen_ovsdb(LOOPBACK)
    async with Stack() as stack:
        with_tls(stack, tls)
        config = HostConfig(host_id(2), "h2", pin=Pin("machine-1", "00" * 32, frozenset({"h2"})))
        directory.sessions.append(stack.add_host(2, config))
        ovs.vsctl("set-manager", f"ssl:127.0.0.1:{port}")
        await eventually(lambda: bool(listening.pending()))
        waiting = listening.pending()[0]
        assert waiting.host == "h2"
        assert "certificate" in waiting.reason


async def test_a_dialled_host_with_another_system_id_is_refused_with_a_reason(ovs: OvsSandbox) -> None:
    async with Stack() as stack:
        stack.feed.put(host_view(1))
        config = HostConfig(
            host_id(1),
            "h1",
            ovsdb=Endpoint(Scheme.UNIX, path=str(ovs.db)),
            pin=Pin("machine-2", None),
        )
        session = stack.add_host(1, config)
        await eventually(lambda: session.links()[0].phase is LinkPhase.REFUSED)
        error = session.links()[0].last_error
        assert error is not None
        assert error.code == "host-identity-changed"
        assert "machine-1" in error.reason
        assert "machine-2" in error.reason


async def test_a_host_that_listens_is_dialled_over_tls(ovs: OvsSandbox, tls: TlsContexts) -> None:
    ovs.bridge("br-int")
    ovs.vsctl("set-manager", "pssl:0:127.0.0.1", f"punix:{ovs.directory}/more.sock")
    ovs.vsctl("set-controller", "br-int", "pssl:0:127.0.0.1")
    log = ovs.directory / "ovsdb-server.log"

    def port_of(path: Path, marker: str) -> int | None:
        found = [
            line for line in path.read_text().splitlines() if marker in line and "listening on port" in line
        ]
        return int(found[-1].rsplit(" ", 1)[1]) if found else None

    await eventually(lambda: port_of(log, "0:127.0.0.1") is not None, log.read_text)
    switch_log = ovs.directory / "ovs-vswitchd.log"
    await eventually(lambda: port_of(switch_log, "0:127.0.0.1") is not None, switch_log.read_text)
    async with Stack() as stack:
        with_tls(stack, tls)
        stack.feed.put(host_view(1))
        config = HostConfig(
            host_id(1),
            "h1",
            ovsdb=Endpoint(Scheme.SSL, "127.0.0.1", port_of(log, "0:127.0.0.1") or 0),
            openflow=Endpoint(Scheme.SSL, "127.0.0.1", port_of(switch_log, "0:127.0.0.1") or 0),
        )
        session = stack.add_host(1, config)
        await stack.in_sync(1)
        shown = stack.identities.shown[host_id(1)]
        assert shown.system_id == "machine-1"
        assert shown.certificate is not None
        assert "h1" in shown.certificate.names
        assert session.links()[1].peer is not None
