"""Egress rules: what may go out of an isolated network.

Rule 1: their meaning follows the offering: where nothing goes out by default they open, where all does they close.
Rule 2: packets come from within the network; what is said of other sources is refused, not ignored.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.firewall import check_system, of_direction
from netloom.app.cloud.rules_cases import making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added
from netloom.app.cloud.rules_places import EVERYBODY
from netloom.app.cloud.rules_provider import offers, protocols
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.rules import FirewallRule, TrafficDirection, check_traffic
from netloom.model.cloud.rules_traffic import cidrs_within, parse_cidrs, parse_protocol
from netloom.model.cloud.services import Capability, ProviderFacts, Service


class CreateEgressRule(msgspec.Struct, frozen=True, kw_only=True):
    """Packets out of a network. No sources: the whole network; no destinations: everywhere."""

    network_id: Uuid
    protocol: str
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    display: bool = True
    system: bool = False


def _create_egress(work: Work, request: CreateEgressRule) -> FirewallRule:
    check_system(work, system=request.system)
    network = work.get(GuestNetwork, request.network_id, "networkid")
    _check_egress_place(network)
    facts = offers(work, network, Service.FIREWALL)
    _check_direction(facts, network)
    accepted = protocols(facts, Service.FIREWALL, Capability.SUPPORTED_EGRESS_PROTOCOLS)
    protocol = parse_protocol(request.protocol, accepted)
    ports, icmp = check_traffic(
        protocol, (request.start_port, request.end_port), (request.icmp_type, request.icmp_code)
    )
    sources = _egress_sources(network, parse_cidrs(request.sources))
    destinations = parse_cidrs(request.destinations, "destcidrlist")
    rule = FirewallRule(
        **work.owned(network),
        network_id=NetworkId(network.id),
        direction=TrafficDirection.EGRESS,
        protocol=protocol,
        start_port=None if ports is None else ports.first,
        end_port=None if ports is None else ports.last,
        icmp_type=None if icmp is None else icmp.type,
        icmp_code=None if icmp is None else icmp.code,
        sources=sources,
        destinations=destinations,
        display=request.display,
        system=request.system,
    )
    check_claim(work, claim_of(rule))
    return work.insert(added(rule))


def _egress_sources(network: GuestNetwork, asked: tuple[str, ...]) -> tuple[str, ...]:
    """What a rule's packets come from: the network's own CIDRs where everything is asked for."""
    own = {4: network.network_cidr or network.cidr, 6: network.cidr6}
    inside = tuple(cidr for cidr in own.values() if cidr is not None)
    if not asked:
        return inside
    everybody = {text: own[version] for version, text in EVERYBODY.items()}
    sources = tuple(dict.fromkeys(everybody.get(cidr) or cidr for cidr in asked))
    outside = [cidr for cidr in sources if not cidrs_within((cidr,), inside)]
    if outside:
        raise InvalidInput(
            f"{', '.join(outside)} is not within network {network.name} ({network.id})",
            code="cidr-outside-network",
            subject="cidrlist",
            hint=f"within {' or '.join(inside)}; where packets go to is destcidrlist",
        )
    return sources


def _check_egress_place(network: GuestNetwork) -> None:
    if network.guest_type is not GuestType.ISOLATED:
        raise InvalidInput(
            f"network {network.name} ({network.id}) is {network.guest_type.value}: it has no egress rules",
            code="egress-unsupported",
            subject="networkid",
            hint="an isolated network",
        )
    if network.vpc_id is not None:
        raise InvalidInput(
            f"network {network.name} ({network.id}) is a tier of a VPC: its ACL says what may go out",
            code="egress-unsupported",
            subject="networkid",
            hint="add an item with traffic type Egress to its ACL list",
        )


def _check_direction(facts: ProviderFacts, network: GuestNetwork) -> None:
    directions = facts.values(Service.FIREWALL, Capability.SUPPORTED_TRAFFIC_DIRECTION)
    if directions and TrafficDirection.EGRESS.value.lower() not in directions:
        raise InvalidInput(
            f"{facts.name}, the firewall of network {network.name} ({network.id}), has no egress rules",
            code="egress-unsupported",
            subject="networkid",
            hint=f"it has {', '.join(sorted(directions))}",
        )


CREATE_EGRESS_RULE = making(
    "egress_rule.create", "createEgressFirewallRule", "FIREWALL.EGRESS.OPEN", CreateEgressRule, _create_egress
)
UPDATE_EGRESS_RULE, DELETE_EGRESS_RULE = of_direction(
    TrafficDirection.EGRESS,
    "egress_rule",
    ("updateEgressFirewallRule", "deleteEgressFirewallRule"),
    ("FIREWALL.EGRESS.UPDATE", "FIREWALL.EGRESS.CLOSE"),
)
USE_CASES = (CREATE_EGRESS_RULE, UPDATE_EGRESS_RULE, DELETE_EGRESS_RULE)
