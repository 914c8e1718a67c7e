"""Security groups on a real switch: packets, connections, and what is counted."""

from __future__ import annotations

import pytest
from tests.providers.ovs import packets
from tests.providers.ovs.clouds import (
    CIDR4,
    CIDR6,
    Cloud,
    mac_of,
)
from tests.providers.ovs.real_switch import RealSwitch
from tests.providers.ovs.test_filter import filtered
from tests.providers.ovs.test_real_switch import reasons

# -- what a switch makes of it ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    return filtered()


@pytest.fixture(scope="module")
def switch(real_switch: RealSwitch, cloud: Cloud) -> RealSwitch:
    for number in (1, 2, 3, 4):
        real_switch.add_guest_port(f"tap{number}", number)
    assert real_switch.install(cloud.flows(1)) == []
    return real_switch


@pytest.mark.parametrize("version", [4, 5, 6])
def test_every_flow_is_accepted_in_every_version(switch: RealSwitch, cloud: Cloud, version: int) -> None:
    switch.clear()
    assert switch.install(cloud.flows(1), version=version) == []
    assert len(switch.dump().splitlines()) == len(cloud.flows(1))


def udp(source: int, target: int, ports: tuple[int, int] = (1000, 2000)) -> bytes:
    addresses = (str(CIDR4[source]), str(CIDR4[target]))
    return packets.ipv4_udp((mac_of(source), mac_of(target)), addresses, ports)


def drain(switch: RealSwitch) -> None:
    for number in (1, 2, 3, 4):
        switch.received(f"tap{number}")


def through(switch: RealSwitch, source: int, target: int, packet: bytes) -> bool:
    """Whether a packet arrives: an ARP packet that always passes is sent behind it."""
    drain(switch)
    marker = packets.arp(
        (mac_of(source), mac_of(target)),
        2,
        (mac_of(source), str(CIDR4[source])),
        (mac_of(target), str(CIDR4[target])),
    )
    switch.send(f"tap{source}", packet)
    switch.send(f"tap{source}", marker)
    arrived: list[bytes] = []
    while marker not in arrived:
        arrived += switch.wait_for(f"tap{target}")
    return packet in arrived


def test_only_what_a_group_allows_comes_in_and_its_answers_go_back(switch: RealSwitch) -> None:
    switch.appctl("dpctl/flush-conntrack")
    assert not through(switch, 3, 1, udp(3, 1, (2000, 1000)))  # nobody asked for it
    assert through(switch, 1, 3, udp(1, 3))  # group 8 takes everything from members of 7
    assert through(switch, 3, 1, udp(3, 1, (2000, 1000)))  # the answer, although 8 sends to port 53 only
    assert not through(switch, 3, 1, udp(3, 1, (2001, 1000)))
    assert not through(switch, 4, 3, udp(4, 3))  # is no member of 7
    assert not through(switch, 1, 2, udp(1, 2))  # one group does not mean that they may
    assert through(switch, 1, 4, udp(1, 4))  # not filtered at all
    assert through(switch, 4, 1, udp(4, 1, (2000, 1000)))


def test_what_goes_out_needs_a_rule_once_there_is_one(switch: RealSwitch) -> None:
    switch.appctl("dpctl/flush-conntrack")
    assert through(switch, 3, 4, udp(3, 4, (1000, 53)))
    assert not through(switch, 3, 4, udp(3, 4, (1000, 54)))


def test_two_connections_of_one_port_number_are_two(switch: RealSwitch) -> None:
    """What NIC 1 may do with NIC 3 opens nothing for NIC 4, in whose zone nothing was kept."""
    switch.appctl("dpctl/flush-conntrack")
    assert through(switch, 1, 3, udp(1, 3))
    assert not through(switch, 4, 3, udp(4, 3, (1000, 2000)))


def test_dhcp_and_discovery_pass_and_dhcp_servers_do_not(switch: RealSwitch) -> None:
    drain(switch)
    everybody = 0xFFFFFFFFFFFF
    asks = packets.ipv4_udp((mac_of(1), everybody), ("0.0.0.0", "255.255.255.255"), (68, 67))
    switch.send("tap1", asks)
    assert switch.wait_for("tap4") == [asks]
    answers = packets.ipv4_udp((mac_of(4), mac_of(1)), (str(CIDR4[4]), str(CIDR4[1])), (67, 68))
    assert through(switch, 4, 1, answers)
    pretends = packets.ipv4_udp((mac_of(1), mac_of(4)), (str(CIDR4[1]), str(CIDR4[4])), (67, 68))
    assert not through(switch, 1, 4, pretends)
    told = packets.icmpv6(
        (mac_of(1), mac_of(2)),
        (str(CIDR6[1]), str(CIDR6[2])),
        packets.advertisement(str(CIDR6[1]), mac_of(1)),
    )
    assert through(switch, 1, 2, told)
    ping = packets.icmpv6(
        (mac_of(1), mac_of(2)), (str(CIDR6[1]), str(CIDR6[2])), bytes([128, 0, 0, 0]) + bytes(4)
    )
    assert not through(switch, 1, 2, ping)
    assert through(switch, 1, 3, packets.icmpv6(
        (mac_of(1), mac_of(3)), (str(CIDR6[1]), str(CIDR6[3])), bytes([128, 0, 0, 0]) + bytes(4)))  # fmt: skip


def test_what_is_dropped_is_counted_for_the_nic(switch: RealSwitch) -> None:
    switch.appctl("dpctl/flush-conntrack")
    switch.appctl("revalidator/purge")
    before = reasons(switch.counters())
    assert not through(switch, 1, 2, udp(1, 2))
    assert not through(switch, 3, 4, udp(3, 4, (1000, 54)))
    switch.appctl("revalidator/purge")
    after = reasons(switch.counters())
    changed = {role for role in after if after[role] != before.get(role, 0)}
    assert changed == {"groups-in", "groups-out"}


def test_copies_of_a_broadcast_are_filtered_one_by_one(switch: RealSwitch) -> None:
    """From NIC 1: group 8 takes it, group 7 does not, and who is not filtered gets it."""
    switch.appctl("dpctl/flush-conntrack")
    drain(switch)
    shout = packets.ipv4_udp((mac_of(1), 0xFFFFFFFFFFFF), (str(CIDR4[1]), "10.0.255.255"), (1, 2))
    switch.send("tap1", shout)
    assert switch.wait_for("tap3") == [shout]
    assert switch.wait_for("tap4") == [shout]
    assert (switch.received("tap1"), switch.received("tap2")) == ([], [])
