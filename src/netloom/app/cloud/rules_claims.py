"""What stands on a public address, or at the edge of a network, in the way of something new.

Rule 1: reads are those of one address or network, restricted by ports in the query; whether what was read clashes is
    `model.cloud.rule_conflicts`' to say, from the records alone.
Rule 2: check and insert happen in one transaction under the writers' lock, so of two requests that clash one is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, true

from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.load_balancers import InternalLoadBalancer, LoadBalancer
from netloom.model.cloud.record import Record
from netloom.model.cloud.rule_conflicts import FIREWALLS, Claim, Purpose, check_free
from netloom.model.cloud.rules import (
    EdgeRule,
    FirewallRule,
    Ipv6FirewallRule,
    PortForwardingRule,
    RoutingFirewallRule,
    RuleState,
    StaticNatRule,
    TrafficDirection,
)
from netloom.model.cloud.rules_traffic import PortRange, Protocol, Traffic
from netloom.model.cloud.vpn import REMOTE_PORTS, RemoteAccessVpn, RemoteVpnState
from netloom.store.cloud.records import Where, columns

OnAddress = PortForwardingRule | LoadBalancer | StaticNatRule
"""Rules that lead packets of an address somewhere."""


def claim_of(rule: FirewallRule | EdgeRule | InternalLoadBalancer | OnAddress) -> Claim:
    """What a rule takes for itself."""
    if isinstance(rule, InternalLoadBalancer):
        return Claim(rule.id, Purpose.INTERNAL_BALANCING, rule.address_id, rule.network_id, rule.traffic)
    if isinstance(rule, EdgeRule):
        purpose = _EDGES[type(rule), rule.direction]
        return Claim(rule.id, purpose, rule.network_id, rule.network_id, rule.traffic)
    place = rule.public_ip_id if rule.public_ip_id is not None else rule.network_id
    return Claim(rule.id, _purpose(rule), place, rule.network_id, rule.traffic)


def vpn_claims(vpn_id: Uuid, public_ip_id: Uuid, network_id: Uuid) -> tuple[Claim, ...]:
    """What a remote access VPN takes for itself: its UDP ports."""
    return tuple(
        Claim(
            vpn_id,
            Purpose.VPN,
            public_ip_id,
            network_id,
            Traffic(Protocol.UDP, PortRange(port, port)),
        )
        for port in REMOTE_PORTS
    )


def check_claim(view: View, new: Claim, *, conserve: bool = True) -> None:
    """Refuse a claim that gets in the way of one that stands.

    Args:
        view: inside the transaction that will insert it.
        new: the claim.
        conserve: whether an address may serve several purposes.

    Raises:
        Conflict: it does (`rule-conflict`).
    """
    check_free(new, _standing(view, new, conserve=conserve), conserve=conserve)


def address_in_use(view: View, ip: PublicIp) -> Record | None:
    """A rule or VPN that leads packets of an address somewhere; None when there is none. Firewall rules do not count."""
    for record_type in (PortForwardingRule, LoadBalancer, StaticNatRule):
        c = columns(record_type)
        found = view.records.first(record_type, c.public_ip_id == ip.id)
        if found is not None:
            return found
    return _vpn_on(view, ip.id)


def _standing(view: View, new: Claim, *, conserve: bool) -> Iterator[Claim]:
    if new.purpose in FIREWALLS:
        yield from _firewall_claims(view, new)
        return
    if new.purpose is Purpose.INTERNAL_BALANCING:
        c = columns(InternalLoadBalancer)
        port = _overlaps(c.source_port, c.source_port, new.traffic.ports)
        balancers = view.records.select(
            InternalLoadBalancer, c.address_id == new.place, port, _stands(c.state)
        )
        yield from map(claim_of, balancers)
        return
    on_address: tuple[tuple[type[OnAddress], Purpose, str, str], ...] = (
        (PortForwardingRule, Purpose.PORT_FORWARDING, "public_start", "public_end"),
        (LoadBalancer, Purpose.LOAD_BALANCING, "public_port", "public_port"),
        (StaticNatRule, Purpose.STATIC_NAT, "start_port", "end_port"),
    )
    for record_type, purpose, first, last in on_address:
        c = columns(record_type)
        in_the_way = [_overlaps(c[first], c[last], new.traffic.ports), c.network_id != new.network_id]
        one_is_enough = new.purpose is not purpose and (
            not conserve or Purpose.STATIC_NAT in (purpose, new.purpose)
        )
        where = [c.public_ip_id == new.place, _stands(c.state)]
        if not one_is_enough:
            where.append(or_(*in_the_way))
        for rule in view.records.select(record_type, *where, limit=1 if one_is_enough else None):
            yield claim_of(rule)
    vpn = _vpn_on(view, new.place)
    if vpn is not None:
        yield from vpn_claims(vpn.id, vpn.public_ip_id, vpn.network_id or new.network_id)


def _firewall_claims(view: View, new: Claim) -> Iterator[Claim]:
    record_type: type[FirewallRule | EdgeRule] = FirewallRule
    direction: TrafficDirection | None = None
    edge = next((each for each, purpose in _EDGES.items() if purpose is new.purpose), None)
    if edge is not None:
        record_type, direction = edge
    elif new.place == new.network_id:
        direction = TrafficDirection.EGRESS
    c = columns(record_type)
    if direction is not None:
        where: list[Where] = [c.network_id == new.network_id, c.direction == direction.value]
    else:
        where = [c.public_ip_id == new.place]
    if new.traffic.protocol is not Protocol.ALL:
        where.append(c.protocol.in_([new.traffic.protocol.value, Protocol.ALL.value]))
    where += [_stands(c.state), _overlaps(c.start_port, c.end_port, new.traffic.ports)]
    for rule in view.records.select(record_type, *where):
        yield claim_of(rule)


def _vpn_on(view: View, public_ip_id: Uuid) -> RemoteAccessVpn | None:
    c = columns(RemoteAccessVpn)
    return view.records.first(
        RemoteAccessVpn, c.public_ip_id == public_ip_id, c.state != RemoteVpnState.REMOVED.value
    )


def _stands(state: ColumnElement[Any]) -> Where:
    return state != RuleState.REVOKE.value


def _overlaps(first: ColumnElement[Any], last: ColumnElement[Any], ports: PortRange | None) -> Where:
    """Rows whose ports may be among these; a row without ports has all."""
    if ports is None:
        return true()
    return or_(first.is_(None), and_(first <= ports.last, last >= ports.first))


def _purpose(rule: FirewallRule | OnAddress) -> Purpose:
    return _PURPOSES[type(rule)]


_EDGES: dict[tuple[type[EdgeRule], TrafficDirection], Purpose] = {
    (Ipv6FirewallRule, TrafficDirection.INGRESS): Purpose.IPV6_INGRESS,
    (Ipv6FirewallRule, TrafficDirection.EGRESS): Purpose.IPV6_EGRESS,
    (RoutingFirewallRule, TrafficDirection.INGRESS): Purpose.ROUTING_INGRESS,
    (RoutingFirewallRule, TrafficDirection.EGRESS): Purpose.ROUTING_EGRESS,
}
_PURPOSES: dict[type[Record], Purpose] = {
    FirewallRule: Purpose.FIREWALL,
    PortForwardingRule: Purpose.PORT_FORWARDING,
    LoadBalancer: Purpose.LOAD_BALANCING,
    StaticNatRule: Purpose.STATIC_NAT,
}
