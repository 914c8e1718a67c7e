"""Balancers: a port of a public address whose connections are spread over members.

Rule 1: a balancer takes its port for everybody; tcp and udp are two ports.
Rule 2: its members and policies are its parts: they go with it.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud.firewall import open_with
from netloom.app.cloud.load_balancers_schemes import check_scheme
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.rules_cases import changing, ending, making
from netloom.app.cloud.rules_claims import check_claim, claim_of
from netloom.app.cloud.rules_life import added, changed, revoke
from netloom.app.cloud.rules_places import address_of, conserves, leads_into, refuse_static_nat
from netloom.app.cloud.rules_provider import has_service, offers
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.load_balancers import (
    DNS_PORT,
    Algorithm,
    LbProtocol,
    LoadBalancer,
    Scheme,
    Stickiness,
    parse_algorithm,
    parse_lb_protocol,
)
from netloom.model.cloud.load_balancers_stickiness import check_stickiness
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules_traffic import parse_cidrs, parse_port
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.store.cloud.records import columns

MAX_TEXT = 255


class CreateLoadBalancer(msgspec.Struct, frozen=True, kw_only=True):
    """A port to balance. No sources: everybody; no protocol: tcp.

    Attributes:
        network_id: the tier, for a VPC's address that leads nowhere yet.
        open_firewall: None: as is usual for the network.
    """

    name: str
    description: str | None = None
    public_ip_id: Uuid | None = None
    public_port: int
    private_port: int
    algorithm: str
    protocol: str | None = None
    network_id: Uuid | None = None
    sources: tuple[str, ...] = ()
    open_firewall: bool | None = None
    display: bool = True


class UpdateLoadBalancer(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of a balancer; None stays."""

    id: Uuid
    name: str | None = None
    description: str | None = None
    algorithm: str | None = None
    protocol: str | None = None
    display: bool | None = None


class DeleteLoadBalancer(msgspec.Struct, frozen=True, kw_only=True):
    """A balancer to end."""

    id: Uuid


def _create(work: Work, request: CreateLoadBalancer) -> LoadBalancer:
    algorithm = parse_algorithm(request.algorithm)
    protocol = None if request.protocol is None else parse_lb_protocol(request.protocol)
    if request.public_ip_id is None:
        raise InvalidInput(
            "a balancer needs a public address: netloom makes none by itself (elastic balancing)",
            subject="publicipid",
            hint="acquire an address and name it",
        )
    ip = address_of(work, request.public_ip_id, "publicipid")
    refuse_static_nat(ip, "balancer")
    ip, network = leads_into(work, ip, request.network_id)
    facts = offers(work, network, Service.LB)
    check_scheme(work, network, facts, Scheme.PUBLIC)
    check_able(facts, algorithm, protocol)
    public_port = parse_port(request.public_port, "publicport")
    _check_dns(work, ip, network, public_port)
    rule = LoadBalancer(
        **work.owned(ip),
        network_id=NetworkId(network.id),
        name=checked_name(request.name),
        description=checked_description(request.description),
        public_ip_id=ip.id,
        public_port=public_port,
        private_port=parse_port(request.private_port, "privateport"),
        algorithm=algorithm,
        protocol=protocol,
        sources=parse_cidrs(request.sources, version=ipaddress.ip_address(ip.address).version),
        display=request.display,
    )
    check_claim(work, claim_of(rule), conserve=conserves(work, network))
    rule = work.insert(added(rule))
    traffic = msgspec.structs.replace(rule.traffic, sources=rule.sources)
    open_with(work, ip, network, rule.id, traffic, request.open_firewall)
    return rule


