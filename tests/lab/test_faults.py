"""The faults that a lab can make, and that they are undone."""

from __future__ import annotations

import socket

import pytest
from tests.lab.conftest import join

from netloom.lab import Host, Lab, LabError, names, namespaces

pytestmark = [pytest.mark.lab, pytest.mark.alone]


def _dial(lab: Lab, host: Host, port: int) -> socket.socket:
    with namespaces.entered(lab.control_namespace):
        return socket.create_connection((str(host.management_ip), port), timeout=1)


def test_hosts_are_dialled_over_the_control_network(clean: Lab) -> None:
    host = clean.host("h1")
    ovsdb, openflow = host.listen()
    assert (ovsdb, openflow) == ("tcp:198.19.0.1:6640", "tcp:198.19.0.1:6653")
    with namespaces.entered(clean.control_namespace):
        assert "br-int" in host.exec(["ovs-vsctl", f"--db={ovsdb}", "list-br"]).stdout
    with _dial(clean, host, 6653) as session:
        assert session.recv(8)[1] == 0  # OFPT_HELLO
    host.set_manager()
    host.set_controller()


def test_hosts_dial_the_control_namespace(clean: Lab) -> None:
    with namespaces.entered(clean.control_namespace):
        server = socket.create_server((str(names.CONTROL_ADDRESS), 6653))
    with server:
        server.settimeout(10)
        clean.host("h2").set_controller(f"tcp:{names.CONTROL_ADDRESS}:6653")
        session, peer = server.accept()
        session.close()
    assert peer[0] == str(clean.host("h2").management_ip)
    clean.host("h2").set_controller()


@pytest.mark.parametrize("fault", ["unplug", "blackhole"])
def test_control_cable(clean: Lab, fault: str) -> None:
    host = clean.host("h1")
    host.listen()
    _dial(clean, host, 6640).close()
    getattr(host.control, fault)()
    with pytest.raises(OSError, match=r"timed out|unreachable|No route"):
        _dial(clean, host, 6640)
    host.control.restore()
    _dial(clean, host, 6640).close()
    host.set_manager()
    host.set_controller()


def test_paused_daemon_is_silent_and_goes_on(clean: Lab) -> None:
    host = clean.host("h1")
    host.pause(host.OVSDB)
    try:
        with pytest.raises(LabError, match="timed out"):
            host.transact({"op": "comment", "comment": "anybody there?"}, timeout=0.3)
    finally:
        host.resume(host.OVSDB)
    assert host.transact({"op": "comment", "comment": "hello"}) == [{}]


def test_killed_daemons_come_back(clean: Lab) -> None:
    host = clean.host("h1")
    host.kill(host.OVSDB)
    with pytest.raises(LabError, match="nobody answers"):
        host.transact({"op": "comment", "comment": "anybody there?"})
    with pytest.raises(LabError, match="does not run"):
        host.kill(host.OVSDB)
    host.start(host.OVSDB)
    host.restart(host.VSWITCHD)
    join("geneve", clean.guest("left"), clean.guest("right"))
    assert clean.guest("left").ping(clean.guest("right")).all_answered


def test_tampering(clean: Lab) -> None:
    host = clean.host("h1")
    host.add_flows("cookie=0x5,priority=7,ip,nw_dst=10.9.9.9,actions=drop", "priority=8,arp,actions=NORMAL")
    before = host.flows()
    assert len(before) == 2
    host.delete_flows("ip")
    assert [flow for flow in before if flow not in host.flows()] == [
        flow for flow in before if "10.9.9.9" in flow
    ]


def test_narrow_underlay(clean: Lab) -> None:
    left, right = clean.guest("left"), clean.guest("right")
    join("geneve", left, right)
    assert left.ping(right, size=1300).all_answered
    clean.host("h2").underlay.set_mtu(1200)
    assert left.ping(right, size=1300, patience=0.3).none_answered
    clean.host("h2").underlay.set_mtu(1500)
    assert left.ping(right, size=1300).all_answered
