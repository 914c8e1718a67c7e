"""Where packets go through whole clouds, asked of the simulator: reach, isolation, spoofing, broadcast, migration."""

from __future__ import annotations

import ipaddress

import pytest
from tests.oracle import frames
from tests.oracle.cloud_simulator import Wires
from tests.providers.ovs.clouds import CIDR4, CIDR6, Cloud, mac_of, network, nic

from netloom.model.isolation import TUNNELS, Isolation
from netloom.providers.ovs.pipeline.cookies import parts_of
from netloom.providers.ovs.pipeline.roles import Role

OTHER_MAC = 0x02FFFFFFFFFF


def ip(number: int) -> object:
    return CIDR4[number]


def ip6(number: int) -> object:
    return CIDR6[number]


def cloud_of(
    isolation: Isolation = Isolation.VXLAN, *, family: int = 4, capable: bool = True, **of: object
) -> Cloud:
    """Three hosts; network 1 has NICs 1 and 2 on host 1, 3 on host 2; network 2 has NIC 4 on host 1, 5 on host 3."""
    cloud = Cloud()
    for number in (1, 2, 3):
        address = f"192.0.2.{number}" if family == 4 else f"2001:db8::{number}"
        cloud.add_host(number, capable=capable, tunnel_ip=ipaddress.ip_address(address))
    cloud.put(network(1, isolation, **of), network(2, isolation, **of))
    for number, of_network, on in ((1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 2, 1), (5, 2, 3)):
        cloud.put(nic(number, of_network))
        cloud.plug(number, on)
    return cloud


def dropped_by(wires: Wires, nic_number: int, **fields: int) -> Role | None:
    journey = wires.journey(1, nic_number, **fields)
    assert journey.sent == []
    parts = parts_of(journey.last.cookie)
    assert parts is not None
    return parts.role


@pytest.mark.parametrize("isolation", TUNNELS)
@pytest.mark.parametrize("family", [4, 6])
def test_unicast_reaches_its_nic_and_nobody_else(isolation: Isolation, family: int) -> None:
    wires = Wires(cloud_of(isolation, family=family))
    for source, target in ((1, 2), (2, 1), (1, 3), (3, 1), (4, 5), (5, 4)):
        ends = (mac_of(source), ip(source)), (mac_of(target), ip(target))
        assert wires.receivers(source, **frames.udp(*ends)) == [target]
        ends6 = (mac_of(source), ip6(source)), (mac_of(target), ip6(target))
        assert wires.receivers(source, **frames.udp6(*ends6)) == [target]
    assert {key for *_, key in wires.underlay} == {5001, 5002}
    assert {kind for _, _, kind, _ in wires.underlay} == {isolation}


def test_nothing_crosses_between_networks() -> None:
    wires = Wires(cloud_of())
    for source, target in ((1, 4), (1, 5), (3, 5), (4, 1), (5, 3)):
        assert (
            wires.receivers(source, **frames.udp((mac_of(source), ip(source)), (mac_of(target), ip(target))))
            == []
        )
        assert wires.receivers(source, **frames.arp_request(mac_of(source), ip(source), ip(target))) != [
            target
        ]


def test_two_tenants_with_the_same_addresses_and_the_same_key() -> None:
    cloud = Cloud()
    for number in (1, 2):
        cloud.add_host(number, tunnel_ip=ipaddress.ip_address(f"192.0.2.{number}"))
    for at, isolation in ((1, Isolation.VXLAN), (2, Isolation.GENEVE)):
        cloud.put(network(at, isolation, segment=77))
        for member in (1, 2):
            number = at * 10 + member
            cloud.put(nic(number, at, mac=mac_of(member), ipv4=ip(member), ipv6=ip6(member)))
            cloud.plug(number, on=member)
    wires = Wires(cloud)
    to_second = frames.udp((mac_of(1), ip(1)), (mac_of(2), ip(2)))
    assert wires.receivers(11, **to_second) == [12]
    assert wires.receivers(21, **to_second) == [22]
    assert wires.underlay == [(1, 2, Isolation.VXLAN, 77), (1, 2, Isolation.GENEVE, 77)]
    assert wires.receivers(11, **frames.arp_request(mac_of(1), ip(1), ip(9))) == [12]


def test_broadcast_reaches_every_other_nic_of_the_network_once() -> None:
    wires = Wires(cloud_of())
    for source, others in ((1, [2, 3]), (2, [1, 3]), (3, [1, 2]), (4, [5]), (5, [4])):
        assert wires.receivers(source, **frames.arp_request(mac_of(source), ip(source), ip(200))) == others
        group = frames.udp((mac_of(source), ip(source)), (0x01005E000001, "224.0.0.1"))
        assert wires.receivers(source, **group) == others
    assert {(a, b) for a, b, _, _ in wires.underlay} == {(1, 2), (2, 1), (1, 3), (3, 1)}


