"""Static routes of VPCs.

Rule 1: routes of a VPC are looked at and inserted in one transaction: of two that overlap, one is taken.
Rule 2: the router is told all routes of its VPC; a revoked one keeps its network until the router has let go of it.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import ended, take_out
from netloom.app.cloud.usecase import Ending
from netloom.app.cloud.vpc_cases import ending, making
from netloom.app.cloud.vpc_provider import bring_parts, router_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.base.net import IPNetwork
from netloom.model.cloud.routes import (
    MAX_ROUTES,
    GatewayState,
    PrivateGateway,
    StaticRoute,
    check_next_hop,
    check_route,
)
from netloom.model.cloud.rules import RuleEvent, RuleState, next_rule_state
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns


class CreateStaticRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A new route: to a private gateway, or in a VPC to a next hop."""

    cidr: str
    gateway_id: Uuid | None = None
    vpc_id: Uuid | None = None
    next_hop: str | None = None


class DeleteStaticRoute(msgspec.Struct, frozen=True, kw_only=True):
    """Which route."""

    id: Uuid


def routes_of(view: View, vpc_id: Uuid) -> list[StaticRoute]:
    """All routes of a VPC, those that are being revoked too."""
    return view.records.select(StaticRoute, columns(StaticRoute).vpc_id == vpc_id)


def _create(work: Work, request: CreateStaticRoute) -> StaticRoute:
    gateway = _gateway(work, request)
    vpc = work.get(Vpc, gateway.vpc_id if gateway is not None else request.vpc_id or "", "vpcid")
    check_open(vpc)
    router_of(work, vpc)
    routes = routes_of(work, vpc.id)
    if len(routes) >= MAX_ROUTES:
        raise Exhausted(
            f"VPC {vpc.name} ({vpc.id}) has {len(routes)} static routes",
            code="routes-full",
            subject="vpcid",
            hint=f"at most {MAX_ROUTES}; join networks that lie side by side",
        )
    network = check_route(request.cidr, vpc, routes, denied_routes(work))
    hop = None
    if gateway is None:
        legs = [each.network for each in _legs(work, vpc.id)]
        hop = str(check_next_hop(request.next_hop or "", vpc, legs))
    return work.insert(
        StaticRoute(
            **work.owned(vpc),
            vpc_id=vpc.id,
            cidr=str(network),
            gateway_id=gateway.id if gateway is not None else None,
            next_hop=hop,
            state=next_rule_state(RuleState.STAGED, RuleEvent.ACCEPT),
        )
    )


def _gateway(work: Work, request: CreateStaticRoute) -> PrivateGateway | None:
    if request.gateway_id is None:
        if request.vpc_id is None or request.next_hop is None:
            raise InvalidInput(
                "a route leads to a private gateway or to a next hop",
                subject="gatewayid",
                hint="give gatewayid, or vpcid and nexthop",
            )
        return None
    gateway = work.get(PrivateGateway, request.gateway_id, "gatewayid")
    if gateway.state is not GatewayState.READY:
        raise Conflict(
            f"private gateway {gateway.address} ({gateway.id}) is {gateway.state.value}",
            code="gateway-not-ready",
            subject="gatewayid",
            hint="routes lead to gateways that are Ready",
        )
    return gateway


def _legs(view: View, vpc_id: Uuid) -> list[PrivateGateway]:
    c = columns(PrivateGateway)
    return view.records.select(PrivateGateway, c.vpc_id == vpc_id, c.state == GatewayState.READY.value)


def denied_routes(view: View) -> list[IPNetwork]:
    """The networks that an operator keeps for other uses; what is no network among them is passed over."""
    found: list[IPNetwork] = []
    for text in configuration.text(view, "denied.routes").split(","):
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            continue
    return found


def _begin_delete(work: Work, request: DeleteStaticRoute) -> StaticRoute:
    route = work.get(StaticRoute, request.id)
    state = next_rule_state(route.state, RuleEvent.REVOKE)
    return work.update(msgspec.structs.replace(route, state=state))


async def _tell(doing: Doing, route: StaticRoute) -> Ending:
    """Have the router have the routes as they stand, this one among them or not."""
    await bring_parts(doing, route.vpc_id, {VpcPart.STATIC_ROUTES})
    return ended(route, end_route, _leaves)


def _leaves(route: StaticRoute) -> bool:
    return route.state is RuleState.REVOKE


def end_route(work: Work, route: StaticRoute) -> None:
    """Keep that a route is as its router was told: there, or gone."""
    if _leaves(route):
        take_out(work, route)
    else:
        work.update(msgspec.structs.replace(route, state=next_rule_state(route.state, RuleEvent.APPLY)))


CREATE = making(
    "static_route.create", "createStaticRoute", "STATIC.ROUTE.CREATE", CreateStaticRoute, _create, _tell
)
DELETE = ending(
    "static_route.delete", "deleteStaticRoute", "STATIC.ROUTE.DELETE", DeleteStaticRoute, _begin_delete, _tell
)
USE_CASES = (CREATE, DELETE)
