"""Incremental compiling equals full recompute, whatever happens in whatever order; flow keys stay unique."""

from __future__ import annotations

import ipaddress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.ovs.clouds import (
    CIDR4,
    CIDR6,
    FACTS,
    TUNNEL_PORTS,
    Cloud,
    allow,
    group,
    host,
    host_id,
    network,
    network_id,
    nic,
    nic_id,
)

from netloom.model.isolation import Isolation
from netloom.model.kinds import Cause, Kind
from netloom.plan.view import (
    GroupView,
    HostView,
    NetworkView,
    NicView,
    PlainPort,
    PortSeen,
    Remove,
    SwitchFacts,
    UplinkView,
)
from netloom.providers.ovs.compile.ports import foreseen_facts

HOSTS, NETWORKS, NICS, GROUPS = (1, 2, 300), (1, 2), (1, 2, 3, 4), (7, 8)

UPLINKS = [{}, {"p": UplinkView("eth1")}, {"p": UplinkView("eth1"), "q": UplinkView(bridge="br-ex")}]
PLAIN = [{}, {"eth1": PlainPort(7, 1500)}, {"eth1": PlainPort(8, 1300), "br-int-to-br-ex": PlainPort(9)}]

hosts = st.builds(
    lambda number, tunnel_ip, zone, mtu, draining, uplinks: host(
        number, tunnel_ip=tunnel_ip and ipaddress.ip_address(f"{tunnel_ip}{number % 250}"), zone=zone,
        underlay_mtu=mtu, draining=draining, uplinks=uplinks,
    ),
    st.sampled_from(HOSTS), st.sampled_from(["192.0.2.", "192.0.2.", "2001:db8::", None]),
    st.sampled_from(["a", "a", "a", "b"]), st.sampled_from([1500, 1500, 9000]), st.booleans(),
    st.sampled_from(UPLINKS),
)  # fmt: skip
networks = st.builds(
    lambda number, isolation, segment, cidr4, cidr6, mtu, wires: network(
        number, isolation, segment=segment, cidr4=cidr4, cidr6=cidr6, zone="a", mtu=mtu, wires=wires
    ),
    st.sampled_from(NETWORKS), st.sampled_from([Isolation.VXLAN, Isolation.GRE, Isolation.VLAN, Isolation.VLAN]),
    st.sampled_from([7, 8, 0, None]), st.sampled_from([CIDR4, None]), st.sampled_from([CIDR6, None]),
    st.sampled_from([None, 1450, 1500]), st.sampled_from(["p", "p", "q"]),
)  # fmt: skip
nics = st.builds(
    lambda number, of, address, mac, identity, groups, more: nic(
        number, of, mac=0x020000000000 + mac, ipv4=address and CIDR4[address], ipv6=address and CIDR6[address],
        identity=identity, groups=groups, more=more,
    ),
    st.sampled_from(NICS), st.sampled_from(NETWORKS), st.sampled_from([None, 1, 2]), st.integers(1, 3),
    st.sampled_from(["", "", "same"]), st.sampled_from([None, (), (GROUPS[0],), GROUPS]),
    st.sampled_from([(), (), (CIDR4[2],), (CIDR4[9], CIDR6[9])]),
)  # fmt: skip
rules = st.sampled_from([
    allow("192.0.2.0/24", "tcp", (80, 90)), allow("2001:db8::/32", "icmp"), allow(GROUPS[0], "udp", (5, 5)),
    allow(GROUPS[1]), allow("0.0.0.0/0", "tcp", (80, 80), out=True), allow(GROUPS[1], "tcp", (1, 9), out=True),
])  # fmt: skip
groups = st.builds(
    lambda number, some: group(number, *some),
    st.sampled_from(GROUPS),
    st.lists(rules, max_size=3, unique=True),
)
ports = st.builds(
    lambda on, name, identity, ofport, mtu: PortSeen(host_id(on), name, identity, ofport, mtu),
    st.sampled_from(HOSTS), st.sampled_from(["tap1", "tap2", "tap3"]),
    st.sampled_from([*map(nic_id, NICS), "same", "nobody's"]), st.sampled_from([1, 2, 300, 1002]),
    st.sampled_from([None, None, 1400, 1460, 9000]),
)  # fmt: skip
gone_ports = st.tuples(st.sampled_from(HOSTS), st.sampled_from(["tap1", "tap2", "tap3"]))
facts = st.builds(
    lambda on, capable, ports, plain: SwitchFacts(host_id(on), FACTS if capable else frozenset(), ports, plain),
    st.sampled_from(HOSTS), st.booleans(), st.sampled_from([{}, TUNNEL_PORTS, {Isolation.VXLAN: 5}]),
    st.sampled_from(PLAIN),
)  # fmt: skip
removals = st.one_of(
    st.builds(lambda n: Remove(Kind.HOST, host_id(n)), st.sampled_from(HOSTS)),
    st.builds(lambda n: Remove(Kind.NETWORK, network_id(n)), st.sampled_from(NETWORKS)),
    st.builds(lambda n: Remove(Kind.NIC, nic_id(n)), st.sampled_from(NICS)),
    st.builds(lambda n: Remove(Cause.SECURITY_GROUP, group(n).id), st.sampled_from(GROUPS)),
)
edits = st.one_of(hosts, networks, nics, groups, removals)
steps = st.one_of(edits, nics, groups, ports, ports, gone_ports, facts)
Step = HostView | NetworkView | NicView | GroupView | Remove | PortSeen | SwitchFacts | tuple[int, str]