def check_able(facts: ProviderFacts, algorithm: Algorithm, protocol: LbProtocol | None) -> None:
    """Refuse what a provider does not balance by, or does not speak.

    Raises:
        InvalidInput: it says so (`algorithm-unsupported`, `protocol-unsupported`).
    """
    algorithms = facts.values(Service.LB, Capability.SUPPORTED_LB_ALGORITHMS)
    if algorithms and algorithm.value not in algorithms:
        raise InvalidInput(
            f"{facts.name} does not balance by {algorithm.value}",
            code="algorithm-unsupported",
            subject="algorithm",
            hint=f"one of {', '.join(sorted(algorithms))}",
        )
    spoken = facts.values(Service.LB, Capability.SUPPORTED_PROTOCOLS)
    if protocol is not None and spoken and protocol.value not in spoken:
        raise InvalidInput(
            f"{facts.name} does not balance {protocol.value}",
            code="protocol-unsupported",
            subject="protocol",
            hint=f"one of {', '.join(sorted(spoken))}",
        )


def _check_dns(work: Work, ip: PublicIp, network: GuestNetwork, port: int) -> None:
    if port == DNS_PORT and ip.source_nat and has_service(work, network, Service.DNS):
        raise Conflict(
            f"port {DNS_PORT} of {ip.address} ({ip.id}) is the name server's of network {network.name} ({network.id})",
            code="port-is-dns",
            subject="publicport",
            hint="use another public address",
        )


def checked_name(text: str) -> str:
    """A balancer's name.

    Raises:
        InvalidInput: it is empty, longer than `MAX_TEXT`, or on more than one line.
    """
    if not text.strip() or len(text) > MAX_TEXT or not text.isprintable():
        raise InvalidInput(
            f"{text[:64]!r} does not do as a name",
            subject="name",
            hint=f"1 to {MAX_TEXT} characters on one line",
        )
    return text.strip()


def checked_description(text: str | None) -> str | None:
    """A balancer's description.

    Raises:
        InvalidInput: it is longer than CloudStack's may be.
    """
    if text is not None and len(text) > 4096:
        raise InvalidInput(
            f"a description of {len(text)} characters", subject="description", hint="at most 4096"
        )
    return text


def _update(work: Work, request: UpdateLoadBalancer) -> LoadBalancer:
    rule = work.get(LoadBalancer, request.id)
    network = network_seen(work, rule.network_id)
    algorithm = rule.algorithm if request.algorithm is None else parse_algorithm(request.algorithm)
    protocol = rule.protocol if request.protocol is None else parse_lb_protocol(request.protocol)
    check_able(offers(work, network, Service.LB), algorithm, protocol)
    after = msgspec.structs.replace(
        rule,
        algorithm=algorithm,
        protocol=protocol,
        name=rule.name if request.name is None else checked_name(request.name),
        description=rule.description
        if request.description is None
        else checked_description(request.description),
        display=rule.display if request.display is None else request.display,
    )
    if after.transport is not rule.transport:
        check_claim(work, claim_of(after), conserve=conserves(work, network))
    if after.protocol is not rule.protocol:
        sticky = work.records.first(Stickiness, columns(Stickiness).load_balancer_id == rule.id)
        if sticky is not None:
            check_stickiness(sticky.method, sticky.parameters, after.protocol)
    return changed(work, after)


def _delete(work: Work, request: DeleteLoadBalancer) -> LoadBalancer:
    return revoke(work, work.get(LoadBalancer, request.id))


CREATE_LOAD_BALANCER = making(
    "load_balancer.create", "createLoadBalancerRule", "LB.CREATE", CreateLoadBalancer, _create
)
UPDATE_LOAD_BALANCER = changing(
    "load_balancer.update", "updateLoadBalancerRule", "LB.UPDATE", UpdateLoadBalancer, _update
)
DELETE_LOAD_BALANCER = ending(
    "load_balancer.delete", "deleteLoadBalancerRule", "LB.DELETE", DeleteLoadBalancer, _delete
)
USE_CASES = (CREATE_LOAD_BALANCER, UPDATE_LOAD_BALANCER, DELETE_LOAD_BALANCER)
