"""Giving rules to the provider of their service: first whether there is one, later what it shall have.

Rule 1: a provider is told all rules of a network and stage as they stand, never a difference; revoked ones are not among
    them. With the rules come the public addresses that they stand on.
Rule 2: what stands is read and told in one turn: lists of VPCs change in other lines than their tiers' rules do.
Rule 3: a network that is not implemented has nothing to program: what it needs is told to the provider when it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from netloom.app.cloud.acl_lists import acl_of
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_facts import facts_of, is_up
from netloom.app.cloud.providers_told import have_done
from netloom.app.cloud.vpn_stage import vpns_of_network
from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.dns import DnsRecord
from netloom.model.cloud.load_balancers import (
    HealthCheck,
    InternalLbAddress,
    InternalLbMember,
    InternalLoadBalancer,
    LbMember,
    LoadBalancer,
    SslCertificate,
    Stickiness,
)
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import Record
from netloom.model.cloud.rules import (
    EdgeRule,
    FirewallRule,
    Ipv6FirewallRule,
    PortForwardingRule,
    RoutingFirewallRule,
    Rule,
    RuleEvent,
    RuleState,
    StaticNatRule,
    TrafficDirection,
    next_rule_state,
)
from netloom.model.cloud.rules_traffic import Protocol
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.model.cloud.untold import Mark
from netloom.plan.elements import RULE_ORDER, NetworkElement, NetworkFacts, RuleStage
from netloom.store.cloud.records import Where, columns

PORTED: Final = (Protocol.TCP, Protocol.UDP)


def has_service(view: View, network: GuestNetwork, service: Service) -> bool:
    """Whether a network's offering has a service, whoever gives it."""
    return service in _facts(view, network).services


def offers(view: View, network: GuestNetwork, service: Service) -> ProviderFacts:
    """What the provider of a service of a network is able to do, for something new that is asked of it.

    A provider that was disabled since goes on with what there is, and takes nothing new.

    Raises:
        Conflict: no enabled provider offers the service for this network (`service-not-provided`).
    """
    facts = view.recall((NetworkFacts, f"{network.id} anew"), lambda: facts_of(view, network, anew=True))
    return view.backends.providers.element(facts, service).facts


def _facts(view: View, network: GuestNetwork) -> NetworkFacts:
    """The facts of a network, which rules do not change: looked up once in a unit."""
    return view.recall((NetworkFacts, network.id), lambda: facts_of(view, network))


def protocols(
    facts: ProviderFacts, service: Service, capability: Capability = Capability.SUPPORTED_PROTOCOLS
) -> tuple[Protocol, ...]:
    """The protocols that a provider takes in rules of a service; tcp and udp when it does not say."""
    named = facts.values(service, capability)
    found = tuple(protocol for protocol in Protocol if protocol.value in named)
    return found or PORTED


async def bring(doing: Doing, network_id: Uuid, stages: Iterable[RuleStage]) -> None:
    """Have providers have the rules of these stages of a network, in the order that is declared for stages.

    Raises:
        Conflict: the service has no provider any more (`service-not-provided`).
        PeerError: a provider could not (`provider-failed`).
    """
    wanted = set(stages)
    told = await bring_found(doing, network_id, lambda _view: wanted)
    if told:
        await doing.write(lambda work: settle(work, told))


async def bring_found(
    doing: Doing, network_id: Uuid, find: Callable[[View], set[RuleStage]]
) -> tuple[Rule, ...]:
    """The same, for stages that are found out where the rules are read.

    The rules that their providers have now for the first time, or anew, come back: the caller has them settled with
    what it writes. Raises as `bring`.
    """
    place = f"network/{network_id}"
    marks: set[Mark] = set()

    def look(view: View) -> list[_Step]:
        stages = find(view)
        marks.update(Mark(place, stage.value) for stage in stages)
        return _steps(view, network_id, stages)

    async with doing.turn(place):
        with doing.telling(marks):
            steps = await doing.read(look)
            for step in doing.each(
                steps, lambda step: f"apply {step.stage.value} rules of {step.network.name}"
            ):
                await _apply(doing, step)
    return tuple(
        rule
        for step in steps
        for rule in step.rules
        if isinstance(rule, _SETTLED) and rule.state is RuleState.ADD
    )


def settle(work: Work, told: Iterable[Rule]) -> None:
    """Have rules be Active that their providers were told, those that did not change since."""
    for rule in told:
        now = work.records.get(type(rule), rule.id)
        if now is not None and now.generation == rule.generation and now.state is RuleState.ADD:
            work.update(msgspec.structs.replace(now, state=next_rule_state(now.state, RuleEvent.APPLY)))


_SETTLED: Final = (
    FirewallRule,
    EdgeRule,
    PortForwardingRule,
    StaticNatRule,
    LoadBalancer,
    InternalLoadBalancer,
    Stickiness,
    HealthCheck,
)
"""Rules that are Active once told; members are when the job that assigns them says so."""


async def _apply(doing: Doing, step: _Step) -> None:
    network = step.network
    await have_done(
        doing,
        step.element.facts.name,
        step.element.apply_rules(network, step.stage, step.rules),
        f"apply the {step.stage.value} rules of network {network.name!r}",
        f"network/{network.id}",
    )


@dataclass(frozen=True, slots=True)
class _Step:
    element: NetworkElement
    network: NetworkFacts
    stage: RuleStage
    rules: tuple[Record, ...]


