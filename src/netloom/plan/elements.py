"""Who gives a service of a network: exactly one element, found in one place, for a reason that can be told.

Rule 1: elements are called for what should be, never for what changed: each call is idempotent, and repeating it is free.
Rule 2: rules are programmed in the order of `RULE_ORDER`; taken away in the reverse.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import msgspec

from netloom.base.ids import NicId, Uuid
from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.record import Record
from netloom.model.cloud.services import ProviderFacts, Service
from netloom.model.isolation import Isolation
from netloom.plan.gurus import NetworkGuru, Verdict, WireFacts


class NetworkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A network as elements see it; `services`: who gives what, of its offering; `wires`: what it runs on.

    Where `egress_default_allow`, all may go out but what egress rules speak of; else nothing but that.
    `routed`: its addresses are reached without translation.
    `gateway_hosts`: where its router shall be, the preferred host first; none: anywhere.
    """

    id: Uuid
    number: int
    name: str
    guru: str
    isolation: Isolation
    wires: WireFacts
    guest_type: GuestType | None = None
    traffic: Traffic = Traffic.GUEST
    services: Mapping[Service, tuple[str, ...]] = {}
    vpc_id: Uuid | None = None
    cidr: str | None = None
    cidr6: str | None = None
    gateway: str | None = None
    gateway6: str | None = None
    egress_default_allow: bool = True
    routed: bool = False
    gateway_hosts: tuple[Uuid, ...] = ()


class NicFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A NIC as elements see it; `hostname`: its instance's name inside; `is_default`: the default route goes by it."""

    id: NicId
    mac: str
    ipv4: str | None = None
    ipv6: str | None = None
    instance_id: Uuid | None = None
    hostname: str | None = None
    is_default: bool = False


class RuleStage(enum.Enum):
    """A set of rules of a network, and the service that they belong to."""

    DEFAULT_EGRESS = "default-egress"
    EGRESS = "egress"
    ADDRESSES = "addresses"
    STATIC_NAT = "static-nat"
    FIREWALL = "firewall"
    IPV6_FIREWALL = "ipv6-firewall"
    ROUTING_FIREWALL = "routing-firewall"
    PORT_FORWARDING = "port-forwarding"
    STATIC_NAT_PORTS = "static-nat-ports"
    PUBLIC_LB = "public-lb"
    INTERNAL_LB = "internal-lb"
    REMOTE_ACCESS_VPN = "remote-access-vpn"
    NETWORK_ACL = "network-acl"
    SECURITY_GROUPS = "security-groups"
    DNS_RECORDS = "dns-records"

    @property
    def service(self) -> Service:
        """The service whose element is given these rules."""
        return _STAGE_SERVICE[self]


RULE_ORDER: Final = tuple(RuleStage)
"""What is programmed after what: closed before open, addresses before what uses them."""

_STAGE_SERVICE: Final[Mapping[RuleStage, Service]] = {
    RuleStage.DEFAULT_EGRESS: Service.FIREWALL,
    RuleStage.EGRESS: Service.FIREWALL,
    RuleStage.ADDRESSES: Service.SOURCE_NAT,
    RuleStage.STATIC_NAT: Service.STATIC_NAT,
    RuleStage.FIREWALL: Service.FIREWALL,
    RuleStage.IPV6_FIREWALL: Service.FIREWALL,
    RuleStage.ROUTING_FIREWALL: Service.FIREWALL,
    RuleStage.PORT_FORWARDING: Service.PORT_FORWARDING,
    RuleStage.STATIC_NAT_PORTS: Service.STATIC_NAT,
    RuleStage.PUBLIC_LB: Service.LB,
    RuleStage.INTERNAL_LB: Service.LB,
    RuleStage.REMOTE_ACCESS_VPN: Service.VPN,
    RuleStage.NETWORK_ACL: Service.NETWORK_ACL,
    RuleStage.SECURITY_GROUPS: Service.SECURITY_GROUP,
    RuleStage.DNS_RECORDS: Service.DNS,
}


