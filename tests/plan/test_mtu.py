"""The MTU of a network follows from the hosts that carry it."""

from __future__ import annotations

import ipaddress

import msgspec
import pytest

from netloom.base.ids import HostId, NetworkId, NicId
from netloom.model.isolation import Isolation
from netloom.plan.mtu import carried_by, network_mtu
from netloom.plan.view import (
    HostView,
    NetworkView,
    NicView,
    PlainPort,
    PortSeen,
    SwitchFacts,
    UplinkView,
    View,
)


def host(number: int, address: str | None, mtu: int) -> HostView:
    found = None if address is None else ipaddress.ip_address(address)
    return HostView(HostId(f"h{number}"), number, f"host{number}", tunnel_ip=found, underlay_mtu=mtu)


def network(isolation: Isolation, mtu: int | None = None) -> NetworkView:
    return NetworkView(NetworkId("n"), 1, "blue", isolation, segment=1, mtu=mtu)


@pytest.mark.parametrize(
    ("isolation", "address", "carried"),
    [
        (Isolation.GRE, "192.0.2.1", 1458),
        (Isolation.VXLAN, "192.0.2.1", 1450),
        (Isolation.GENEVE, "192.0.2.1", 1450),
        (Isolation.GRE, "2001:db8::1", 1438),
        (Isolation.VXLAN, "2001:db8::1", 1430),
        (Isolation.GENEVE, "2001:db8::1", 1430),
    ],
)
def test_the_overhead_is_the_encapsulations(isolation: Isolation, address: str, carried: int) -> None:
    assert carried_by(View(), host(1, address, 1500), network(isolation)) == carried


def test_the_wires_of_a_vlan_carry_what_its_uplink_shows() -> None:
    view = View()
    blue = msgspec.structs.replace(network(Isolation.VLAN), wires="p")
    bare = host(1, None, 1600)
    linked = msgspec.structs.replace(bare, uplinks={"p": UplinkView("eth1")})
    patched = msgspec.structs.replace(bare, uplinks={"p": UplinkView(bridge="br-ex")})
    assert [carried_by(view, each, blue) for each in (bare, linked, patched)] == [None, 1600, 1600]
    ports = {"eth1": PlainPort(5, 9000), "br-int-to-br-ex": PlainPort(6)}
    view.observe_facts(bare.id, SwitchFacts(bare.id, plain_ports=ports))
    assert [carried_by(view, each, blue) for each in (bare, linked, patched)] == [None, 9000, 1600]


def test_the_smallest_underlay_counts_among_the_hosts_that_have_the_network() -> None:
    view = View()
    hosts = (
        host(1, "192.0.2.1", 9000),
        host(2, "192.0.2.2", 1500),
        host(3, "192.0.2.3", 1300),
        host(4, None, 600),
    )
    for each in hosts:
        view.put_host(each)
    blue = network(Isolation.VXLAN)
    view.put_network(blue)
    assert network_mtu(view, blue) is None
    for number, expected in ((1, 8950), (2, 1450), (4, 1450)):
        nic = NicView(NicId(f"nic{number}"), number, f"nic{number}", blue.id, number)
        view.put_nic(nic)
        view.observe_port(PortSeen(HostId(f"h{number}"), "tap", nic.id, 1))
        assert network_mtu(view, blue) == expected
    assert network_mtu(view, network(Isolation.VXLAN, mtu=1400)) == 1400