def _steps(view: View, network_id: Uuid, stages: set[RuleStage]) -> list[_Step]:
    network = view.records.get(GuestNetwork, network_id)
    if network is None or not is_up(view, network):
        return []
    facts = facts_of(view, network)
    return [
        _Step(
            view.backends.providers.element(facts, stage.service),
            facts,
            stage,
            RULES[stage](view, network_id),
        )
        for stage in RULE_ORDER
        if stage in stages and stage in RULES and stage.service in facts.services
    ]


def _standing(view: View, record_type: type[Rule], network_id: Uuid, *where: Where) -> list[Rule]:
    c = columns(record_type)
    return view.records.select(
        record_type, c.network_id == network_id, c.state != RuleState.REVOKE.value, *where
    )


def _with_addresses(view: View, rules: list[Rule]) -> tuple[Record, ...]:
    ids = [getattr(rule, "public_ip_id", None) for rule in rules]
    addresses = view.records.many(PublicIp, [found for found in ids if found is not None])
    return (*addresses.values(), *rules)


def _egress(view: View, network_id: Uuid) -> tuple[Record, ...]:
    direction = columns(FirewallRule).direction
    return tuple(_standing(view, FirewallRule, network_id, direction == TrafficDirection.EGRESS.value))


def _ingress(view: View, network_id: Uuid) -> tuple[Record, ...]:
    direction = columns(FirewallRule).direction
    rules = _standing(view, FirewallRule, network_id, direction == TrafficDirection.INGRESS.value)
    return _with_addresses(view, rules)


def _addresses(view: View, network_id: Uuid) -> tuple[Record, ...]:
    c = columns(PublicIp)
    return tuple(
        view.records.select(PublicIp, c.network_id == network_id, c.state != IpState.RELEASING.value)
    )


def _static_nat(view: View, network_id: Uuid) -> tuple[Record, ...]:
    return tuple(ip for ip in _addresses(view, network_id) if isinstance(ip, PublicIp) and ip.static_nat)


def _forwardings(view: View, network_id: Uuid) -> tuple[Record, ...]:
    return _with_addresses(view, _standing(view, PortForwardingRule, network_id))


def _static_nat_ports(view: View, network_id: Uuid) -> tuple[Record, ...]:
    return _with_addresses(view, _standing(view, StaticNatRule, network_id))


def _balancers(view: View, network_id: Uuid) -> tuple[Record, ...]:
    balancers = [rule for rule in _standing(view, LoadBalancer, network_id) if isinstance(rule, LoadBalancer)]
    parts: list[Record] = []
    ids = [balancer.id for balancer in balancers]
    for record_type in (LbMember, Stickiness, HealthCheck):
        c = columns(record_type)
        if ids:
            parts += view.records.select(
                record_type, c.load_balancer_id.in_(ids), c.state != RuleState.REVOKE.value
            )
    certificates = view.records.many(
        SslCertificate, [b.certificate_id for b in balancers if b.certificate_id is not None]
    )
    opened = [_opened(view, each) for each in certificates.values()]
    return (*_with_addresses(view, list(balancers)), *parts, *opened)


def _internal_balancers(view: View, network_id: Uuid) -> tuple[Record, ...]:
    rules = _standing(view, InternalLoadBalancer, network_id)
    balancers = [rule for rule in rules if isinstance(rule, InternalLoadBalancer)]
    addresses = view.records.many(InternalLbAddress, [balancer.address_id for balancer in balancers])
    members = [
        each
        for each in _standing(view, InternalLbMember, network_id)
        if isinstance(each, InternalLbMember)
        and each.load_balancer_id in {balancer.id for balancer in balancers}
    ]
    return (*addresses.values(), *balancers, *members)


def certificate_place(certificate_id: str) -> str:
    """What the private key of a certificate is sealed for."""
    return f"ssl_certificate/{certificate_id}"


def _opened(view: View, certificate: SslCertificate) -> SslCertificate:
    """A certificate with its key as its provider needs it."""
    key = view.backends.vault.open(certificate.private_key, certificate_place(certificate.id))
    return msgspec.structs.replace(certificate, private_key=key)


RULES: Final[Mapping[RuleStage, Callable[[View, Uuid], tuple[Record, ...]]]] = {
    RuleStage.DEFAULT_EGRESS: lambda view, network_id: (),
    RuleStage.EGRESS: _egress,
    RuleStage.ADDRESSES: _addresses,
    RuleStage.STATIC_NAT: _static_nat,
    RuleStage.FIREWALL: _ingress,
    RuleStage.IPV6_FIREWALL: lambda view, network_id: tuple(_standing(view, Ipv6FirewallRule, network_id)),
    RuleStage.ROUTING_FIREWALL: lambda view, network_id: tuple(
        _standing(view, RoutingFirewallRule, network_id)
    ),
    RuleStage.PORT_FORWARDING: _forwardings,
    RuleStage.STATIC_NAT_PORTS: _static_nat_ports,
    RuleStage.PUBLIC_LB: _balancers,
    RuleStage.INTERNAL_LB: _internal_balancers,
    RuleStage.REMOTE_ACCESS_VPN: vpns_of_network,
    RuleStage.NETWORK_ACL: acl_of,
    RuleStage.DNS_RECORDS: lambda view, network_id: tuple(_standing(view, DnsRecord, network_id)),
}
"""What stands in a network, stage by stage."""
