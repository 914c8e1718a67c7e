"""Who gives what a VPC has as a whole: its router, its private ways out, its VPNs to other sites.

A provider's element that can do this is a `VpcElement` besides being a `NetworkElement`; tiers are served as networks are.

Rule 1: calls say what should be, as those of `elements` do: idempotent, and free when nothing changed.
Rule 2: the parts of a VPC are programmed in the order of `VpcPart`; taken away in the reverse.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import msgspec

from netloom.base.ids import Uuid
from netloom.model.cloud.record import Record
from netloom.model.cloud.services import ProviderFacts, Service
from netloom.plan.elements import NetworkElement, Outcome
from netloom.plan.gurus import Verdict


class VpcFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A VPC as elements see it; `services`: who gives what, of its offering; `enabled`: the zone's enabled providers.

    `gateway_hosts`: where its router shall be, the preferred host first; none: anywhere.
    """

    id: Uuid
    number: int
    name: str
    cidr: str
    zone_id: Uuid
    services: Mapping[Service, tuple[str, ...]] = {}
    enabled: frozenset[str] = frozenset()
    public_mtu: int | None = None
    redundant: bool = False
    gateway_hosts: tuple[Uuid, ...] = ()

    @property
    def router_service(self) -> Service | None:
        """The service whose provider is the router; None: the offering has no router."""
        return next((each for each in (Service.SOURCE_NAT, Service.GATEWAY) if each in self.services), None)


class VpcPart(enum.Enum):
    """A set of records of a VPC that is programmed together."""

    ADDRESSES = "addresses"
    PRIVATE_GATEWAYS = "private-gateways"
    STATIC_ROUTES = "static-routes"
    SITE_TO_SITE_VPN = "site-to-site-vpn"
    REMOTE_ACCESS_VPN = "remote-access-vpn"

    def service(self, vpc: VpcFacts) -> Service | None:
        """The service whose element is given this part; None: the VPC has no router."""
        if self in (VpcPart.SITE_TO_SITE_VPN, VpcPart.REMOTE_ACCESS_VPN):
            return Service.VPN
        return vpc.router_service


@runtime_checkable
class VpcElement(Protocol):
    """Serves VPCs as a whole on one backend."""

    @property
    def facts(self) -> ProviderFacts:
        """What it is able to do; its name is the provider's."""
        ...

    def can_serve(self, vpc: VpcFacts, service: Service) -> Verdict:
        """Whether it gives this service to this VPC. Must not wait."""
        ...

    async def implement_vpc(self, vpc: VpcFacts) -> Outcome:
        """Have the VPC's router, with nothing behind it yet that was not there."""
        ...

    async def shutdown_vpc(self, vpc: VpcFacts) -> Outcome:
        """Have nothing left of the VPC."""
        ...

    async def apply_part(self, vpc: VpcFacts, part: VpcPart, records: tuple[Record, ...]) -> Outcome:
        """Have exactly these records of a part: public addresses, gateways with their lists' items, routes, connections with
        their ends.
        """
        ...


class VpcResolution(msgspec.Struct, frozen=True, kw_only=True):
    """Which element gives a service to a VPC as a whole, or why none does."""

    service: Service
    element: VpcElement | None
    reason: str


def resolve_vpc(elements: Mapping[str, NetworkElement], vpc: VpcFacts, service: Service) -> VpcResolution:
    """The element of a service: in the offering, installed, enabled in the zone, able to serve VPCs; the first of these."""
    named = vpc.services.get(service)
    if not named:
        why = (
            "the offering names no provider for it" if named is not None else "the offering does not have it"
        )
        return VpcResolution(service=service, element=None, reason=why)
    reasons: list[str] = []
    for name in named:
        element = elements.get(name)
        if element is None:
            reasons.append(f"{name} is not installed")
        elif name not in vpc.enabled:
            reasons.append(f"{name} is not enabled in the zone")
        elif not isinstance(element, VpcElement) or not element.facts.offers(service):
            reasons.append(f"{name} does not give {service.value} to VPCs")
        else:
            verdict = element.can_serve(vpc, service)
            if verdict.yes:
                return VpcResolution(service=service, element=element, reason=verdict.reason)
            reasons.append(f"{name}: {verdict.reason}")
    return VpcResolution(service=service, element=None, reason="; ".join(reasons))


def missing_services(
    elements: Mapping[str, NetworkElement], vpc: VpcFacts
) -> tuple[tuple[Service, str], ...]:
    """The services of the offering that nobody enabled gives to a VPC or to its tiers, and why.

    The router has to serve the VPC as a whole; of the others it is enough that tiers can have them. Connectivity is each
    tier's own affair.
    """
    found: list[tuple[Service, str]] = []
    for service in Service:
        if service not in vpc.services or service is Service.CONNECTIVITY:
            continue
        if service is vpc.router_service:
            resolution = resolve_vpc(elements, vpc, service)
            if resolution.element is None:
                found.append((service, resolution.reason))
        elif service is not Service.GATEWAY and not _somebody(elements, vpc, service):
            names = ", ".join(vpc.services[service])
            found.append((service, f"{names} not installed and enabled" if names else "no provider is named"))
    return tuple(found)


def _somebody(elements: Mapping[str, NetworkElement], vpc: VpcFacts, service: Service) -> bool:
    return any(
        name in vpc.enabled and (element := elements.get(name)) is not None and element.facts.offers(service)
        for name in vpc.services[service]
    )
