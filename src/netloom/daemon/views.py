"""Objects of the store as records of the planner's picture.

Rule 1: one function per kind, total: whatever the store accepted has a picture.
Rule 2: text becomes values here, once; below, nobody parses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from netloom.base.ids import HostId, NetworkId, NicId
from netloom.base.net import parse_mac
from netloom.model.cloud.acl_match import networks
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object
from netloom.plan.records import (
    Attachment,
    GroupRule,
    GroupView,
    HostView,
    NetworkView,
    NicView,
    ObjectRef,
    UplinkView,
)
from netloom.store.cloud.filters import GroupRules

PLANNED_KINDS = frozenset({Kind.HOST, Kind.NETWORK, Kind.NIC})
"""Kinds that the planner looks at; the others decide only what the use cases allow."""


def host_view(host: Host) -> HostView:
    """A host's picture."""
    return HostView(
        id=HostId(host.id),
        number=host.number,
        name=host.name,
        zone=host.zone_id,
        tunnel_ip=ipaddress.ip_address(host.tunnel_ip) if host.tunnel_ip else None,
        bridge=host.bridge,
        draining=host.drain,
        underlay_mtu=host.mtu,
        uplinks={
            uplink.physical_network_id: UplinkView(uplink.port or "", uplink.bridge or "")
            for uplink in host.uplinks
        },
    )


def network_view(network: Network) -> NetworkView:
    """A network's picture."""
    return NetworkView(
        id=NetworkId(network.id),
        number=network.number,
        name=network.name,
        isolation=network.isolation,
        zone=network.zone_id,
        segment=network.segment,
        cidr4=ipaddress.IPv4Network(network.cidr) if network.cidr else None,
        cidr6=ipaddress.IPv6Network(network.cidr6) if network.cidr6 else None,
        mtu=network.mtu,
        wires=network.physical_network_id,
        physical_network=network.physical_network,
    )


def nic_view(nic: Nic, groups: tuple[int, ...] | None = None, more: Iterable[str] = ()) -> NicView:
    """A NIC's picture; `groups`: the numbers of its security groups, None when it is not filtered; `more`: its secondary
    addresses.
    """
    attached = nic.attachment
    return NicView(
        id=NicId(nic.id),
        number=nic.number,
        name=nic.name,
        network_id=nic.network_id,
        mac=parse_mac(nic.mac),
        ipv4=ipaddress.IPv4Address(nic.ipv4) if nic.ipv4 else None,
        ipv6=ipaddress.IPv6Address(nic.ipv6) if nic.ipv6 else None,
        identity=nic.identity,
        attachment=Attachment(attached.host_id, attached.device) if attached else None,
        groups=groups,
        more=tuple(ipaddress.ip_address(address) for address in more),
    )


def group_view(found: GroupRules) -> GroupView:
    """A security group's picture. A rule about a group that is not there (any more) is left out: it allows nothing."""
    rules: list[GroupRule] = []
    for rule in found.rules:
        match = msgspec.structs.replace(rule.match, cidrs=())
        if rule.peer_group_id is None:
            rules += (GroupRule(rule.direction, match, cidr=cidr) for cidr in networks(rule.match.cidrs))
        elif rule.peer_group_id in found.numbers:
            rules.append(GroupRule(rule.direction, match, peer=found.numbers[rule.peer_group_id]))
    return GroupView(found.group.id, found.group.number, found.group.name, tuple(rules))


def view_of(
    item: Object, groups: tuple[int, ...] | None = None, more: Iterable[str] = ()
) -> HostView | NetworkView | NicView | None:
    """An object's picture; None for kinds that the planner does not look at. `groups` and `more` as in `nic_view`."""
    match item:
        case Host():
            return host_view(item)
        case Network():
            return network_view(item)
        case Nic():
            return nic_view(item, groups, more)
        case _:
            return None


def ref_of(kind: Kind, item: Object) -> ObjectRef:
    """An object as a cause."""
    return ObjectRef(kind, item.id, item.number, item.name)
