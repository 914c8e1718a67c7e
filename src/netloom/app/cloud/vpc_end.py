"""What goes with a VPC, and in which order.

Rule 1: first the router lets go of what the VPC has (connections, then routes, then gateways), then the rows go in one
    transaction with the VPC's own.
Rule 2: lists go last: gateways refer to them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from netloom.app.cloud.acl_lists import items_of
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import take_out
from netloom.app.cloud.gateway_places import forget_hosts
from netloom.app.cloud.vpc_addresses import release_addresses
from netloom.app.cloud.vpc_provider import bring_parts
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclList
from netloom.model.cloud.record import Owned
from netloom.model.cloud.routes import GatewayEvent, PrivateGateway, StaticRoute, next_gateway_state
from netloom.model.cloud.rules import RuleEvent, next_rule_state
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import (
    ConnectionEvent,
    RemoteAccessVpn,
    RemoteVpnEvent,
    VpnConnection,
    VpnGateway,
    next_connection_state,
    next_remote_state,
)
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns

ORDER: Final[tuple[type[Owned], ...]] = (
    VpnConnection,
    VpnGateway,
    RemoteAccessVpn,
    StaticRoute,
    PrivateGateway,
)
"""The records of a VPC in the order in which they go; addresses follow, then lists."""


async def drop_parts(doing: Doing, vpc_id: Uuid) -> None:
    """Have the router let go of everything in a VPC.

    Raises:
        PeerError: it could not (`provider-failed`); what it let go of stays so.
    """
    await doing.write(lambda work: _mark(work, vpc_id))
    try:
        await bring_parts(doing, vpc_id, VpcPart)
    except Conflict as error:
        if error.stable_code != "service-not-provided":
            raise  # nobody is there any more to let go of anything


def _mark(work: Work, vpc_id: Uuid) -> None:
    """Keep everything of a VPC as on its way out."""
    for connection in work.records.select(VpnConnection, columns(VpnConnection).vpc_id == vpc_id):
        state = next_connection_state(connection.state, ConnectionEvent.REMOVE)
        work.update(msgspec.structs.replace(connection, state=state))
    for vpn in work.records.select(RemoteAccessVpn, columns(RemoteAccessVpn).vpc_id == vpc_id):
        gone = next_remote_state(vpn.state, RemoteVpnEvent.REMOVE)
        work.update(msgspec.structs.replace(vpn, state=gone))
    for route in work.records.select(StaticRoute, columns(StaticRoute).vpc_id == vpc_id):
        work.update(msgspec.structs.replace(route, state=next_rule_state(route.state, RuleEvent.REVOKE)))
    for gateway in work.records.select(PrivateGateway, columns(PrivateGateway).vpc_id == vpc_id):
        leaving = next_gateway_state(gateway.state, GatewayEvent.DELETE)
        work.update(msgspec.structs.replace(gateway, state=leaving))


def remove(work: Work, vpc: Vpc) -> None:
    """Take a VPC out with everything in it.

    Raises:
        Conflict: a tier was made in it (`in-use`).
    """
    for kind in ORDER:
        c = columns(kind)
        for record in work.records.select(kind, c.vpc_id == vpc.id):
            take_out(work, record)
    release_addresses(work, vpc)
    forget_hosts(work, vpc_id=vpc.id)
    for acl in work.records.select(AclList, columns(AclList).vpc_id == vpc.id):
        for item in items_of(work, acl.id):
            take_out(work, item)
        take_out(work, acl)
    take_out(work, vpc)
