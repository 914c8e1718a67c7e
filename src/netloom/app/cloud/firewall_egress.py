"""Egress rules: what may go out of an isolated network over IPv4.

Rule 1: their meaning follows the offering: where nothing goes out by default they open, where all does they close.
Rule 2: packets come from within the network; what is said of other sources is refused, not ignored.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.firewall import check_system, of_direction
from netloom.app.cloud.firewall_edge import EGRESS, check_direction, inner, own_cidr
from netloom.app.cloud.rules_cases import making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added
from netloom.app.cloud.rules_provider import offers, protocols
from netloom.app.cloud.work import Work
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import FirewallRule, TrafficDirection, check_traffic, fields_of
from netloom.model.cloud.rules_traffic import Traffic, parse_cidrs, parse_protocol
from netloom.model.cloud.services import Capability, Service


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
    own = own_cidr(work, network, EGRESS)
    facts = offers(work, network, Service.FIREWALL)
    check_direction(facts, network, TrafficDirection.EGRESS, EGRESS)
    accepted = protocols(facts, Service.FIREWALL, Capability.SUPPORTED_EGRESS_PROTOCOLS)
    protocol = parse_protocol(request.protocol, accepted)
    ports, icmp = check_traffic(
        protocol, (request.start_port, request.end_port), (request.icmp_type, request.icmp_code)
    )
    sources = inner(network, own, request.sources, "cidrlist", EGRESS)
    destinations = parse_cidrs(request.destinations, "destcidrlist", EGRESS.version)
    rule = FirewallRule(
        **work.owned(network),
        network_id=NetworkId(network.id),
        direction=TrafficDirection.EGRESS,
        **fields_of(Traffic(protocol, ports, icmp, sources, destinations)),
        display=request.display,
        system=request.system,
    )
    check_claim(work, claim_of(rule))
    return work.insert(added(rule))


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
