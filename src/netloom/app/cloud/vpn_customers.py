"""Customer gateways: the other ends of VPNs, as their owners describe them.

Rule 1: what is kept is canonical and known to every router; a shared key is sealed for its record.
Rule 2: a change is told to the routers of all connections; it must leave one way to each network.
"""

from __future__ import annotations

from typing import TypedDict

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import taking
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.vpc_provider import bring_parts
from netloom.app.cloud.vpn_secrets import customer_key_place
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid, parse_name
from netloom.model.cloud.identity import Account
from netloom.model.cloud.untold import Mark
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import (
    CustomerGateway,
    VpnConnection,
    check_apart,
    check_peer,
    check_remote_cidrs,
)
from netloom.model.cloud.vpn_policies import (
    DEFAULT_ESP_LIFETIME,
    DEFAULT_IKE_LIFETIME,
    MAX_ESP_LIFETIME,
    MAX_IKE_LIFETIME,
    IkeVersion,
    check_key,
    check_lifetime,
    format_policy,
    parse_ike_version,
    parse_policy,
)
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns


class CustomerGatewayFields(msgspec.Struct, frozen=True, kw_only=True):
    """What its owner says of a customer's gateway; None: as is usual."""

    name: str | None = None
    gateway: str
    cidrs: tuple[str, ...]
    key: str
    ike_policy: str
    esp_policy: str
    ike_lifetime: int | None = None
    esp_lifetime: int | None = None
    dead_peer_detection: bool = False
    force_encapsulation: bool = False
    split_connections: bool = False
    ike_version: str | None = None


class CreateCustomerGateway(CustomerGatewayFields, frozen=True, kw_only=True):
    """A new customer gateway."""

    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


class UpdateCustomerGateway(CustomerGatewayFields, frozen=True, kw_only=True):
    """A customer gateway as it shall be."""

    id: Uuid


class DeleteCustomerGateway(msgspec.Struct, frozen=True, kw_only=True):
    """Which customer gateway."""

    id: Uuid


def _create_customer(work: Work, request: CreateCustomerGateway) -> CustomerGateway:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    birth = work.owned(owner)
    name = parse_name((request.name or f"VPN-{request.gateway}").strip())
    _check_name(work, owner, name, None)
    return work.insert(CustomerGateway(**birth, name=name, **_described(work, birth["id"], request)))


def _update_customer(work: Work, request: UpdateCustomerGateway) -> CustomerGateway:
    gateway = work.get(CustomerGateway, request.id)
    name = gateway.name if request.name is None else parse_name(request.name.strip())
    _check_name(work, gateway, name, gateway.id)
    changed = msgspec.structs.replace(gateway, name=name, **_described(work, gateway.id, request))
    for connection in connections_to(work, gateway.id):
        vpc = work.records.get(Vpc, connection.vpc_id)
        if vpc is not None:
            check_apart(changed, vpc.name, vpc.cidr, others_of(work, connection.gateway_id, gateway.id))
    return work.update(changed)


class _Described(TypedDict):
    gateway: str
    cidrs: tuple[str, ...]
    key: str
    ike_policy: str
    esp_policy: str
    ike_lifetime: int
    esp_lifetime: int
    dead_peer_detection: bool
    force_encapsulation: bool
    split_connections: bool
    ike_version: IkeVersion


def _described(work: Work, gateway_id: Uuid, fields: CustomerGatewayFields) -> _Described:
    """What its owner says of a customer gateway, checked and canonical, the key sealed."""
    limit = configuration.number(work, "site2site.vpn.customergateway.subnets.limit")
    return _Described(
        gateway=check_peer(fields.gateway),
        cidrs=check_remote_cidrs(fields.cidrs, limit),
        key=work.backends.vault.seal(check_key(fields.key), customer_key_place(gateway_id)),
        ike_policy=format_policy(parse_policy(fields.ike_policy, "ikepolicy")),
        esp_policy=format_policy(parse_policy(fields.esp_policy, "esppolicy")),
        ike_lifetime=check_lifetime(
            fields.ike_lifetime, "ikelifetime", DEFAULT_IKE_LIFETIME, MAX_IKE_LIFETIME
        ),
        esp_lifetime=check_lifetime(
            fields.esp_lifetime, "esplifetime", DEFAULT_ESP_LIFETIME, MAX_ESP_LIFETIME
        ),
        dead_peer_detection=fields.dead_peer_detection,
        force_encapsulation=fields.force_encapsulation,
        split_connections=fields.split_connections,
        ike_version=parse_ike_version(fields.ike_version),
    )