def feed(cloud: Cloud, step: Step) -> None:
    match step:
        case PortSeen():
            cloud.feed(cloud.view.observe_port(step))
        case SwitchFacts():
            cloud.feed(cloud.view.observe_facts(step.host_id, step))
        case (on, name):
            cloud.feed(cloud.view.forget_port(host_id(on), name))
        case _:
            cloud.feed(cloud.view.edit(step))


def everything() -> Cloud:
    """A cloud in full swing, so that random steps meet something."""
    cloud = Cloud()
    for number in HOSTS:
        cloud.add_host(number, zone="a", plain=PLAIN[2], uplinks=UPLINKS[1])
    cloud.put(network(1, zone="a", wires="p"), network(2, Isolation.VLAN, zone="a", wires="p", segment=7))
    cloud.put(group(7, allow(8), allow("0.0.0.0/0", out=True)), group(8, allow("0.0.0.0/0", "tcp", (22, 22))))
    for number in NICS:
        cloud.put(nic(number, 1 + number % 2, groups=((7,), (8,), None)[number % 3]))
        cloud.plug(number, HOSTS[number % 3])
    cloud.check()
    return cloud


@settings(max_examples=60)
@given(st.lists(st.tuples(steps, st.booleans()), max_size=25))
def test_incremental_equals_recompute_from_nothing(script: list[tuple[Step, bool]]) -> None:
    cloud = Cloud()
    for step, take in script:
        feed(cloud, step)
        if take:
            cloud.take()
            cloud.check()
    cloud.take()
    cloud.check()


@settings(max_examples=60)
@given(st.lists(st.tuples(steps, st.booleans()), min_size=1, max_size=15))
def test_incremental_equals_recompute_in_full_swing(script: list[tuple[Step, bool]]) -> None:
    cloud = everything()
    for step, take in script:
        feed(cloud, step)
        if take:
            cloud.take()
            cloud.check()
    cloud.take()
    cloud.check()


@settings(max_examples=40)
@given(st.lists(steps, max_size=10), st.lists(edits, max_size=6))
def test_a_rehearsal_leaves_no_trace(before: list[Step], rehearsed: list[HostView]) -> None:
    cloud = everything()
    for step in before:
        feed(cloud, step)
    twin = everything()
    for step in before:
        feed(twin, step)
    told = cloud.planner.rehearse(rehearsed)
    assert cloud.take() == twin.take()
    cloud.check()
    for edit in rehearsed:
        feed(cloud, edit)
    for on, change in told.items():
        # What a switch shows of its new ports was foreseen.
        if change.ports is not None and on in cloud.view.hosts:
            shown = foreseen_facts(cloud.view.facts.get(on), change.ports)
            cloud.feed(cloud.view.observe_facts(on, shown))
    assert cloud.take() == told
    cloud.check()
