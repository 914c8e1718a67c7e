"""IPv6 firewall rules: what may come into an isolated network, and what may go out of it, over IPv6.

Rule 1: its addresses are not translated, so a rule stands at the network's edge and not on a public address.
Rule 2: what comes in is opened rule by rule; what goes out is as the offering says for IPv4, and rules open or close it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from netloom.app.cloud.firewall_edge import IPV6, check_direction, inner, own_cidr
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.rules_cases import changing, ending, making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added, changed, revoke
from netloom.app.cloud.rules_places import EVERYBODY
from netloom.app.cloud.rules_provider import offers, protocols
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.acl import parse_direction
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import (
    FilterFields,
    Ipv6FirewallRule,
    TrafficDirection,
    check_traffic,
    fields_of,
)
from netloom.model.cloud.rules_traffic import Protocol, Traffic, parse_cidrs, parse_protocol
from netloom.model.cloud.services import Capability, ProviderFacts, Service

_PORTED: Final = frozenset({Protocol.TCP.value, Protocol.UDP.value})
_TRAFFIC: Final = tuple(FilterFields.__annotations__)


class CreateIpv6FirewallRule(msgspec.Struct, frozen=True, kw_only=True):
    """IPv6 packets to let into a network, or out of it.

    Attributes:
        direction: Ingress or Egress.
        sources, destinations: on the network's side within it, all of it when none is given; on the other, everybody.
    """

    network_id: Uuid
    direction: str = TrafficDirection.INGRESS.value
    protocol: str
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    display: bool = True


class UpdateIpv6FirewallRule(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of a rule; None stays. Ports and ICMP go with the protocol that they belong to.

    Attributes:
        direction: it stays as it is; another one is refused.
    """

    id: Uuid
    direction: str | None = None
    protocol: str | None = None
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    sources: tuple[str, ...] | None = None
    destinations: tuple[str, ...] | None = None
    display: bool | None = None


class DeleteIpv6FirewallRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule to end."""

    id: Uuid


def _create(work: Work, request: CreateIpv6FirewallRule) -> Ipv6FirewallRule:
    network = work.get(GuestNetwork, request.network_id, "networkid")
    direction = parse_direction(request.direction)
    rule = Ipv6FirewallRule(
        **work.owned(network),
        network_id=NetworkId(network.id),
        direction=direction,
        **fields_of(_traffic(work, network, direction, request)),
        display=request.display,
    )
    check_claim(work, claim_of(rule))
    return work.insert(added(rule))


def _traffic(
    work: Work, network: GuestNetwork, direction: TrafficDirection, asked: CreateIpv6FirewallRule
) -> Traffic:
    """The packets that are asked for, of a network that has such rules."""
    own = own_cidr(network, IPV6)
    facts = offers(work, network, Service.FIREWALL)
    check_direction(facts, network, direction, IPV6)
    protocol = parse_protocol(asked.protocol, _protocols(facts))
    ports, icmp = check_traffic(
        protocol, (asked.start_port, asked.end_port), (asked.icmp_type, asked.icmp_code)
    )
    everybody = (EVERYBODY[IPV6.version],)
    if direction is TrafficDirection.INGRESS:
        sources = parse_cidrs(asked.sources, "cidrlist", IPV6.version) or everybody
        destinations = inner(network, own, asked.destinations, "destcidrlist", IPV6)
    else:
        sources = inner(network, own, asked.sources, "cidrlist", IPV6)
        destinations = parse_cidrs(asked.destinations, "destcidrlist", IPV6.version) or everybody
    return Traffic(protocol, ports, icmp, sources, destinations)


def _protocols(facts: ProviderFacts) -> tuple[Protocol, ...]:
    """What the firewall takes in either direction: `all` is only said of egress, and means the same here."""
    into = protocols(facts, Service.FIREWALL)
    out = protocols(facts, Service.FIREWALL, Capability.SUPPORTED_EGRESS_PROTOCOLS)
    return tuple(protocol for protocol in Protocol if protocol in {*into, *out})


def _update(work: Work, request: UpdateIpv6FirewallRule) -> Ipv6FirewallRule:
    rule = work.get(Ipv6FirewallRule, request.id)
    if request.direction is not None and parse_direction(request.direction) is not rule.direction:
        raise Conflict(
            f"IPv6 firewall rule {rule.id} is for {rule.direction.value.lower()}, and stays so",
            code="immutable-field",
            subject="traffictype",
            hint="delete it, and create another",
        )
    if request.display is not None:
        rule = msgspec.structs.replace(rule, display=request.display)
    if all(getattr(request, name) is None for name in _TRAFFIC):
        return work.update(rule)
    network = network_seen(work, rule.network_id)
    traffic = _traffic(work, network, rule.direction, _merged(rule, request))
    after = msgspec.structs.replace(rule, **fields_of(traffic))
    check_claim(work, claim_of(after))
    return changed(work, after)


def _merged(rule: Ipv6FirewallRule, request: UpdateIpv6FirewallRule) -> CreateIpv6FirewallRule:
    """The rule as if it were asked for anew: what is not said is as it was, as far as the protocol still has it."""
    protocol = rule.protocol.value if request.protocol is None else request.protocol.lower()
    asked = CreateIpv6FirewallRule(
        network_id=rule.network_id,
        protocol=protocol,
        start_port=request.start_port,
        end_port=request.end_port,
        icmp_type=request.icmp_type,
        icmp_code=request.icmp_code,
        sources=rule.sources if request.sources is None else request.sources,
        destinations=rule.destinations if request.destinations is None else request.destinations,
    )
    if (asked.start_port, asked.end_port) == (None, None) and protocol in _PORTED:
        asked = msgspec.structs.replace(asked, start_port=rule.start_port, end_port=rule.end_port)
    if (asked.icmp_type, asked.icmp_code) == (None, None) and protocol == Protocol.ICMP.value:
        asked = msgspec.structs.replace(asked, icmp_type=rule.icmp_type, icmp_code=rule.icmp_code)
    return asked


def _delete(work: Work, request: DeleteIpv6FirewallRule) -> Ipv6FirewallRule:
    return revoke(work, work.get(Ipv6FirewallRule, request.id))


CREATE_IPV6_RULE = making(
    "ipv6_firewall_rule.create",
    "createIpv6FirewallRule",
    "IPV6.FIREWALL.RULE.CREATE",
    CreateIpv6FirewallRule,
    _create,
)
UPDATE_IPV6_RULE = changing(
    "ipv6_firewall_rule.update",
    "updateIpv6FirewallRule",
    "IPV6.FIREWALL.RULE.UPDATE",
    UpdateIpv6FirewallRule,
    _update,
)
DELETE_IPV6_RULE = ending(
    "ipv6_firewall_rule.delete",
    "deleteIpv6FirewallRule",
    "IPV6.FIREWALL.RULE.DELETE",
    DeleteIpv6FirewallRule,
    _delete,
)
USE_CASES = (CREATE_IPV6_RULE, UPDATE_IPV6_RULE, DELETE_IPV6_RULE)
