"""Where frames go on the wires of VLANs, asked of the simulator: inside, outside, untagged, and never across."""

from __future__ import annotations

import ipaddress

import msgspec
from tests.oracle import frames
from tests.oracle.cloud_simulator import Wires
from tests.oracle.table_simulator import PRESENT
from tests.providers.ovs.clouds import CIDR4, UPLINK, UPLINK_PORT, Cloud, mac_of, nic, vlan

from netloom.plan.view import HostView
from netloom.providers.ovs.pipeline.cookies import parts_of
from netloom.providers.ovs.pipeline.roles import Role

GATEWAY = 0x0200000000FE
GATEWAY_IP = CIDR4[65000]


def ip(number: int) -> object:
    return CIDR4[number]


def cloud_of(**of: object) -> Cloud:
    """Three hosts on the wires; network 1: NICs 1 and 2 on host 1, 3 on host 2; network 2: NIC 4 on host 1, 5 on host 3."""
    cloud = Cloud()
    for number in (1, 2, 3):
        cloud.add_host(number, tunnel_ip=ipaddress.ip_address(f"192.0.2.{number}"), **UPLINK)
    cloud.put(vlan(1, **of), vlan(2, **of))
    for number, of_network, on in ((1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 2, 1), (5, 2, 3)):
        cloud.put(nic(number, of_network))
        cloud.plug(number, on)
    return cloud


def to(source: int, target: int) -> dict[str, int]:
    return frames.udp((mac_of(source), ip(source)), (mac_of(target), ip(target)))


def test_unicast_reaches_its_nic_and_nobody_else() -> None:
    wires = Wires(cloud_of())
    for source, target, tags in ((1, 2, []), (1, 3, [101]), (3, 1, [101]), (4, 5, [102]), (5, 4, [102])):
        wires.wires.clear()
        assert wires.receivers(source, **to(source, target)) == [target]
        assert [tag for _, tag in wires.wires] == [PRESENT | tag for tag in tags]
    assert wires.underlay == []


def test_broadcast_goes_to_the_wires_once_and_to_every_nic_of_the_network_once() -> None:
    wires = Wires(cloud_of())
    for source, others, tag in ((1, [2, 3], 101), (3, [1, 2], 101), (4, [5], 102), (5, [4], 102)):
        frame = frames.arp_request(mac_of(source), ip(source), GATEWAY_IP)
        assert wires.receivers(source, **frame) == others
        assert wires.outside(source, **frame) == [PRESENT | tag]


def test_what_netloom_does_not_know_is_outside() -> None:
    wires = Wires(cloud_of())
    frame = frames.udp((mac_of(1), ip(1)), (GATEWAY, GATEWAY_IP))
    assert wires.receivers(1, **frame) == []
    assert wires.outside(1, **frame) == [PRESENT | 101]


def test_what_comes_from_outside_reaches_the_nics_of_its_vlan_only() -> None:
    wires = Wires(cloud_of())
    answer = frames.udp((GATEWAY, GATEWAY_IP), (mac_of(3), ip(3)))
    shout = frames.arp_request(GATEWAY, GATEWAY_IP, ip(200))
    for tag, unicast, broadcast in ((101, [3], [1, 2, 3]), (102, [], [4, 5]), (103, [], []), (None, [], [])):
        tci = 0 if tag is None else PRESENT | tag | 5 << 13  # whatever its priority
        wires.wires.clear()
        assert sorted(number for number, _ in wires.from_outside(tci, **answer)) == unicast
        assert sorted(number for number, _ in wires.from_outside(tci, **shout)) == broadcast
        assert [host for host, _ in wires.wires] == [0, 0], "a host sent back what it got from the wires"


def test_frames_arrive_as_they_were_sent() -> None:
    wires = Wires(cloud_of())
    ((_, arrived),) = wires.send(1, **to(1, 3))
    assert {name: arrived.get(name) for name in to(1, 3)} == to(1, 3)
    assert arrived.get("vlan_tci") == 0


