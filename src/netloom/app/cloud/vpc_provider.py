"""Giving a VPC's router what the VPC has as a whole: gateways, routes, VPN connections.

Rule 1: a router is told all records of a part as they stand, never a difference; revoked ones are not among them. They are
    read and told in one turn, and nothing else of the VPC is told meanwhile.
Rule 2: a VPC whose offering has no router has nothing to program; what would need one is refused when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Final

from netloom.app.cloud.acl_lists import standing_items
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.providers_told import have_done
from netloom.app.cloud.vpc_facts import facts_of_vpc
from netloom.app.cloud.vpn_secrets import for_router
from netloom.app.cloud.vpn_stage import vpns_of_vpc
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclItem
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.record import Record
from netloom.model.cloud.routes import GatewayState, PrivateGateway, StaticRoute
from netloom.model.cloud.rules import RuleState
from netloom.model.cloud.services import Service, words
from netloom.model.cloud.untold import Mark
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import ConnectionState, CustomerGateway, VpnConnection, VpnGateway
from netloom.plan.elements import Outcome
from netloom.plan.vpc_elements import VpcElement, VpcFacts, VpcPart, missing_services, resolve_vpc
from netloom.store.cloud.records import columns

ROUTER: Final = "router"
"""The word for the router itself among the parts that it may have to be told again."""


def check_served(view: View, vpc: Vpc) -> None:
    """Refuse a VPC that an enabled provider is missing for.

    Raises:
        Conflict: nobody offers one of its services (`service-not-provided`).
    """
    facts = facts_of_vpc(view, vpc, anew=True)
    missing = missing_services(view.backends.providers.elements, facts)
    if missing:
        reasons = "; ".join(f"{service.value}: {reason}" for service, reason in missing)
        raise Conflict(
            f"no enabled provider offers {words(service for service, _ in missing)} for VPC {vpc.name!r} ({reasons})",
            code="service-not-provided",
            subject="vpcofferingid",
            hint="enable a provider that gives them in the zone, or use an offering without them",
        )


def router_of(view: View, vpc: Vpc) -> VpcElement:
    """The element that is a VPC's router.

    Raises:
        Conflict: its offering has none, or nobody enabled gives it (`service-not-provided`).
    """
    facts = facts_of_vpc(view, vpc)
    service = facts.router_service
    if service is None:
        raise Conflict(
            f"VPC {vpc.name} ({vpc.id}) has no router: its offering has neither SourceNat nor Gateway",
            code="service-not-provided",
            subject="vpcid",
            hint="a VPC of an offering with a router",
        )
    return element_of(view, vpc, service)


def element_of(view: View, vpc: Vpc, service: Service) -> VpcElement:
    """The element that gives a service to a VPC as a whole.

    Raises:
        Conflict: nobody enabled does (`service-not-provided`).
    """
    resolution = resolve_vpc(view.backends.providers.elements, facts_of_vpc(view, vpc), service)
    if resolution.element is None:
        raise Conflict(
            f"no enabled provider offers {service.value} for VPC {vpc.name} ({vpc.id}): {resolution.reason}",
            code="service-not-provided",
            subject="vpcid",
            hint="enable a provider that gives it, or use a VPC of another offering",
        )
    return resolution.element


async def have_router(doing: Doing, vpc_id: Uuid) -> None:
    """Have a VPC's router, if its offering has one.

    Raises:
        Conflict: nobody gives it any more (`service-not-provided`).
        PeerError: the provider could not (`provider-failed`).
    """
    place = f"vpc/{vpc_id}"
    async with doing.turn(place):
        with doing.telling([Mark(place, ROUTER)]):
            found = await doing.read(lambda view: _router(view, vpc_id))
            if found is not None:
                element, facts = found
                await tell(doing, element, element.implement_vpc(facts), "have the router of", facts)


async def drop_router(doing: Doing, vpc_id: Uuid) -> None:
    """Have nothing left of a VPC, as long as somebody is there who gives its router; raises as `have_router`."""
    async with doing.turn(f"vpc/{vpc_id}"):
        found = await doing.read(lambda view: _router(view, vpc_id, must=False))
        if found is not None:
            element, facts = found
            await tell(doing, element, element.shutdown_vpc(facts), "take down", facts)


async def drop_idle_routers(doing: Doing, vpc_id: Uuid) -> None:
    """Have nothing of a VPC at enabled providers that are not its router (any more); raises as `have_router`."""
    async with doing.turn(f"vpc/{vpc_id}"):
        for element, facts in await doing.read(lambda view: _idle(view, vpc_id)):
            await tell(doing, element, element.shutdown_vpc(facts), "let go of", facts)


async def bring_parts(doing: Doing, vpc_id: Uuid, parts: Iterable[VpcPart]) -> None:
    """Have the VPC's router have these parts as they stand, in the order of `VpcPart`; raises as `have_router`."""
    wanted, place = set(parts), f"vpc/{vpc_id}"
    async with doing.turn(place):
        with doing.telling([Mark(place, part.value) for part in wanted]):
            ordered = [part for part in VpcPart if part in wanted]
            for part in doing.each(ordered, lambda part: f"bring its {part.value}"):
                await _bring_part(doing, vpc_id, part)


