"""Golden flow text: each case's flows as a person reviews them.

`NETLOOM_UPDATE_GOLDEN=1 pytest tests/providers/ovs/test_golden.py` writes the files anew; the review is of their diff.
"""

from __future__ import annotations

import ipaddress
import os
import pathlib
from collections.abc import Callable

import pytest
from tests.providers.ovs.clouds import UPLINK, Cloud, allow, group, network, nic, vlan

from netloom.model.isolation import Isolation
from netloom.plan.switch import Fragment
from netloom.plan.view import PlainPort, UplinkView
from netloom.providers.ovs.flow_text import format_fragments

GOLDEN = pathlib.Path(__file__).parent / "golden"
Case = Callable[[], list[Fragment]]


def of(cloud: Cloud, host: int, *kinds: str) -> list[Fragment]:
    """A host's fragments, of some kinds or all but the base."""
    cloud.check()
    return [
        fragment
        for fragment in cloud.desired(host).fragments.each()
        if (fragment.key.kind in kinds if kinds else fragment.key.kind != "base")
    ]


def one_host(of_network: dict[str, object], of_nic: dict[str, object], **of_host: object) -> Cloud:
    cloud = Cloud()
    cloud.add_host(1, **of_host)
    cloud.put(network(1, **of_network), nic(1, **of_nic))
    cloud.plug(1, on=1, ofport=11)
    return cloud


def base() -> list[Fragment]:
    cloud = Cloud()
    cloud.add_host(1)
    return of(cloud, 1, "base")


def tunnel_ports() -> list[Fragment]:
    cloud = Cloud()
    cloud.add_host(1)
    return of(cloud, 1, "tunnel")


def nic_ipv4() -> list[Fragment]:
    return of(one_host({"cidr6": None}, {"ipv6": None}), 1)


def nic_dual_stack() -> list[Fragment]:
    return of(one_host({}, {}), 1)


def nic_with_secondary_addresses() -> list[Fragment]:
    more = (ipaddress.ip_address("10.0.0.200"), ipaddress.ip_address("fd00::200"))
    return of(one_host({}, {"more": more}), 1, "guard", "answer", "neighbour")


def nic_without_address() -> list[Fragment]:
    return of(one_host({}, {"ipv4": None, "ipv6": None}), 1, "guard", "neighbour", "answer")


def nic_in_network_without_cidr() -> list[Fragment]:
    return of(one_host({"cidr4": None, "cidr6": None}, {"ipv4": None, "ipv6": None}), 1)


def switch_without_nd() -> list[Fragment]:
    return of(one_host({}, {}, capable=False), 1, "answer", "neighbour")


def network_without_segment() -> list[Fragment]:
    return of(one_host({"segment": None, "cidr6": None}, {"ipv6": None}), 1)


def host_without_tunnel_address() -> list[Fragment]:
    return of(
        one_host({"cidr6": None}, {"ipv6": None}, tunnel_ip=None), 1, "flood", "segment", "peer", "spread"
    )


def two_hosts(isolation: Isolation, *, family: int = 4) -> list[Fragment]:
    cloud = Cloud()
    for number in (1, 2):
        address = f"192.0.2.{number}" if family == 4 else f"2001:db8::{number}"
        cloud.add_host(number, tunnel_ip=ipaddress.ip_address(address))
    cloud.put(network(1, isolation, cidr6=None), nic(1, ipv6=None), nic(2, ipv6=None))
    cloud.plug(1, on=1)
    cloud.plug(2, on=2)
    return of(cloud, 1, "segment", "peer", "flood", "copy-local", "spread", "copy-remote", "tunnel")


def same_addresses_in_two_networks() -> list[Fragment]:
    cloud = Cloud()
    cloud.add_host(1)
    cloud.add_host(2)
    for at, isolation in ((1, Isolation.VXLAN), (2, Isolation.GENEVE)):
        cloud.put(network(at, isolation, segment=77, cidr6=None))
        for number in (10 * at + 1, 10 * at + 2):
            member = number % 10
            cloud.put(nic(number, at, mac=0x020000000000 + member, ipv4=nic(member).ipv4, ipv6=None))
            cloud.plug(number, on=member)
    return of(cloud, 1, "segment", "peer", "local", "answer", "guard")


def migrating_seen_from(host: int) -> list[Fragment]:
    cloud = Cloud()
    for number in (1, 2, 3):
        cloud.add_host(number)
        cloud.put(network(1, cidr6=None), nic(number, ipv6=None))
        cloud.plug(number, on=number)
    cloud.plug(1, on=2, ofport=21)
    return [fragment for fragment in of(cloud, host, "local", "peer") if fragment.key.number == 1]


def hosts_in_two_chunks() -> list[Fragment]:
    cloud = Cloud()
    for number in (1, 2, 300):
        cloud.add_host(number, tunnel_ip=ipaddress.ip_address(f"192.0.2.{number % 250}"))
        cloud.put(network(1, cidr6=None), nic(number, ipv6=None))
        cloud.plug(number, on=number)
    return of(cloud, 1, "spread", "copy-remote")


def ports_in_two_chunks() -> list[Fragment]:
    cloud = Cloud()
    cloud.add_host(1)
    cloud.put(network(1, cidr6=None))
    for number in (1, 2, 3):
        cloud.put(nic(number, ipv6=None))
        cloud.plug(number, on=1, ofport=number * 100)
    return of(cloud, 1, "flood", "copy-local")


WIRES = ("uplinks", "wire", "flood", "network", "local")


