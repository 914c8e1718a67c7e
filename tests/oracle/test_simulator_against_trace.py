"""The simulator against `ofproto/trace` of a real switch: the same flows met in the same order, the same ports."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracle import frames
from tests.oracle.table_simulator import PRESENT, Journey, Tables, packet
from tests.providers.ovs.clouds import (
    CIDR4,
    CIDR6,
    TUNNEL_PORTS,
    UPLINK,
    UPLINK_PORT,
    Cloud,
    mac_of,
    network,
    nic,
    vlan,
)
from tests.providers.ovs.real_switch import RealSwitch

from netloom.wire.openflow.match import Match
from netloom.wire.openflow.text import format_match

pytestmark = pytest.mark.oracle

MET = re.compile(r"^\s*(\d+)\. .*priority (\d+), cookie (0x[0-9a-f]+)", re.MULTILINE)
LEFT = re.compile(
    r"output port is (\d+)$(?!\n.*skipping output to input port)|^\s+output:(\d+)$|^\s+(IN_PORT)$",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    cloud = Cloud()
    for number in (1, 2, 3):
        cloud.add_host(number, **UPLINK)
    cloud.put(
        network(1), network(2, cidr4=None, cidr6=None), vlan(3), vlan(4, segment=0, cidr4=None, cidr6=None)
    )
    for number, of_network, on in (
        *((1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 2, 1), (5, 2, 3)),
        *((6, 3, 1), (7, 3, 1), (8, 3, 2), (10, 4, 1)),
    ):
        cloud.put(nic(number, of_network))
        cloud.plug(number, on)
    cloud.put(nic(4, 2, ipv4=None, ipv6=None))
    cloud.plug(2, on=3, ofport=22)  # on two hosts
    cloud.plug(7, on=3, ofport=27)
    return cloud


@pytest.fixture(scope="module")
def switch(real_switch: RealSwitch, cloud: Cloud) -> RealSwitch:
    for number in (1, 2, 4, 6, 7, 10):
        real_switch.add_guest_port(f"tap{number}", number)
    real_switch.add_guest_port("foreign", 9)
    real_switch.add_guest_port("eth1", UPLINK_PORT)
    for isolation, ofport in TUNNEL_PORTS.items():
        real_switch.add_tunnel_port(f"t-{isolation.value}", isolation.value, "192.0.2.2", ofport)
    assert real_switch.install(cloud.flows(1)) == []
    return real_switch


macs = st.sampled_from([*map(mac_of, range(1, 9)), mac_of(10), 0x02FFFFFFFFFF])
macs_to = macs | st.sampled_from([frames.BROADCAST, 0x01005E000001, 0x0180C200000E])
ips = st.sampled_from([*(CIDR4[number] for number in (1, 2, 3, 6, 7, 8, 99)), "0.0.0.0"])
ip6s = st.sampled_from([*(CIDR6[number] for number in (1, 2, 3, 99)), frames.local(mac_of(1)), "::"])
options = st.sampled_from([mac_of(1), mac_of(2), None])
fields = st.one_of(
    st.builds(frames.udp, st.tuples(macs, ips), st.tuples(macs_to, ips)),
    st.builds(frames.udp6, st.tuples(macs, ip6s), st.tuples(macs_to, ip6s)),
    st.builds(lambda mac, spa, tpa, sha: frames.arp_request(mac, spa, tpa, sha=sha), macs, ips, ips, macs),
    st.builds(lambda mac, ip, to, sll: frames.solicitation(mac, ip, to, sll=sll), macs, ip6s, ip6s, options),
    st.builds(lambda mac, ip, to, tll: frames.advertisement(mac, ip, to, tll=tll), macs, ip6s, ip6s, options),
    st.builds(frames.icmpv6, macs, ip6s, st.sampled_from([128, 133, 134, 137, 143])),
    st.builds(frames.dhcp_discover, macs),
    st.builds(frames.other, macs, st.sampled_from([0x8035, 0x88CC, 0x8847]), macs_to),
)
inputs = st.one_of(
    st.sampled_from([{"in_port": number} for number in (1, 2, 4, 6, 7, 9, 10)]),
    st.builds(
        lambda tag: {"in_port": UPLINK_PORT} | ({} if tag is None else {"vlan_vid": PRESENT | tag}),
        st.sampled_from([103, 103, 0, 99, None]),
    ),
    st.builds(
        lambda port, key: {"in_port": port, "tun_id": key},
        st.sampled_from(list(TUNNEL_PORTS.values())),
        st.sampled_from([5001, 5002, 7]),
    ),
)


def traced(switch: RealSwitch, given_fields: dict[str, int]) -> tuple[list[tuple[int, int, int]], list[int]]:
    match = {name: value for name, value in given_fields.items() if name != "nd_options_type"}
    text = format_match(Match.of(**match))
    for short, exact in (("icmp_", "icmpv6_"), ("tp_src", "udp_src"), ("tp_dst", "udp_dst")):
        text = text.replace(short, exact)  # what is short for something does not do here
    if option := given_fields.get("nd_options_type"):
        text += f",nd_options_type={option}"
    told = switch.trace(text).partition("Final flow:")[0]
    met = [(int(table), int(priority), int(cookie, 16)) for table, priority, cookie in MET.findall(told)]
    ports = [int(a or b) if a or b else given_fields["in_port"] for a, b, _ in LEFT.findall(told)]
    return met, ports


def simulated(journey: Journey) -> tuple[list[tuple[int, int, int]], list[int]]:
    return [(flow.table, flow.priority, flow.cookie) for flow in journey.met], journey.ports


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entry=inputs, frame=fields)
def test_the_simulator_goes_the_same_way(
    switch: RealSwitch, cloud: Cloud, entry: dict[str, int], frame: dict[str, int]
) -> None:
    ours = simulated(Tables(cloud.flows(1)).send(packet(**entry, **frame)))
    assert ours[0]
    assert ours == traced(switch, entry | frame)
