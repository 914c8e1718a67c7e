"""A security group's rules and members, alike on every switch that shows a NIC in it.

Rule 1: a look is one table's: which flow of it matches does not matter, all of them allow. What names a group is looked at
    only when the other side was found to be its member.
Rule 2: members are told once for each group that rules name, rules once for each group: nothing is multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from netloom.base.net import IPNetwork
from netloom.model.cloud.acl_match import ICMP, Match, protocol_number
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.rules_traffic import ANY_ICMP
from netloom.plan.ports import GroupKey
from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import GroupRule, GroupView, HostView, NicView, View
from netloom.providers.ovs.compile import keys as k
from netloom.providers.ovs.compile.flows import ETH_IPV4, ETH_IPV6, flow, resubmit
from netloom.providers.ovs.pipeline import registers as r
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority, Table
from netloom.wire.openflow.actions import Action
from netloom.wire.openflow.flow import Flow

_TYPES: Final = {4: ETH_IPV4, 6: ETH_IPV6}
_PORTS: Final = {6: "tcp_dst", 17: "udp_dst", 132: "sctp_dst"}
_ICMP: Final = {4: ("icmp_type", "icmp_code"), 6: ("icmpv6_type", "icmpv6_code")}
_ALLOW: Final[tuple[Action, ...]] = (r.VERDICT.set(1),)

Fields = dict[str, int | tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Way:
    """The tables of one direction, and the fields of the other side's address."""

    group: Table
    members: Table
    rules: Table
    fields: dict[int, str]


_WAYS: Final = {
    TrafficDirection.EGRESS: _Way(t.SEND_GROUP, t.SEND_MEMBERS, t.SEND_RULES, {4: "ip_dst", 6: "ipv6_dst"}),
    TrafficDirection.INGRESS: _Way(
        t.RECEIVE_GROUP, t.RECEIVE_MEMBERS, t.RECEIVE_RULES, {4: "ip_src", 6: "ipv6_src"}
    ),
}
_WAY_OF: Final = {k.MEMBERS[direction]: way for direction, way in _WAYS.items()}


def groups_here(view: View, host: HostView) -> frozenset[GroupKey]:
    """The groups that NICs on a host are in, and those that these name."""
    if not view.members:
        return frozenset()
    numbers = {
        number
        for network_id in view.networks_on.get(host.id, ())
        if (network := view.networks.get(network_id)) is not None and network.zone == host.zone
        for nic_id in view.presence[network_id][host.id]
        for number in view.nics[nic_id].groups or ()
    }
    found = {GroupKey(k.RULES, number) for number in numbers}
    for group in filter(None, map(view.groups.get, numbers)):
        for direction, kind in k.MEMBERS.items():
            found.update(GroupKey(kind, peer) for peer in group.peers(direction))
    return frozenset(found)


def group_keys(view: View, group: GroupKey) -> Iterator[FragmentKey]:
    """The fragments of a group's rules, or of the members of one that is named."""
    if group.kind == k.RULES:
        yield FragmentKey(k.GROUP, group.number)
        return
    for nic_id in view.members.get(group.number, ()):
        yield FragmentKey(k.MEMBER_KINDS[group.kind], view.nics[nic_id].number, group.number)


def compile_group(view: View, key: FragmentKey) -> Fragment | None:
    """A group's rules in both directions; None while it has none."""
    group = view.groups.get(key.number)
    if group is None or not group.rules:
        return None
    flows: dict[tuple[object, ...], Flow] = {}
    for direction, way in _WAYS.items():
        for made in _flows_of(group, direction, way):
            flows[made.key] = made
    return Fragment(key, tuple(flows.values()), (group.ref,))


def compile_member(view: View, group: GroupKey, key: FragmentKey) -> Fragment | None:
    """That a NIC's addresses are a member's, for the rules that name the group; None when it is not in it."""
    nic = view.nic_numbers.get(key.number)
    if nic is None or group.number not in (nic.groups or ()) or key.part != group.number:
        return None
    if key.kind != k.MEMBER_KINDS[group.kind]:
        return None
    flows = tuple(_member_flows(view, nic, group.number, _WAY_OF[group.kind]))
    return Fragment(key, flows, (nic.ref,)) if flows else None


def _member_flows(view: View, nic: NicView, group: int, way: _Way) -> Iterator[Flow]:
    """One flow an address, of the member with the lowest number when several networks have it."""
    cookie = cookie_of(Role.GROUP_MEMBER, nic.number)
    for address in nic.given:
        if view.by_member[group, address][0].id != nic.id:
            continue
        match: Fields = {"eth_type": _TYPES[address.version], way.fields[address.version]: int(address)}
        match[r.MEMBER_OF.key] = group
        yield flow(way.members, Priority.ALLOW, cookie, (resubmit(way.rules),), **match)


def _flows_of(group: GroupView, direction: TrafficDirection, way: _Way) -> Iterator[Flow]:
    rules = [rule for rule in group.rules if rule.direction is direction]
    if not rules:
        return
    actions: list[Action] = []
    if any(rule.peer is None for rule in rules):
        actions.append(resubmit(way.rules))
    peers = group.peers(direction)
    for peer in peers:
        actions += (r.MEMBER_OF.set(peer), resubmit(way.members))
    if peers:
        actions.append(r.MEMBER_OF.set(0))
    here: Fields = {r.GROUP.key: group.number}
    yield flow(way.group, Priority.ALLOW, cookie_of(Role.GROUP_ASK, group.number), tuple(actions), **here)
    allow = cookie_of(Role.GROUP_RULE, group.number)
    for rule in rules:
        for match in _matches(rule, way):
            yield flow(
                way.rules, Priority.ALLOW, allow, _ALLOW,
                **here, **{r.MEMBER_OF.key: rule.peer or 0}, **match,
            )  # fmt: skip


def _matches(rule: GroupRule, way: _Way) -> Iterator[Fields]:
    """A rule's matches: one for each family that it speaks of and each aligned block of its ports."""
    for version in (4, 6):
        if rule.cidr is not None and rule.cidr.version != version:
            continue
        fields: Fields = {"eth_type": _TYPES[version], **_side(rule.cidr, way.fields[version])}
        number = protocol_number(rule.match.protocol, version)
        if number is not None:
            fields["nw_proto"] = number
        if rule.match.protocol == ICMP:
            fields |= _icmp(rule.match, version)
        if rule.match.start_port is None or rule.match.end_port is None:
            yield fields
        elif number in _PORTS:
            for block in blocks(rule.match.start_port, rule.match.end_port):
                yield fields | ({_PORTS[number]: block} if block[1] else {})


def _side(cidr: IPNetwork | None, field: str) -> Fields:
    if cidr is None or cidr.prefixlen == 0:
        return {}
    return {field: (int(cidr.network_address), int(cidr.netmask))}


def _icmp(match: Match, version: int) -> Fields:
    names = _ICMP[version]
    values = (match.icmp_type, match.icmp_code)
    return {
        name: value
        for name, value in zip(names, values, strict=True)
        if value is not None and value != ANY_ICMP
    }


def blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The fewest aligned blocks that make up a range of 16-bit numbers, as value and mask; mask 0 is all of them."""
    while first <= last:
        size = (first & -first) or 1 << 16
        while size > last - first + 1:
            size >>= 1
        yield first, 0x10000 - size
        first += size
