"""Rules at the edge of an isolated network, both ways: over IPv6, and over IPv4 where the network is routed.

Rule 1: its addresses are not translated, so a rule stands at the network's edge and not on a public address.
Rule 2: what comes in is opened rule by rule; what goes out is as the offering says, and rules open or close it.
Rule 3: the two kinds differ in their record, their family and their words; all else is written once (`BothWays`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec

from netloom.app.cloud.firewall_edge import IPV6, ROUTING, Edge, check_direction, inner, own_cidr
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.rules_cases import changing, ending, making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added, changed, revoke
from netloom.app.cloud.rules_places import EVERYBODY
from netloom.app.cloud.rules_provider import offers, protocols
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.acl import parse_direction
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import (
    EdgeRule,
    FilterFields,
    Ipv6FirewallRule,
    RoutingFirewallRule,
    TrafficDirection,
    check_traffic,
    fields_of,
)
from netloom.model.cloud.rules_traffic import Protocol, Traffic, parse_cidrs, parse_protocol
from netloom.model.cloud.services import Capability, ProviderFacts, Service

_PORTED: Final = frozenset({Protocol.TCP.value, Protocol.UDP.value})
_TRAFFIC: Final = tuple(FilterFields.__annotations__)


R = TypeVar("R", bound=EdgeRule)


class CreateEdgeRule(msgspec.Struct, frozen=True, kw_only=True):
    """Packets to let into a network, or out of it.

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


class UpdateEdgeRule(msgspec.Struct, frozen=True, kw_only=True):
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


class DeleteEdgeRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule to end."""

    id: Uuid


@dataclass(frozen=True)
class BothWays(Generic[R]):
    """One of the two kinds of rules: its record, where it is for, and its words.

    Attributes:
        noun: of the use cases.
        words: of the commands (`Ipv6FirewallRule`).
        event: what the types of events begin with.
    """

    record: type[R]
    edge: Edge
    noun: str
    words: str
    event: str

    def creating(self) -> UseCase[CreateEdgeRule, R]:
        """A new rule."""
        return making(
            f"{self.noun}.create", f"create{self.words}", f"{self.event}.CREATE", CreateEdgeRule, self._create
        )

    def updating(self) -> UseCase[UpdateEdgeRule, R]:
        """A rule for other packets."""
        return changing(
            f"{self.noun}.update", f"update{self.words}", f"{self.event}.UPDATE", UpdateEdgeRule, self._update
        )

    def deleting(self) -> UseCase[DeleteEdgeRule, R]:
        """A rule that goes."""
        return ending(
            f"{self.noun}.delete", f"delete{self.words}", f"{self.event}.DELETE", DeleteEdgeRule, self._delete
        )

    def _create(self, work: Work, request: CreateEdgeRule) -> R:
        network = work.get(GuestNetwork, request.network_id, "networkid")
        direction = parse_direction(request.direction)
        rule = self.record(
            **work.owned(network),
            network_id=NetworkId(network.id),
            direction=direction,
            **fields_of(_traffic(work, network, self.edge, direction, request)),
            display=request.display,
        )
        check_claim(work, claim_of(rule))
        return work.insert(added(rule))

    def _update(self, work: Work, request: UpdateEdgeRule) -> R:
        rule = work.get(self.record, request.id)
        if request.direction is not None and parse_direction(request.direction) is not rule.direction:
            raise Conflict(
                f"rule {rule.id} is for {rule.direction.value.lower()}, and stays so",
                code="immutable-field",
                subject="traffictype",
                hint="delete it, and create another",
            )
        if request.display is not None:
            rule = msgspec.structs.replace(rule, display=request.display)
        if all(getattr(request, name) is None for name in _TRAFFIC):
            return work.update(rule)
        network = network_seen(work, rule.network_id)
        traffic = _traffic(work, network, self.edge, rule.direction, _merged(rule, request))
        after = msgspec.structs.replace(rule, **fields_of(traffic))
        check_claim(work, claim_of(after))
        return changed(work, after)

    def _delete(self, work: Work, request: DeleteEdgeRule) -> R:
        return revoke(work, work.get(self.record, request.id))


def _traffic(
    work: Work, network: GuestNetwork, edge: Edge, direction: TrafficDirection, asked: CreateEdgeRule
) -> Traffic:
    """The packets that are asked for, of a network that has such rules."""
    own = own_cidr(work, network, edge)
    facts = offers(work, network, Service.FIREWALL)
    check_direction(facts, network, direction, edge)
    protocol = parse_protocol(asked.protocol, _protocols(facts))
    ports, icmp = check_traffic(
        protocol, (asked.start_port, asked.end_port), (asked.icmp_type, asked.icmp_code)
    )
    everybody = (EVERYBODY[edge.version],)
    if direction is TrafficDirection.INGRESS:
        sources = parse_cidrs(asked.sources, "cidrlist", edge.version) or everybody
        destinations = inner(network, own, asked.destinations, "destcidrlist", edge)
    else:
        sources = inner(network, own, asked.sources, "cidrlist", edge)
        destinations = parse_cidrs(asked.destinations, "destcidrlist", edge.version) or everybody
    return Traffic(protocol, ports, icmp, sources, destinations)


def _protocols(facts: ProviderFacts) -> tuple[Protocol, ...]:
    """What the firewall takes in either direction: `all` is only said of egress, and means the same here."""
    into = protocols(facts, Service.FIREWALL)
    out = protocols(facts, Service.FIREWALL, Capability.SUPPORTED_EGRESS_PROTOCOLS)
    return tuple(protocol for protocol in Protocol if protocol in {*into, *out})


def _merged(rule: EdgeRule, request: UpdateEdgeRule) -> CreateEdgeRule:
    """The rule as if it were asked for anew: what is not said is as it was, as far as the protocol still has it."""
    protocol = rule.protocol.value if request.protocol is None else request.protocol.lower()
    asked = CreateEdgeRule(
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


IPV6_RULES: Final = BothWays(
    Ipv6FirewallRule, IPV6, "ipv6_firewall_rule", "Ipv6FirewallRule", "IPV6.FIREWALL.RULE"
)
ROUTING_RULES: Final = BothWays(
    RoutingFirewallRule, ROUTING, "routing_firewall_rule", "RoutingFirewallRule", "ROUTING.IPV4.FIREWALL.RULE"
)
CREATE_IPV6_RULE, UPDATE_IPV6_RULE, DELETE_IPV6_RULE = (
    IPV6_RULES.creating(),
    IPV6_RULES.updating(),
    IPV6_RULES.deleting(),
)
CREATE_ROUTING_RULE, UPDATE_ROUTING_RULE, DELETE_ROUTING_RULE = (
    ROUTING_RULES.creating(),
    ROUTING_RULES.updating(),
    ROUTING_RULES.deleting(),
)
USE_CASES = (
    CREATE_IPV6_RULE,
    UPDATE_IPV6_RULE,
    DELETE_IPV6_RULE,
    CREATE_ROUTING_RULE,
    UPDATE_ROUTING_RULE,
    DELETE_ROUTING_RULE,
)
