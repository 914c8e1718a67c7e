"""The MTU of a network follows from the hosts that carry it."""

from __future__ import annotations

import ipaddress

import pytest

from netloom.base.ids import HostId, NetworkId, NicId
from netloom.model.isolation import Isolation
from netloom.plan.mtu import carried_by, network_mtu
from netloom.plan.view import HostView, NetworkView, NicView, PortSeen, View


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
    assert carried_by(host(1, address, 1500), network(isolation)) == carried


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