def test_an_untagged_network() -> None:
    cloud = cloud_of()
    cloud.put(vlan(1, segment=0))
    wires = Wires(cloud)
    assert wires.receivers(1, **to(1, 3)) == [3]
    assert wires.outside(1, **to(1, 3)) == [0]
    answer = frames.udp((GATEWAY, GATEWAY_IP), (mac_of(3), ip(3)))
    for tag in (0, PRESENT, PRESENT | 7 << 13):  # none, and priority alone
        assert [number for number, _ in wires.from_outside(tag, **answer)] == [3]
    assert wires.from_outside(PRESENT | 101, **answer) == []


def test_a_guest_cannot_choose_its_vlan() -> None:
    for segment in (101, 0):
        cloud = cloud_of()
        cloud.put(vlan(1, segment=segment))
        wires = Wires(cloud)
        for tag in (PRESENT | 102, PRESENT):
            assert wires.outside(1, vlan_tci=tag, **to(1, 3)) == []


def test_two_vlans_with_the_same_addresses() -> None:
    cloud = Cloud()
    for number in (1, 2):
        cloud.add_host(number, **UPLINK)
    for at in (1, 2):
        cloud.put(vlan(at))
        for member in (1, 2):
            number = at * 10 + member
            cloud.put(nic(number, at, mac=mac_of(member), ipv4=ip(member), ipv6=None))
            cloud.plug(number, on=member)
    wires = Wires(cloud)
    for at in (1, 2):
        assert wires.receivers(at * 10 + 1, **to(1, 2)) == [at * 10 + 2]
        assert wires.receivers(at * 10 + 1, **frames.arp_request(mac_of(1), ip(1), ip(9))) == [at * 10 + 2]


def test_an_ethernet_carries_whatever_comes_from_its_own_mac() -> None:
    cloud = cloud_of(cidr4=None, cidr6=None)
    for number, of_network in ((1, 1), (2, 1), (3, 1), (4, 2), (5, 2)):
        cloud.put(nic(number, of_network, ipv4=None, ipv6=None))
    wires = Wires(cloud)
    for frame in (
        frames.other(mac_of(1), 0x88CC, mac_of(3)),
        frames.other(mac_of(1), 0x6559, mac_of(3)),
        frames.udp((mac_of(1), "198.51.100.7"), (mac_of(3), "198.51.100.8")),
    ):
        assert wires.receivers(1, **frame) == [3]
    asked = frames.arp_request(mac_of(1), "198.51.100.7", "198.51.100.8")
    assert wires.receivers(1, **asked) == [2, 3]
    sought = frames.solicitation(mac_of(1), frames.local(mac_of(1)), frames.local(mac_of(3)), sll=mac_of(1))
    assert wires.receivers(1, **sought) == [2, 3]
    assert wires.outside(1, **asked) == [PRESENT | 101]
    spoofed = frames.other(mac_of(2), 0x88CC, mac_of(3))
    assert (wires.receivers(1, **spoofed), wires.outside(1, **spoofed)) == ([], [])


def test_a_nic_that_migrates_gets_everything_on_both_hosts() -> None:
    cloud = cloud_of()
    cloud.plug(1, on=3, ofport=31)
    wires = Wires(cloud)
    assert wires.receivers(2, **to(2, 1)) == [1, 1]
    assert wires.receivers(3, **to(3, 1)) == [1, 1]
    answer = frames.udp((GATEWAY, GATEWAY_IP), (mac_of(1), ip(1)))
    assert [number for number, _ in wires.from_outside(PRESENT | 101, **answer)] == [1, 1]


def test_without_an_uplink_a_network_works_inside_its_host() -> None:
    cloud = cloud_of()
    cloud.put(cloud_host(cloud))
    wires = Wires(cloud)
    assert wires.receivers(1, **to(1, 2)) == [2]
    assert wires.outside(1, **to(1, 3)) == []
    last = parts_of(wires.journey(1, 1, **to(1, 3)).last.cookie)
    assert last is not None
    assert (last.role, last.number) == (Role.NO_UPLINK, 1)
    foreign = parts_of(wires.journey(1, UPLINK_PORT, vlan_tci=PRESENT | 101, **to(3, 1)).last.cookie)
    assert foreign is not None
    assert foreign.role is Role.FOREIGN_PORT


def cloud_host(cloud: Cloud) -> HostView:
    """Host 1 as it is, without its uplink."""
    (found,) = [each for each in cloud.view.hosts.values() if each.number == 1]
    return msgspec.structs.replace(found, uplinks={})
