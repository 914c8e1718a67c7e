"""What the provider makes, on a real Open vSwitch: every flow is taken, and real packets get what they should."""

from __future__ import annotations

import re

import pytest
from tests.providers.ovs import packets
from tests.providers.ovs.clouds import CIDR4, CIDR6, TUNNEL_PORTS, Cloud, mac_of, network, nic
from tests.providers.ovs.real_switch import RealSwitch

from netloom.model.isolation import Isolation
from netloom.providers.ovs.capabilities import PROBES, Capability
from netloom.providers.ovs.explain import explain

BROADCAST = 0xFFFFFFFFFFFF
MINE, YOURS, REMOTE = mac_of(1), mac_of(2), mac_of(3)
TO_ALL_NODES = 0x333300000001


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.add_host(1)
    cloud.add_host(2)
    cloud.put(network(1), network(2, Isolation.GENEVE, segment=0xFFFFFF))
    for number, of, on in ((1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 2, 1)):
        cloud.put(nic(number, of))
        cloud.plug(number, on)
    return cloud


@pytest.fixture(scope="module")
def switch(real_switch: RealSwitch, cloud: Cloud) -> RealSwitch:
    for number in (1, 2, 4):
        real_switch.add_guest_port(f"tap{number}", number)
    for isolation, ofport in TUNNEL_PORTS.items():
        real_switch.add_tunnel_port(f"t-{isolation.value}", isolation.value, "192.0.2.2", ofport)
    assert real_switch.install(cloud.flows(1)) == []
    return real_switch


@pytest.mark.parametrize("version", [4, 5, 6])
def test_every_flow_is_accepted_in_every_version(switch: RealSwitch, cloud: Cloud, version: int) -> None:
    switch.clear()
    assert switch.install(cloud.flows(1), version=version) == []
    assert len(switch.dump().splitlines()) == len(cloud.flows(1))


@pytest.mark.parametrize("capability", Capability)
def test_probes_find_what_this_switch_can(switch: RealSwitch, capability: Capability) -> None:
    assert switch.install([PROBES[capability.value]]) == []
    switch.ofctl("del-flows", switch.address, f"table={PROBES[capability.value].table}")


def drain(switch: RealSwitch) -> None:
    for number in (1, 2, 4):
        switch.received(f"tap{number}")


def test_arp_is_answered(switch: RealSwitch) -> None:
    for number in (2, 3):
        drain(switch)
        target = (0, str(CIDR4[number]))
        switch.send("tap1", packets.arp((MINE, BROADCAST), 1, (MINE, str(CIDR4[1])), target))
        (answer,) = switch.wait_for("tap1")
        expected = packets.arp(
            (mac_of(number), MINE), 2, (mac_of(number), str(CIDR4[number])), (MINE, str(CIDR4[1]))
        )
        assert answer == expected
        assert switch.received("tap2") == []


def test_neighbour_solicitations_are_answered_with_the_right_checksum(switch: RealSwitch) -> None:
    drain(switch)
    source, target = str(CIDR6[1]), str(CIDR6[3])
    group = (MINE, 0x3333FF000003)
    message = packets.solicitation(target, MINE)
    switch.send("tap1", packets.icmpv6(group, (source, "ff02::1:ff00:3"), message))
    (answer,) = switch.wait_for("tap1")
    expected = packets.icmpv6((REMOTE, MINE), (target, source), packets.advertisement(target, REMOTE))
    assert packets.icmpv6_valid(answer)
    assert answer == expected


def test_duplicate_address_detection_reaches_the_others(switch: RealSwitch) -> None:
    drain(switch)
    probe = packets.icmpv6(
        (MINE, 0x3333FF000001), ("::", "ff02::1:ff00:1"), packets.solicitation(str(CIDR6[1]), None)
    )
    switch.send("tap1", probe)
    assert switch.wait_for("tap2") == [probe]
    assert switch.received("tap1") == []


def test_broadcast_and_unicast_stay_in_their_network(switch: RealSwitch) -> None:
    drain(switch)
    shout = packets.arp((MINE, BROADCAST), 1, (MINE, str(CIDR4[1])), (0, str(CIDR4[200])))
    switch.send("tap1", shout)
    assert switch.wait_for("tap2") == [shout]
    whisper = packets.ipv4_udp((MINE, YOURS), (str(CIDR4[1]), str(CIDR4[2])), (1, 2))
    switch.send("tap1", whisper)
    assert switch.wait_for("tap2") == [whisper]
    astray = packets.ipv4_udp((MINE, mac_of(4)), (str(CIDR4[1]), str(CIDR4[4])), (1, 2))
    switch.send("tap1", astray)
    switch.send("tap1", whisper)
    assert switch.wait_for("tap2") == [whisper]
    assert (switch.received("tap4"), switch.received("tap1")) == ([], [])


