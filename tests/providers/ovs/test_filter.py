"""Security groups in the pipeline: which flows a change touches, and which it does not."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from tests.providers.ovs.clouds import (
    CIDR4,
    CIDR6,
    Cloud,
    allow,
    group,
    mac_of,
    network,
    nic,
)

from netloom.model.cloud.rules import TrafficDirection
from netloom.model.kinds import Cause
from netloom.plan.records import Remove
from netloom.providers.ovs.compile.group import blocks
from netloom.providers.ovs.explain import explain
from netloom.providers.ovs.pipeline.roles import Role

IN, OUT = TrafficDirection.INGRESS, TrafficDirection.EGRESS
OPEN = group(9)
"""Nothing comes in, everything goes out."""


def filtered(hosts: int = 1) -> Cloud:
    """Group 7 takes SSH from everybody, 8 takes everything from 7 and sends UDP 53 only.

    NICs 1 and 2 are in 7, 3 is in 8, 4 is not filtered.
    """
    cloud = Cloud()
    for number in range(1, hosts + 1):
        cloud.add_host(number)
    cloud.put(
        network(1),
        group(7, allow("0.0.0.0/0", "tcp", (22, 22)), allow("::/0", "tcp", (22, 22))),
        group(8, allow(7), allow("0.0.0.0/0", "udp", (53, 53), out=True)),
    )
    for number, groups in ((1, (7,)), (2, (7,)), (3, (8,)), (4, None)):
        cloud.put(nic(number, groups=groups))
        cloud.plug(number, on=1)
    return cloud


# -- what changes ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_blocks_are_exactly_the_range(one: int, other: int) -> None:
    first, last = sorted((one, other))
    found = list(blocks(first, last))
    covered = [(value, value | (0xFFFF ^ mask)) for value, mask in found]
    assert covered[0][0] == first
    assert covered[-1][1] == last
    assert all(ends + 1 == begins for (_, ends), (begins, _) in itertools.pairwise(covered))
    assert all(value & mask == value for value, mask in found)
    assert len(found) <= 30


def test_a_rule_changes_its_own_flows_where_its_group_is() -> None:
    cloud = filtered(hosts=3)
    cloud.put(nic(5, groups=(7,)))
    cloud.plug(5, on=2)
    cloud.put(nic(6, groups=None))
    cloud.plug(6, on=3)
    before = [len(cloud.flows(number)) for number in (1, 2, 3)]
    rules = cloud.view.groups[7].rules
    cloud.put(group(7, *rules, allow("192.0.2.0/24", "tcp", (80, 80))))
    assert cloud.changed_flows() == {1: (1, 0), 2: (1, 0)}
    cloud.put(group(7, *rules))
    assert cloud.changed_flows() == {1: (0, 1), 2: (0, 1)}
    assert [len(cloud.flows(number)) for number in (1, 2, 3)] == before
    cloud.check()


def test_the_first_rule_outwards_closes_each_nic_of_the_group_and_no_other() -> None:
    cloud = filtered()
    rules = cloud.view.groups[7].rules
    cloud.put(group(7, *rules, allow("192.0.2.0/24", out=True)))
    # Two NICs: two flows become one, and one counts what is dropped; the group: one that asks, one of the rule.
    assert cloud.changed_flows() == {1: (2 * 2 + 2, 2 * 2)}
    cloud.check()


def test_an_instance_that_joins_changes_its_own_flow_and_where_it_is_named() -> None:
    cloud = filtered(hosts=2)
    cloud.put(nic(5, groups=(9,)), OPEN)
    cloud.plug(5, on=2)
    cloud.put(nic(5, groups=(7, 9)))
    # Host 1 shows NIC 3, whose group names 7: two addresses. Host 2 shows NIC 5: what it asks, and the rules of 7.
    assert cloud.changed_flows() == {1: (2, 0), 2: (1 + 3, 0)}
    cloud.put(nic(5, groups=(9,)))
    assert cloud.changed_flows() == {1: (0, 2), 2: (1, 3)}
    cloud.check()


def test_a_nic_brings_its_groups_with_it_and_the_last_one_takes_them_along() -> None:
    cloud = filtered(hosts=2)
    cloud.put(nic(5, groups=(8,)), nic(6, groups=(8,)))
    with_network = dict(cloud.changed_flows())
    cloud.plug(5, on=2)
    gone = {"filter", "group", "member-in"}
    made = {fragment.key.kind for fragment in cloud.desired(2).fragments.each()}
    assert gone <= made
    assert with_network == {}
    rules_and_members = (
        1 + 2 + 1 + 1 + 2 * 2
    )  # inwards: asks, two families; outwards: asks, one rule; two members
    count = len(cloud.flows(2))
    cloud.plug(6, on=2)
    per_nic = len(cloud.flows(2)) - count
    cloud.unplug(6, on=2)
    cloud.unplug(5, on=2)
    assert count - per_nic >= rules_and_members
    assert not {fragment.key.kind for fragment in cloud.desired(2).fragments.each()} & gone
    cloud.check()


def test_a_group_that_is_not_known_yet_allows_nothing_and_one_that_goes_takes_its_flows() -> None:
    cloud = filtered()
    cloud.put(nic(5, groups=(10,)))
    cloud.plug(5, on=1)
    cloud.check()
    assert not [key for key in cloud.desired(1).fragments if key.kind == "group" and key.number == 10]
    cloud.put(group(10, allow("0.0.0.0/0")))
    assert cloud.changed_flows() == {1: (2, 0)}
    cloud.feed(cloud.view.edit(Remove(Cause.SECURITY_GROUP, group(10).id)))
    cloud.take()
    assert cloud.changed_flows() == {1: (0, 2)}
    cloud.check()


def test_what_is_not_filtered_has_no_flow_of_this() -> None:
    cloud = filtered()
    for number in (1, 2, 3):
        cloud.unplug(number, on=1)
    assert {fragment.key.kind for fragment in cloud.desired(1).fragments.each()} >= {"local", "guard"}
    assert not {
        fragment.key.kind for fragment in cloud.desired(1).fragments.each()
    } & {"filter", "group", "member-in", "member-out"}  # fmt: skip


def test_members_are_not_multiplied_by_rules() -> None:
    cloud = filtered()
    rules = tuple(allow(7, "tcp", (port, port)) for port in range(100, 200))
    cloud.put(group(8, *rules))
    members = [f for f in cloud.desired(1).fragments.each() if f.key.kind == "member-in"]
    assert sum(len(fragment.flows) for fragment in members) == 2 * 2
    ((asks, *each),) = [
        f.flows for f in cloud.desired(1).fragments.each() if f.key.kind == "group" and f.key.number == 8
    ]
    assert len(each) == 2 * len(rules)
    assert len(asks.actions) == 3


def test_two_networks_with_one_address_count_as_one_member() -> None:
    cloud = filtered()
    cloud.put(network(2), nic(5, of=2, mac=mac_of(1), ipv4=CIDR4[1], ipv6=CIDR6[1], groups=(7,)))
    cloud.plug(5, on=1)
    cloud.check()
    cloud.put(nic(1, groups=()))  # its rival takes over
    cloud.check()
    kept = [f for f in cloud.desired(1).fragments.each() if f.key.kind == "member-in" and f.key.number == 5]
    assert sum(len(fragment.flows) for fragment in kept) == 2


def test_a_filtered_nic_has_no_family_in_which_it_may_choose_its_address() -> None:
    cloud = Cloud()
    cloud.add_host(1)
    cloud.put(network(1, cidr4=None, cidr6=None))
    spoofs = {Role.SPOOF_IPV4.reason, Role.SPOOF_IPV6.reason}
    for groups, found in ((None, set()), ((), spoofs)):
        cloud.put(nic(1, ipv4=None, ipv6=None, groups=groups))
        cloud.plug(1, on=1)
        guards = [f for f in cloud.desired(1).fragments.each() if f.key.kind == "guard"]
        told = {explain(flow.cookie) for fragment in guards for flow in fragment.flows}
        assert {each.role for each in told if each is not None} & spoofs == found
        cloud.check()