class Outcome(msgspec.Struct, frozen=True):
    """How a step ended. `reason` tells what went wrong; `again` whether trying later can help."""

    done: bool = True
    reason: str = ""
    again: bool = False


DONE: Final = Outcome()


class NetworkElement(Protocol):
    """Gives services of networks on one backend.

    The pure half (`facts`, `can_handle`, `verify_services`) is asked inside transactions and must not wait. The other half
    is called from jobs; every call says what should be, and returns once that is so or failed. A call that takes too long is
    given up and cancelled; the next one, for the same thing, may come while it has not ended yet.
    """

    @property
    def facts(self) -> ProviderFacts:
        """What it is able to do; its name is the provider's."""
        ...

    def can_handle(self, network: NetworkFacts, service: Service) -> Verdict:
        """Whether it gives this service to this network. Provider and offering were looked at before (`resolve`)."""
        ...

    def verify_services(self, services: frozenset[Service]) -> Verdict:
        """Whether it gives these of its services together, without the others."""
        ...

    async def is_ready(self, wires: WireFacts) -> Verdict:
        """Whether it can be enabled on a physical network."""
        ...

    async def implement(self, network: NetworkFacts) -> Outcome:
        """Have what the network needs before its first NIC."""
        ...

    async def prepare(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        """Have what a NIC needs before its instance starts."""
        ...

    async def release(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        """Have nothing left of what `prepare` made."""
        ...

    async def shutdown(self, network: NetworkFacts) -> Outcome:
        """Have nothing left that costs anything while the network is empty."""
        ...

    async def destroy(self, network: NetworkFacts) -> Outcome:
        """Have nothing left at all."""
        ...

    async def apply_rules(
        self, network: NetworkFacts, stage: RuleStage, rules: tuple[Record, ...]
    ) -> Outcome:
        """Have exactly these rules of a stage."""
        ...


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """What a plug-in brings: an element, gurus, or both. Entry points of the group `netloom.providers` are these."""

    name: str
    element: NetworkElement | None = None
    gurus: tuple[NetworkGuru, ...] = ()


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Which element gives a service of a network, or why none does: one answer for logs, errors and `explain`."""

    service: Service
    element: NetworkElement | None
    reason: str

    @property
    def provider(self) -> str | None:
        """The provider's name, when there is one."""
        return None if self.element is None else self.element.facts.name


def resolve(elements: Mapping[str, NetworkElement], network: NetworkFacts, service: Service) -> Resolution:
    """The element of a service: in the offering, installed, enabled on the physical network, willing; the first of these."""
    named = network.services.get(service)
    if named is None:
        return Resolution(service=service, element=None, reason="the offering does not have this service")
    if not named:
        return Resolution(service=service, element=None, reason="the offering names no provider for it")
    reasons: list[str] = []
    for name in named:
        element = elements.get(name)
        if element is None:
            reasons.append(f"{name} is not installed")
        elif not element.facts.offers(service):
            reasons.append(f"{name} does not give {service.value}")
        elif name not in network.wires.providers:
            reasons.append(f"{name} is not enabled on physical network {network.wires.name!r}")
        elif service in network.wires.withheld.get(name, ()):
            reasons.append(
                f"{name} is enabled without {service.value} on physical network {network.wires.name!r}"
            )
        else:
            verdict = element.can_handle(network, service)
            if verdict.yes:
                return Resolution(service=service, element=element, reason=verdict.reason)
            reasons.append(f"{name}: {verdict.reason}")
    return Resolution(service=service, element=None, reason="; ".join(reasons))


def resolve_all(
    elements: Mapping[str, NetworkElement], network: NetworkFacts, services: Iterable[Service] | None = None
) -> tuple[Resolution, ...]:
    """The resolution of each service of the offering, in the order of their declaration."""
    wanted = set(network.services if services is None else services)
    return tuple(resolve(elements, network, service) for service in Service if service in wanted)