async def _bring_part(doing: Doing, vpc_id: Uuid, part: VpcPart) -> None:
    found = await doing.read(lambda view: _step(view, vpc_id, part))
    if found is not None:
        element, facts, records = found
        call = element.apply_part(facts, part, records)
        await tell(doing, element, call, f"apply the {part.value} of", facts)


async def tell(
    doing: Doing, element: VpcElement, call: Coroutine[object, object, Outcome], what: str, facts: VpcFacts
) -> None:
    """Have an element do something with a VPC; `what`: a verb. Raises as `have_done`."""
    await have_done(doing, element.facts.name, call, f"{what} VPC {facts.name!r}", f"vpc/{facts.id}")


def _router(view: View, vpc_id: Uuid, *, must: bool = True) -> tuple[VpcElement, VpcFacts] | None:
    vpc = view.records.get(Vpc, vpc_id)
    if vpc is None:
        return None
    facts = facts_of_vpc(view, vpc)
    if facts.router_service is None:
        return None
    if must:
        return element_of(view, vpc, facts.router_service), facts
    element = resolve_vpc(view.backends.providers.elements, facts, facts.router_service).element
    return None if element is None else (element, facts)


def _idle(view: View, vpc_id: Uuid) -> list[tuple[VpcElement, VpcFacts]]:
    vpc = view.records.get(Vpc, vpc_id)
    if vpc is None:
        return []
    facts = facts_of_vpc(view, vpc)
    busy = {name for names in facts.services.values() for name in names}
    return [
        (element, facts)
        for name, element in view.backends.providers.elements.items()
        if name in facts.enabled and name not in busy and isinstance(element, VpcElement)
    ]


def _step(view: View, vpc_id: Uuid, part: VpcPart) -> tuple[VpcElement, VpcFacts, tuple[Record, ...]] | None:
    vpc = view.records.get(Vpc, vpc_id)
    if vpc is None:
        return None
    facts = facts_of_vpc(view, vpc)
    service = part.service(facts)
    if service is None or service not in facts.services:
        return None
    return element_of(view, vpc, service), facts, RECORDS[part](view, vpc_id)


def _addresses(view: View, vpc_id: Uuid) -> tuple[Record, ...]:
    c = columns(PublicIp)
    return tuple(view.records.select(PublicIp, c.vpc_id == vpc_id, c.state != IpState.RELEASING.value))


def _gateways(view: View, vpc_id: Uuid) -> tuple[Record, ...]:
    c = columns(PrivateGateway)
    gateways = view.records.select(PrivateGateway, c.vpc_id == vpc_id, c.state != GatewayState.DELETING.value)
    items: list[AclItem] = []
    for acl_id in dict.fromkeys(gateway.acl_id for gateway in gateways):
        items += standing_items(view, acl_id)
    return (*gateways, *items)


def _routes(view: View, vpc_id: Uuid) -> tuple[Record, ...]:
    c = columns(StaticRoute)
    return tuple(view.records.select(StaticRoute, c.vpc_id == vpc_id, c.state != RuleState.REVOKE.value))


def _connections(view: View, vpc_id: Uuid) -> tuple[Record, ...]:
    c = columns(VpnConnection)
    connections = view.records.select(
        VpnConnection, c.vpc_id == vpc_id, c.state != ConnectionState.REMOVED.value
    )
    gateways = view.records.many(VpnGateway, [each.gateway_id for each in connections])
    customers = view.records.many(CustomerGateway, [each.customer_gateway_id for each in connections])
    opened = (for_router(view, customer) for customer in customers.values())
    return (*gateways.values(), *opened, *connections)


RECORDS: Final[Mapping[VpcPart, Callable[[View, Uuid], tuple[Record, ...]]]] = {
    VpcPart.ADDRESSES: _addresses,
    VpcPart.PRIVATE_GATEWAYS: _gateways,
    VpcPart.STATIC_ROUTES: _routes,
    VpcPart.SITE_TO_SITE_VPN: _connections,
    VpcPart.REMOTE_ACCESS_VPN: vpns_of_vpc,
}
"""What stands in a VPC, part by part."""
