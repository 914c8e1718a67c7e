"""VPN gateways: a VPC's end of its connections to other sites.

Rule 1: a VPC has one, on the address that it is seen as outside.
Rule 2: it is there for its router with its first connection; until then there is nothing to program.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.display import displaying
from netloom.app.cloud.endings import nothing_more, taking
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.vpc_addresses import vpn_address
from netloom.app.cloud.vpc_cases import line
from netloom.app.cloud.vpc_provider import element_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.model.cloud.vpn import VpnConnection, VpnGateway
from netloom.store.cloud.records import columns


class CreateVpnGateway(msgspec.Struct, frozen=True, kw_only=True):
    """The VPN gateway of a VPC."""

    vpc_id: Uuid
    for_display: bool = True


class DeleteVpnGateway(msgspec.Struct, frozen=True, kw_only=True):
    """Which gateway."""

    id: Uuid


def _create_gateway(work: Work, request: CreateVpnGateway) -> VpnGateway:
    vpc = work.get(Vpc, request.vpc_id, "vpcid")
    check_open(vpc)
    element_of(work, vpc, Service.VPN)
    other = work.records.first(VpnGateway, columns(VpnGateway).vpc_id == vpc.id)
    if other is not None:
        raise Conflict(
            f"VPC {vpc.name} ({vpc.id}) has VPN gateway {other.id} already",
            code="vpn-gateway-taken",
            subject="vpcid",
            hint="one gateway serves all connections of a VPC",
        )
    return work.insert(
        VpnGateway(
            **work.owned(vpc),
            vpc_id=vpc.id,
            public_ip_id=vpn_address(work, vpc),
            for_display=request.for_display,
        )
    )


def _begin_delete_gateway(work: Work, request: DeleteVpnGateway) -> VpnGateway:
    gateway = work.get(VpnGateway, request.id)
    _check_idle(work, gateway)
    return gateway


def _check_idle(view: View, gateway: VpnGateway) -> None:
    c = columns(VpnConnection)
    used = view.records.select(VpnConnection, c.gateway_id == gateway.id, limit=5)
    if used:
        raise Conflict(
            f"VPN gateway {gateway.id} has connections: {', '.join(each.id for each in used)}",
            code="vpn-in-use",
            subject="id",
            hint="delete them first",
        )


def _drop_gateway(work: Work, gateway: VpnGateway) -> None:
    _check_idle(work, gateway)
    work.delete(gateway)


CREATE_GATEWAY = UseCase(
    name="vpn_gateway.create",
    command="createVpnGateway",
    event="VPN.S2S.VPN.GATEWAY.CREATE",
    request=CreateVpnGateway,
    begin=_create_gateway,
    apply=nothing_more,
    queue=line,
)
UPDATE_GATEWAY = displaying(
    "vpn_gateway.update", "updateVpnGateway", "VPN.S2S.VPN.GATEWAY.UPDATE", VpnGateway, line
)
DELETE_GATEWAY = UseCase(
    name="vpn_gateway.delete",
    command="deleteVpnGateway",
    event="VPN.S2S.VPN.GATEWAY.DELETE",
    request=DeleteVpnGateway,
    begin=_begin_delete_gateway,
    apply=taking(_drop_gateway),
    queue=line,
)
USE_CASES = (CREATE_GATEWAY, UPDATE_GATEWAY, DELETE_GATEWAY)