def test_arp_and_nd_are_answered_on_the_spot() -> None:
    wires = Wires(cloud_of())
    for target in (2, 3):
        ((to, answer),) = wires.send(1, **frames.arp_request(mac_of(1), ip(1), ip(target)))
        assert to == 1
        assert [answer.get(name) for name in ("eth_src", "eth_dst", "arp_op")] == [
            mac_of(target),
            mac_of(1),
            2,
        ]
        assert [answer.get(name) for name in ("arp_sha", "arp_spa")] == [mac_of(target), int(ip(target))]
        assert [answer.get(name) for name in ("arp_tha", "arp_tpa")] == [mac_of(1), int(ip(1))]
        for address in (ip6(target), frames.local(mac_of(target))):
            ((to, answer),) = wires.send(1, **frames.solicitation(mac_of(1), ip6(1), address, sll=mac_of(1)))
            assert to == 1
            assert [answer.get(name) for name in ("eth_src", "eth_dst")] == [mac_of(target), mac_of(1)]
            assert [answer.get(name) for name in ("icmpv6_type", "nd_tll")] == [136, mac_of(target)]
            assert [answer.get(name) for name in ("ipv6_src", "ipv6_dst")] == [int(address), int(ip6(1))]
    assert wires.underlay == []


def test_without_the_capability_a_solicitation_reaches_the_nic_itself() -> None:
    wires = Wires(cloud_of(capable=False))
    assert wires.receivers(1, **frames.solicitation(mac_of(1), ip6(1), ip6(3), sll=mac_of(1))) == [2, 3]


def test_what_is_about_the_own_address_goes_to_the_others() -> None:
    wires = Wires(cloud_of())
    assert wires.receivers(1, **frames.arp_request(mac_of(1), ip(1), ip(1))) == [2, 3]  # announcement
    assert wires.receivers(1, **frames.arp_request(mac_of(1), "0.0.0.0", ip(1))) == [2, 3]  # probe
    for address in (ip6(1), frames.local(mac_of(1))):
        assert wires.receivers(1, **frames.solicitation(mac_of(1), "::", address, sll=None)) == [2, 3]
        assert wires.receivers(1, **frames.advertisement(mac_of(1), address, address, tll=mac_of(1))) == [
            2,
            3,
        ]


def test_what_a_guest_needs_before_it_has_an_address_passes() -> None:
    cloud = cloud_of()
    cloud.put(nic(2, ipv4=None, ipv6=None))
    wires = Wires(cloud)
    assert wires.receivers(2, **frames.dhcp_discover(mac_of(2))) == [1, 3]
    for kind in (133, 143):  # router solicitation, multicast listener report
        assert wires.receivers(2, **frames.icmpv6(mac_of(2), "::", kind)) == [1, 3]
    local = frames.local(mac_of(2))
    assert wires.receivers(2, **frames.udp6((mac_of(2), local), (0x333300010002, "ff02::1:2"))) == [
        1,
        3,
    ]  # DHCPv6
    assert dropped_by(wires, 2, **frames.arp_request(mac_of(2), "0.0.0.0", ip(2))) is Role.SPOOF_ARP
    assert dropped_by(wires, 2, **frames.udp((mac_of(2), ip(2)), (mac_of(1), ip(1)))) is Role.SPOOF_IPV4