SPOOFS = {
    "spoof-mac": packets.ipv4_udp((YOURS, REMOTE), (str(CIDR4[1]), str(CIDR4[3])), (1, 2)),
    "spoof-ipv4": packets.ipv4_udp((MINE, REMOTE), (str(CIDR4[2]), str(CIDR4[3])), (1, 2)),
    "spoof-arp": packets.arp((MINE, BROADCAST), 1, (MINE, str(CIDR4[2])), (0, str(CIDR4[3]))),
    "spoof-ipv6": packets.icmpv6((MINE, REMOTE), (str(CIDR6[2]), str(CIDR6[3])), bytes([128, 0, 0, 0])),
    "spoof-nd": packets.icmpv6(
        (MINE, TO_ALL_NODES), (str(CIDR6[1]), "ff02::1"), packets.advertisement(str(CIDR6[2]), MINE)
    ),
    "router-advertisement": packets.icmpv6(
        (MINE, TO_ALL_NODES), ("fe80::ff:fe00:1", "ff02::1"), bytes([134, 0, 0, 0]) + bytes(12)
    ),
    "tagged": packets.ethernet(MINE, BROADCAST, 0x8100, b"\x00\x05\x08\x06" + bytes(42)),
    "unknown-unicast": packets.ipv4_udp((MINE, 0x02FFFFFFFFFF), (str(CIDR4[1]), str(CIDR4[9])), (1, 2)),
}


def reasons(counters: dict[int, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for cookie, count in counters.items():
        told = explain(cookie)
        if told is not None and told.drops:
            found[told.role] = found.get(told.role, 0) + count
    return found


@pytest.mark.parametrize("reason", SPOOFS)
def test_what_is_dropped_is_counted_under_its_reason(switch: RealSwitch, reason: str) -> None:
    drain(switch)
    switch.appctl("revalidator/purge")
    before = reasons(switch.counters())
    for _ in range(3):
        switch.send("tap1", SPOOFS[reason])
    # Behind them comes a packet that passes: when it is out, they are through.
    switch.send("tap1", packets.ipv4_udp((MINE, YOURS), (str(CIDR4[1]), str(CIDR4[2])), (1, 2)))
    assert len(switch.wait_for("tap2")) == 1
    switch.appctl("revalidator/purge")
    after = reasons(switch.counters())
    assert {
        role: after[role] - before.get(role, 0) for role in after if after[role] != before.get(role, 0)
    } == {reason: 3}


def test_packets_for_other_hosts_carry_key_and_far_end(switch: RealSwitch) -> None:
    frame = f"in_port=1,ip,dl_src={mac(MINE)},dl_dst={mac(REMOTE)},nw_src={CIDR4[1]},nw_dst={CIDR4[3]}"
    told = switch.trace(frame)
    assert re.findall(r"set_field:(\S+)->tun_(?:id|dst)", told) == ["0x1389", "192.0.2.3"]
    assert re.findall(r"^\s+output:(\d+)", told, re.MULTILINE) == [str(TUNNEL_PORTS[Isolation.VXLAN])]
    flood = switch.trace(f"in_port=1,dl_src={mac(MINE)},dl_dst=ff:ff:ff:ff:ff:ff,dl_type=0x1234")
    # One copy for the neighbour here, one for the other host, none for this host itself.
    assert re.findall(r"output port is (\d+)", flood) == ["1", "2"]
    assert "skipping output to input port" in flood
    assert re.findall(r"^\s+output:(\d+)", flood, re.MULTILINE) == [str(TUNNEL_PORTS[Isolation.VXLAN])]


def test_packets_from_a_tunnel_go_to_nics_only(switch: RealSwitch) -> None:
    port = TUNNEL_PORTS[Isolation.VXLAN]
    flood = switch.trace(f"in_port={port},tun_id=5001,dl_src={mac(REMOTE)},dl_dst=ff:ff:ff:ff:ff:ff")
    assert re.findall(r"output port is (\d+)", flood) == ["1", "2"]
    assert re.findall(r"^\s+output:(\d+)", flood, re.MULTILINE) == []


def mac(value: int) -> str:
    return ":".join(f"{octet:02x}" for octet in value.to_bytes(6))
