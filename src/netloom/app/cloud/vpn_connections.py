"""Connections of site-to-site VPNs.

Rule 1: far networks of one VPC's connections never overlap; that is looked at in the transaction that adds one.
Rule 2: a connection is Connecting from its job on; whether it came up is the router's to say (`observed`), never assumed.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.display import displaying
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_cases import line
from netloom.app.cloud.vpc_provider import bring_parts, element_of
from netloom.app.cloud.vpn_customers import others_of
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Exhausted, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.model.cloud.vpn import (
    ConnectionEvent,
    ConnectionState,
    CustomerGateway,
    VpnConnection,
    VpnGateway,
    check_apart,
    next_connection_state,
)
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns


class CreateVpnConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection between a VPN gateway and a customer gateway; a passive one waits to be called."""

    gateway_id: Uuid
    customer_gateway_id: Uuid
    passive: bool = False
    for_display: bool = True


class NameVpnConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Which connection, to delete or to begin anew."""

    id: Uuid


def _create(work: Work, request: CreateVpnConnection) -> VpnConnection:
    customer = work.get(CustomerGateway, request.customer_gateway_id, "s2scustomergatewayid")
    gateway = work.get(VpnGateway, request.gateway_id, "s2svpngatewayid")
    vpc = work.get(Vpc, gateway.vpc_id, "s2svpngatewayid")
    check_open(vpc)
    element_of(work, vpc, Service.VPN)
    c = columns(VpnConnection)
    there = work.records.select(VpnConnection, c.gateway_id == gateway.id)
    for other in there:
        if other.customer_gateway_id == customer.id:
            raise Conflict(
                f"VPN gateway {gateway.id} and customer gateway {customer.name} ({customer.id}) have"
                f" connection {other.id} already",
                code="vpn-connection-taken",
                subject="s2scustomergatewayid",
                hint="reset it, or delete it first",
            )
    most = configuration.number(work, "site2site.vpn.vpngateway.connection.limit")
    if len(there) >= most:
        raise Exhausted(
            f"VPN gateway {gateway.id} has {len(there)} connections of at most {most}",
            code="vpn-connection-limit",
            subject="s2svpngatewayid",
            hint="an operator can raise site2site.vpn.vpngateway.connection.limit",
        )
    check_apart(customer, vpc.name, vpc.cidr, others_of(work, gateway.id, customer.id))
    return work.insert(
        VpnConnection(
            **work.owned(vpc),
            vpc_id=vpc.id,
            gateway_id=gateway.id,
            customer_gateway_id=customer.id,
            passive=request.passive,
            for_display=request.for_display,
        )
    )


def _reset(work: Work, request: NameVpnConnection) -> VpnConnection:
    connection = work.get(VpnConnection, request.id)
    return work.update(_stepped(connection, ConnectionEvent.BEGIN))


def _remove(work: Work, request: NameVpnConnection) -> VpnConnection:
    connection = work.get(VpnConnection, request.id)
    return work.update(_stepped(connection, ConnectionEvent.REMOVE))


def observed(work: Work, connection_id: Uuid, event: ConnectionEvent) -> None:
    """Keep what a router says of a connection: it is up, down, or failed. What makes no sense any more is passed over."""
    connection = work.records.get(VpnConnection, connection_id)
    if connection is None or connection.state is ConnectionState.REMOVED:
        return
    try:
        work.update(_stepped(connection, event))
    except Conflict:
        return  # an old word: the table has no such step from where the connection is now


def _stepped(connection: VpnConnection, event: ConnectionEvent) -> VpnConnection:
    return msgspec.structs.replace(connection, state=next_connection_state(connection.state, event))


async def _apply(doing: Doing, record: VpnConnection) -> Ending:
    await bring_parts(doing, record.vpc_id, {VpcPart.SITE_TO_SITE_VPN})

    def ending(work: Work) -> None:
        now = work.records.get(VpnConnection, record.id)
        if now is not None and now.state is ConnectionState.PENDING:
            end_connection(work, now)

    return ending


async def _unapply(doing: Doing, record: VpnConnection) -> Ending:
    await bring_parts(doing, record.vpc_id, {VpcPart.SITE_TO_SITE_VPN})

    def ending(work: Work) -> None:
        now = work.records.get(VpnConnection, record.id)
        if now is not None:
            end_connection(work, now)

    return ending


def end_connection(work: Work, connection: VpnConnection) -> None:
    """Keep that a router was told of a connection as it is: it begins, from Error too, or is gone."""
    if connection.state is ConnectionState.REMOVED:
        work.delete(connection)
    else:
        work.update(_stepped(connection, ConnectionEvent.BEGIN))


def _failed(work: Work, record: VpnConnection, _error: NetloomError) -> None:
    """It stays and can be reset: what its owner typed is not lost to a router that was away."""
    now = work.records.get(VpnConnection, record.id)
    if now is not None and now.state in (ConnectionState.PENDING, ConnectionState.CONNECTING):
        work.update(_stepped(now, ConnectionEvent.FAIL))


CREATE = UseCase(
    name="vpn_connection.create",
    command="createVpnConnection",
    event="VPN.S2S.CONNECTION.CREATE",
    request=CreateVpnConnection,
    begin=_create,
    apply=_apply,
    undo=_failed,
    queue=line,
)
UPDATE = displaying(
    "vpn_connection.update", "updateVpnConnection", "VPN.S2S.CONNECTION.UPDATE", VpnConnection, line
)
RESET = UseCase(
    name="vpn_connection.reset",
    command="resetVpnConnection",
    event="VPN.S2S.CONNECTION.RESET",
    request=NameVpnConnection,
    begin=_reset,
    apply=_apply,
    undo=_failed,
    queue=line,
)
DELETE = UseCase(
    name="vpn_connection.delete",
    command="deleteVpnConnection",
    event="VPN.S2S.CONNECTION.DELETE",
    request=NameVpnConnection,
    begin=_remove,
    apply=_unapply,
    queue=line,
)
USE_CASES = (CREATE, UPDATE, RESET, DELETE)