def _check_name(view: View, owner: Account | CustomerGateway, name: str, own: Uuid | None) -> None:
    c = columns(CustomerGateway)
    account_id = owner.id if isinstance(owner, Account) else owner.account_id
    other = view.records.first(CustomerGateway, c.account_id == account_id, c.name == name)
    if other is not None and other.id != own:
        raise Conflict(
            f"customer gateway {other.id} is called {name!r} already",
            code="customer-gateway-taken",
            subject="name",
            hint="another name",
        )


def connections_to(view: View, customer_gateway_id: Uuid) -> list[VpnConnection]:
    """The connections to a customer gateway."""
    c = columns(VpnConnection)
    return view.records.select(VpnConnection, c.customer_gateway_id == customer_gateway_id)


def others_of(view: View, gateway_id: Uuid, but: Uuid) -> list[CustomerGateway]:
    """The customer gateways that a VPN gateway is connected to, without one."""
    c = columns(VpnConnection)
    ids = [
        each.customer_gateway_id for each in view.records.select(VpnConnection, c.gateway_id == gateway_id)
    ]
    return list(view.records.many(CustomerGateway, [each for each in ids if each != but]).values())


async def _reconnect(doing: Doing, record: CustomerGateway) -> None:
    """Have the routers of all connections know what changed."""
    connections = await doing.read(lambda view: connections_to(view, record.id))
    vpcs, part = dict.fromkeys(each.vpc_id for each in connections), VpcPart.SITE_TO_SITE_VPN
    with doing.telling([Mark(f"vpc/{vpc_id}", part.value) for vpc_id in vpcs]):
        for vpc_id in vpcs:
            await bring_parts(doing, vpc_id, {part})


def _begin_delete_customer(work: Work, request: DeleteCustomerGateway) -> CustomerGateway:
    gateway = work.get(CustomerGateway, request.id)
    _check_unconnected(work, gateway)
    return gateway


def _check_unconnected(view: View, gateway: CustomerGateway) -> None:
    used = connections_to(view, gateway.id)
    if used:
        raise Conflict(
            f"VPN connections lead to customer gateway {gateway.name} ({gateway.id}):"
            f" {', '.join(each.id for each in used[:5])}",
            code="vpn-in-use",
            subject="id",
            hint="delete them first",
        )


def _drop_customer(work: Work, gateway: CustomerGateway) -> None:
    _check_unconnected(work, gateway)
    work.delete(gateway)


CREATE_CUSTOMER = UseCase(
    name="customer_gateway.create",
    command="createVpnCustomerGateway",
    event="VPN.S2S.CUSTOMER.GATEWAY.CREATE",
    request=CreateCustomerGateway,
    begin=_create_customer,
    apply=_reconnect,
)
UPDATE_CUSTOMER = UseCase(
    name="customer_gateway.update",
    command="updateVpnCustomerGateway",
    event="VPN.S2S.CUSTOMER.GATEWAY.UPDATE",
    request=UpdateCustomerGateway,
    begin=_update_customer,
    apply=_reconnect,
)
DELETE_CUSTOMER = UseCase(
    name="customer_gateway.delete",
    command="deleteVpnCustomerGateway",
    event="VPN.S2S.CUSTOMER.GATEWAY.DELETE",
    request=DeleteCustomerGateway,
    begin=_begin_delete_customer,
    apply=taking(_drop_customer),
)
USE_CASES = (CREATE_CUSTOMER, UPDATE_CUSTOMER, DELETE_CUSTOMER)
