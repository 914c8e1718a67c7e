"""Operators' wishes for the place of gateways: kept here, followed by the providers of routers.

Rule 1: a host is one of the zone of the network or VPC; which it is, tenants are not told.
Rule 2: who gives the router is told with the facts of its network or VPC, at once when that is up.
"""

from __future__ import annotations

from typing import cast

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import take_out
from netloom.app.cloud.networks_facts import ROUTERS, is_up
from netloom.app.cloud.networks_life import found, raise_up
from netloom.app.cloud.rules_provider import has_service
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.vpc_provider import have_router
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import HostId, NetworkId, Uuid
from netloom.model.cloud.gateway_hosts import MAX_GATEWAY_HOSTS, GatewayHost, check_priority
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.vpc import Vpc
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.store.catalog import find
from netloom.store.cloud.records import columns


class CreateGatewayHost(msgspec.Struct, frozen=True, kw_only=True):
    """A host for the gateway of a network or of a VPC (one of the two is named)."""

    host_id: Uuid
    network_id: Uuid | None = None
    vpc_id: Uuid | None = None
    priority: int = 0


class DeleteGatewayHost(msgspec.Struct, frozen=True, kw_only=True):
    """Which wish."""

    id: Uuid


def _create(work: Work, request: CreateGatewayHost) -> GatewayHost:
    owner = _owner(work, request.network_id, request.vpc_id)
    host = cast("Host", find(work.records.connection, Kind.HOST, request.host_id, "hostid"))
    if host.zone_id != owner.zone_id:
        raise InvalidInput(
            f"host {host.name!r} is in zone {host.zone!r}, not in that of {owner.name} ({owner.id})",
            code="other-zone",
            subject="hostid",
            hint="a host of its zone",
        )
    wish = GatewayHost(
        **work.birth(),
        host_id=HostId(host.id),
        priority=check_priority(request.priority),
        network_id=NetworkId(owner.id) if isinstance(owner, GuestNetwork) else None,
        vpc_id=owner.id if isinstance(owner, Vpc) else None,
    )
    _check_others(work, wish, owner)
    return work.insert(wish)


def _owner(work: Work, network_id: Uuid | None, vpc_id: Uuid | None) -> GuestNetwork | Vpc:
    if (network_id is None) == (vpc_id is None):
        raise InvalidInput(
            "a gateway is a network's or a VPC's", subject="networkid", hint="name one of the two"
        )
    if vpc_id is not None:
        return work.get(Vpc, vpc_id, "vpcid")
    network = work.get(GuestNetwork, network_id or "", "networkid")
    if network.vpc_id is not None:
        raise InvalidInput(
            f"network {network.name} ({network.id}) is a tier: its gateway is the VPC's",
            code="tier-gateway",
            subject="networkid",
            hint=f"name the VPC {network.vpc_id}",
        )
    if not any(has_service(work, network, service) for service in ROUTERS):
        raise Conflict(
            f"network {network.name} ({network.id}) has no gateway: its offering has neither SourceNat nor Gateway",
            code="no-gateway",
            subject="networkid",
            hint="name a network whose offering has one of the two",
        )
    return network


def _check_others(work: Work, wish: GatewayHost, owner: GuestNetwork | Vpc) -> None:
    c = columns(GatewayHost)
    where = c.vpc_id == owner.id if isinstance(owner, Vpc) else c.network_id == owner.id
    others = work.records.select(GatewayHost, where)
    for other in others:
        if other.host_id == wish.host_id or other.priority == wish.priority:
            what = "this host" if other.host_id == wish.host_id else f"a host of priority {wish.priority}"
            raise Conflict(
                f"the gateway of {owner.name} ({owner.id}) has {what} already ({other.id})",
                code="gateway-host-taken",
                subject="hostid" if other.host_id == wish.host_id else "priority",
                hint="delete that one first, or choose another",
            )
    if len(others) >= MAX_GATEWAY_HOSTS:
        raise Exhausted(
            f"the gateway of {owner.name} ({owner.id}) has {len(others)} hosts, as many as one may have",
            code="gateway-host-limit",
            subject="hostid",
            hint="delete some",
        )


async def _drop(doing: Doing, wish: GatewayHost) -> None:
    """Forget a wish, then have the router follow what is left."""
    await doing.write(lambda work: take_out(work, wish))
    await _tell(doing, wish)


async def _tell(doing: Doing, wish: GatewayHost) -> None:
    """Have the router follow, where there is one."""
    network_id = wish.network_id
    if network_id is None:
        if wish.vpc_id is not None:
            await have_router(doing, wish.vpc_id)
        return
    network = await doing.read(lambda view: view.records.get(GuestNetwork, network_id))
    if network is not None and await doing.read(lambda view: is_up(view, network)):
        async with doing.turn(f"life/{network.id}"):
            await raise_up(doing, await doing.read(lambda view: found(view, network_id)))


def _line(wish: GatewayHost) -> str:
    return f"vpc/{wish.vpc_id}" if wish.network_id is None else f"network/{wish.network_id}"


CREATE_GATEWAY_HOST = UseCase(
    name="gateway_host.create",
    command="createGatewayHost",
    request=CreateGatewayHost,
    begin=_create,
    event="GATEWAY.HOST.CREATE",
    apply=_tell,
    queue=_line,
)
DELETE_GATEWAY_HOST = UseCase(
    name="gateway_host.delete",
    command="deleteGatewayHost",
    request=DeleteGatewayHost,
    begin=lambda work, request: work.get(GatewayHost, request.id),
    event="GATEWAY.HOST.DELETE",
    apply=_drop,
    queue=_line,
)

USE_CASES = (CREATE_GATEWAY_HOST, DELETE_GATEWAY_HOST)
