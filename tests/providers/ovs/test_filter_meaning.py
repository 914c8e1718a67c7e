"""The flows of security groups mean what `acl_program.decide` says that their rules mean."""

from __future__ import annotations

import ipaddress
import re

import pytest
from tests.providers.ovs.clouds import (
    CIDR4,
    CIDR6,
    Cloud,
    allow,
    group,
    mac_of,
    network,
    nic,
    nic_id,
)
from tests.providers.ovs.real_switch import RealSwitch
from tests.providers.ovs.test_real_switch import mac

from netloom.base.net import IPNetwork
from netloom.model.cloud.acl_program import Packet, Program, Rule, Verdict, decide
from netloom.model.cloud.rules import TrafficDirection
from netloom.plan.records import GroupRule

IN, OUT = TrafficDirection.INGRESS, TrafficDirection.EGRESS

# -- that it is what rules mean --------------------------------------------------------------------------------------

CASES: dict[str, tuple[GroupRule, ...]] = {
    "nothing": (),
    "one port": (allow("10.0.0.0/30", "tcp", (22, 22)),),
    "a range": (allow("0.0.0.0/0", "udp", (1000, 1999)),),
    "a range from a group": (allow(8, "tcp", (20, 29)),),
    "all from a group and a port from all": (allow(8), allow("0.0.0.0/0", "tcp", (22, 22))),
    "overlapping": (allow("10.0.0.0/16", "tcp", (20, 40)), allow("10.0.0.4/32", "tcp", (30, 50)), allow(8, "tcp", (31, 60))),
    "echo": (allow("0.0.0.0/0", "icmp", icmp=(8, 0)), allow("::/0", "icmp", icmp=(128, -1))),
    "any icmp of a group": (allow(8, "icmp", icmp=(-1, -1)),),
    "by number": (allow("0.0.0.0/0", "47"), allow("0.0.0.0/0", "17", (5, 5))),
    "IPv6 only": (allow("fd00::/126", "tcp", (22, 22)), allow("::/0", "udp", (53, 53))),
}  # fmt: skip
PROBES = [
    *((protocol, port, None) for protocol in (6, 17) for port in (5, 22, 35, 53, 1500, 2000)),
    (47, None, None),
    *((1, None, kind) for kind in (8, 13)),
    *((58, None, kind) for kind in (128, 1)),
]


def trace_text(source: int, probe: tuple[int, int | None, int | None], version: int) -> str:
    protocol, port, kind = probe
    cidr = CIDR4 if version == 4 else CIDR6
    names = ("nw_src", "nw_dst") if version == 4 else ("ipv6_src", "ipv6_dst")
    parts = [
        f"in_port={source}",
        "ip" if version == 4 else "ipv6",
        f"nw_proto={protocol}",
        f"dl_src={mac(mac_of(source))}",
        f"dl_dst={mac(mac_of(1))}",
        f"{names[0]}={cidr[source]}",
        f"{names[1]}={cidr[1]}",
    ]
    if port is not None:
        name = "tcp" if protocol == 6 else "udp"
        parts += [f"{name}_src=40000", f"{name}_dst={port}"]
    if kind is not None:
        parts += [
            f"icmp{'v6' if version == 6 else ''}_type={kind}",
            f"icmp{'v6' if version == 6 else ''}_code=0",
        ]
    return ",".join(parts)


def meaning(rules: tuple[GroupRule, ...], members: tuple[IPNetwork, ...]) -> Program:
    steps = tuple(
        Rule(nic_id(1), rule.match, members if rule.cidr is None else (rule.cidr,), Verdict.ALLOW)
        for rule in rules
    )
    return Program({IN: steps}, {IN: Verdict.DENY, OUT: Verdict.ALLOW})


@pytest.fixture(scope="module")
def switch(real_switch: RealSwitch) -> RealSwitch:
    for number in (1, 2, 4):
        real_switch.add_guest_port(f"tap{number}", number)
    return real_switch


@pytest.mark.parametrize("name", CASES)
def test_flows_mean_what_the_rules_mean(switch: RealSwitch, name: str) -> None:
    """Every probe from a member of a named group, from a stranger, in both families: `decide` and `ofproto/trace` agree."""
    cloud = Cloud()
    cloud.add_host(1)
    cloud.put(network(1), group(7, *CASES[name]), group(8), nic(1, groups=(7,)), nic(2, groups=(8,)), nic(4))
    for number in (1, 2, 4):
        cloud.plug(number, on=1)
    switch.clear()
    assert switch.install(cloud.flows(1)) == []
    members: tuple[IPNetwork, ...] = (
        ipaddress.ip_network(f"{CIDR4[2]}/32"),
        ipaddress.ip_network(f"{CIDR6[2]}/128"),
    )
    program = meaning(CASES[name], members)
    wrong: list[str] = []
    for source in (2, 4):
        for version in (4, 6):
            for probe in PROBES:
                protocol, port, kind = probe
                if (protocol, version) in {(1, 6), (58, 4)}:
                    continue
                peer = (CIDR4 if version == 4 else CIDR6)[source]
                packet = Packet(IN, peer, protocol, port, kind, None if kind is None else 0)
                told = switch.trace(trace_text(source, probe, version))
                last = re.findall(r"^Datapath actions: (.*)$", told, re.MULTILINE)[-1]
                passes = re.search(r"(^|,)\d+$", last) is not None
                if passes != (decide(program, packet).verdict is Verdict.ALLOW):
                    wrong.append(f"{source} {version} {probe}: {last}")
    assert wrong == []