def vlan_host(cloud: Cloud, number: int, **of_network: object) -> None:
    """A host with an uplink and a NIC of its own in network 1, a VLAN."""
    cloud.add_host(number, **UPLINK)
    cloud.put(vlan(1, cidr6=None, **of_network), nic(number, ipv6=None))
    cloud.plug(number, on=number)


def vlan_on_two_hosts() -> list[Fragment]:
    cloud = Cloud()
    vlan_host(cloud, 1)
    vlan_host(cloud, 2)
    return of(cloud, 1)


def untagged() -> list[Fragment]:
    cloud = Cloud()
    vlan_host(cloud, 1, segment=0)
    return of(cloud, 1, *WIRES)


def vlan_without_addresses() -> list[Fragment]:
    cloud = Cloud()
    cloud.add_host(1, **UPLINK)
    cloud.put(vlan(1, cidr4=None, cidr6=None), nic(1, ipv4=None, ipv6=None))
    cloud.plug(1, on=1)
    return of(cloud, 1)


def vlan_without_uplink() -> list[Fragment]:
    cloud = Cloud()
    cloud.add_host(1)
    cloud.put(vlan(1, cidr6=None), nic(1, ipv6=None))
    cloud.plug(1, on=1)
    return of(cloud, 1, *WIRES)


def uplinks_without_vlans() -> list[Fragment]:
    cloud = Cloud()
    uplinks = {"p": UplinkView("eth1"), "q": UplinkView(bridge="br-ex"), "r": UplinkView("gone")}
    cloud.add_host(1, uplinks=uplinks, plain={"eth1": PlainPort(7), "br-int-to-br-ex": PlainPort(8)})
    return of(cloud, 1, "uplinks")


def vlan_migrating_at_its_source() -> list[Fragment]:
    cloud = Cloud()
    vlan_host(cloud, 1)
    vlan_host(cloud, 2)
    cloud.plug(1, on=2, ofport=21)
    return [fragment for fragment in of(cloud, 1, "local") if fragment.key.number == 1]


def one_vlan_on_two_physical_networks() -> list[Fragment]:
    cloud = Cloud()
    uplinks = {"p": UplinkView("eth1"), "q": UplinkView("eth2")}
    cloud.add_host(1, uplinks=uplinks, plain={"eth1": PlainPort(7), "eth2": PlainPort(8)})
    for number, wires in ((1, "p"), (2, "q")):
        cloud.put(vlan(number, segment=100, wires=wires, cidr6=None), nic(number, number, ipv6=None))
        cloud.plug(number, on=1)
    return of(cloud, 1, "uplinks", "wire")


def filtered(*kinds: str) -> list[Fragment]:
    """Two NICs in one group each; each group names the other one, the first in both directions."""
    cloud = Cloud()
    cloud.add_host(1)
    cloud.put(
        network(1),
        group(
            7,
            allow("192.0.2.0/24", "tcp", (22, 22)),
            allow("0.0.0.0/0", "tcp", (1000, 1999)),
            allow("2001:db8::/32", "icmp", icmp=(128, -1)),
            allow(8, "udp", (53, 53)),
            allow("0.0.0.0/0", "47"),
            allow(8, out=True),
        ),
        group(8, allow(7, "icmp", icmp=(-1, -1)), allow(8)),
        nic(1, groups=(7,)),
        nic(2, groups=(7, 8)),
        nic(3, groups=(8,)),
    )
    for number in (1, 2, 3):
        cloud.plug(number, on=1, ofport=10 + number)
    return of(cloud, 1, *kinds)


CASES: dict[str, Case] = {
    "base": base,
    "tunnel-ports": tunnel_ports,
    "nic-ipv4": nic_ipv4,
    "nic-dual-stack": nic_dual_stack,
    "nic-with-secondary-addresses": nic_with_secondary_addresses,
    "nic-without-address": nic_without_address,
    "nic-in-network-without-cidr": nic_in_network_without_cidr,
    "switch-without-nd": switch_without_nd,
    "network-without-segment": network_without_segment,
    "host-without-tunnel-address": host_without_tunnel_address,
    "two-hosts-gre": lambda: two_hosts(Isolation.GRE),
    "two-hosts-vxlan": lambda: two_hosts(Isolation.VXLAN),
    "two-hosts-geneve-over-ipv6": lambda: two_hosts(Isolation.GENEVE, family=6),
    "same-addresses-in-two-networks": same_addresses_in_two_networks,
    "migrating-at-its-source": lambda: migrating_seen_from(1),
    "migrating-at-its-destination": lambda: migrating_seen_from(2),
    "migrating-seen-from-elsewhere": lambda: migrating_seen_from(3),
    "hosts-in-two-chunks": hosts_in_two_chunks,
    "ports-in-two-chunks": ports_in_two_chunks,
    "vlan-on-two-hosts": vlan_on_two_hosts,
    "vlan-untagged": untagged,
    "vlan-without-addresses": vlan_without_addresses,
    "vlan-without-uplink": vlan_without_uplink,
    "vlan-migrating-at-its-source": vlan_migrating_at_its_source,
    "one-vlan-on-two-physical-networks": one_vlan_on_two_physical_networks,
    "uplinks-without-vlans": uplinks_without_vlans,
    "security-groups": lambda: filtered("filter", "group", "member-in", "member-out"),
}


@pytest.mark.parametrize("name", CASES)
def test_flows_are_as_reviewed(name: str) -> None:
    path = GOLDEN / f"{name}.flows"
    text = format_fragments(CASES[name]())
    if os.environ.get("NETLOOM_UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_every_golden_file_has_its_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*")} == set(CASES)