MINE, YOURS = mac_of(1), mac_of(2)
SPOOFED = {
    "MAC": (frames.udp((YOURS, ip(1)), (mac_of(3), ip(3))), Role.SPOOF_MAC),
    "IPv4": (frames.udp((MINE, ip(2)), (mac_of(3), ip(3))), Role.SPOOF_IPV4),
    "IPv6": (frames.udp6((MINE, ip6(2)), (mac_of(3), ip6(3))), Role.SPOOF_IPV6),
    "link-local": (frames.udp6((MINE, frames.local(YOURS)), (mac_of(3), ip6(3))), Role.SPOOF_IPV6),
    "unspecified": (frames.udp6((MINE, "::"), (mac_of(3), ip6(3))), Role.SPOOF_IPV6),
    "ARP sender": (frames.arp_request(MINE, ip(2), ip(3)), Role.SPOOF_ARP),
    "ARP hardware": (frames.arp_request(MINE, ip(1), ip(3), sha=YOURS), Role.SPOOF_ARP),
    "ARP probe": (frames.arp_request(MINE, "0.0.0.0", ip(2)), Role.SPOOF_ARP),
    "solicitation": (frames.solicitation(MINE, ip6(1), ip6(3), sll=YOURS), Role.SPOOF_ND),
    "DAD": (frames.solicitation(MINE, "::", ip6(2), sll=None), Role.SPOOF_ND),
    "advertised target": (frames.advertisement(MINE, ip6(1), ip6(2), tll=MINE), Role.SPOOF_ND),
    "advertised MAC": (frames.advertisement(MINE, ip6(1), ip6(1), tll=YOURS), Role.SPOOF_ND),
    "router": (frames.icmpv6(MINE, frames.local(MINE), 134), Role.ROUTER_ADVERTISEMENT),
    "redirect": (frames.icmpv6(MINE, frames.local(MINE), 137), Role.ROUTER_ADVERTISEMENT),
    "tagged": (frames.other(MINE, 0x0800) | {"vlan_vid": 0x1005}, Role.TAGGED),
    "bridges' group": (frames.other(MINE, 0x88CC, 0x0180C200000E), Role.RESERVED_GROUP),
    "unknown unicast": (frames.udp((MINE, ip(1)), (OTHER_MAC, ip(99))), Role.UNKNOWN_UNICAST),
}


@pytest.mark.parametrize("what", SPOOFED)
def test_what_is_not_allowed_is_dropped_under_its_reason(what: str) -> None:
    fields, role = SPOOFED[what]
    assert dropped_by(Wires(cloud_of()), 1, **fields) is role


def test_ports_and_keys_that_nobody_knows() -> None:
    wires = Wires(cloud_of())
    assert dropped_by(wires, 99, **frames.other(MINE, 0x0800)) is Role.FOREIGN_PORT
    inside = frames.udp((mac_of(3), ip(3)), (MINE, ip(1)))
    assert dropped_by(wires, 1002, tun_id=999, **inside) is Role.UNKNOWN_KEY
    assert (
        dropped_by(wires, 1003, tun_id=5001, **inside) is Role.UNKNOWN_KEY
    )  # the key of another encapsulation
    elsewhere = frames.udp((mac_of(1), ip(1)), (mac_of(3), ip(3)))
    assert dropped_by(wires, 1002, tun_id=5001, **elsewhere) is Role.NO_TRANSIT


def test_families_that_netloom_gives_no_addresses_of_are_free_but_for_the_mac() -> None:
    cloud = cloud_of(cidr4=None, cidr6=None)
    for number in (1, 2, 3):
        cloud.put(nic(number, ipv4=None, ipv6=None))
    wires = Wires(cloud)
    assert wires.receivers(1, **frames.udp((MINE, "10.9.9.9"), (mac_of(3), ip(3)))) == [3]
    assert wires.receivers(1, **frames.udp6((MINE, "fd77::1"), (mac_of(3), ip6(3)))) == [3]
    assert wires.receivers(1, **frames.arp_request(MINE, "10.9.9.9", ip(3))) == [2, 3]
    assert wires.receivers(1, **frames.solicitation(MINE, "fd77::1", "fd77::2", sll=MINE)) == [2, 3]
    assert dropped_by(wires, 1, **frames.udp((YOURS, "10.9.9.9"), (mac_of(3), ip(3)))) is Role.SPOOF_MAC
    assert dropped_by(wires, 1, **frames.arp_request(MINE, ip(1), ip(3), sha=YOURS)) is Role.SPOOF_ARP


def test_a_migrating_nic_gets_everything_on_both_hosts_and_may_send_from_both() -> None:
    cloud = cloud_of()
    cloud.plug(3, on=3, ofport=33)
    wires = Wires(cloud)
    to_it = frames.udp((MINE, ip(1)), (mac_of(3), ip(3)))
    assert wires.receivers(1, **to_it) == [3, 3]
    assert {b for _, b, _, _ in wires.underlay} == {2, 3}
    from_it = frames.udp((mac_of(3), ip(3)), (MINE, ip(1)))
    for on in (2, 3):
        assert wires.receivers(3, on, **from_it) == [1]
    (finding,) = [f for f in cloud.planner.findings() if f.code == "nic-on-several-hosts"]
    assert finding.transient
    cloud.unplug(3, on=2)
    wires = Wires(cloud)
    assert wires.receivers(1, **to_it) == [3]
    assert [b for _, b, _, _ in wires.underlay] == [3]
    assert cloud.planner.findings() == ()
