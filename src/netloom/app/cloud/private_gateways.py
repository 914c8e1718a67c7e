"""Private gateways: legs of a VPC's router in networks of the data centre.

Rule 1: only operators name a VLAN and a physical network, and take such a leg away; tenants join one of their own networks.
Rule 2: a leg is in no network that the VPC has already, and its address in its VLAN is nobody else's.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud.acl_lists import usable_list
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import ended, take_out
from netloom.app.cloud.infrastructure import physical_network
from netloom.app.cloud.offerings_seen import offering_seen
from netloom.app.cloud.usecase import Ending
from netloom.app.cloud.vpc_cases import ending, making
from netloom.app.cloud.vpc_facts import guest_wires
from netloom.app.cloud.vpc_provider import bring_parts, router_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import DEFAULT_DENY
from netloom.model.cloud.infrastructure_ranges import VLAN_PREFIX, checked_vlan
from netloom.model.cloud.instances import SecondaryIp
from netloom.model.cloud.networks import UNTAGGED, GuestNetwork, reserved_addresses
from netloom.model.cloud.offerings import NetworkOffering
from netloom.model.cloud.routes import (
    GatewayEvent,
    GatewayState,
    PrivateGateway,
    StaticRoute,
    check_gateway_addresses,
    next_gateway_state,
)
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.model.isolation import Isolation
from netloom.plan.vpc_elements import VpcPart
from netloom.store.catalog import taken_in_network
from netloom.store.cloud.records import columns


class CreatePrivateGateway(msgspec.Struct, frozen=True, kw_only=True):
    """A new leg: in a VLAN of a physical network (operators), or in one of the owner's networks.

    Attributes:
        any_vlan: also one that tenants' networks are in.
    """

    vpc_id: Uuid
    address: str
    gateway: str
    netmask: str
    vlan: str | None = None
    physical_network_id: Uuid | None = None
    network_id: Uuid | None = None
    offering_id: Uuid | None = None
    source_nat: bool = False
    acl_id: Uuid | None = None
    any_vlan: bool = False


class DeletePrivateGateway(msgspec.Struct, frozen=True, kw_only=True):
    """Which gateway."""

    id: Uuid


def _create(work: Work, request: CreatePrivateGateway) -> PrivateGateway:
    vpc = work.get(Vpc, request.vpc_id, "vpcid")
    check_open(vpc)
    router_of(work, vpc)
    network = check_gateway_addresses(request.address, request.gateway, request.netmask)
    vlan, wires = _place(work, vpc, request)
    _check_apart(work, vpc, network, request.network_id)
    address = str(ipaddress.IPv4Address(request.address.strip()))
    _check_address(work, address, vlan, wires, request.network_id)
    _check_free(work, address, request.network_id)
    if request.offering_id is not None:
        offering_seen(work, NetworkOffering, request.offering_id, "networkofferingid")
    acl = usable_list(work, request.acl_id or DEFAULT_DENY, vpc.id)
    return work.insert(
        PrivateGateway(
            **work.owned(vpc),
            vpc_id=vpc.id,
            zone_id=vpc.zone_id,
            physical_network_id=wires,
            address=address,
            gateway=str(ipaddress.IPv4Address(request.gateway.strip())),
            netmask=str(network.netmask),
            vlan=vlan,
            acl_id=acl.id,
            network_id=request.network_id,
            offering_id=request.offering_id,
            source_nat=request.source_nat,
        )
    )


def _place(work: Work, vpc: Vpc, request: CreatePrivateGateway) -> tuple[str | None, Uuid | None]:
    """The VLAN and the physical network of a leg; none of them for one in a network of the owner's."""
    if (request.vlan is None) == (request.network_id is None):
        raise InvalidInput(
            "a private gateway is in one network",
            subject="vlan",
            hint="give vlan (operators), or associatednetworkid, a network of the VPC's owner",
        )
    if request.network_id is not None:
        network = work.get(GuestNetwork, request.network_id, "associatednetworkid")
        if (
            network.account_id != vpc.account_id
            or network.vpc_id is not None
            or network.zone_id != vpc.zone_id
        ):
            raise InvalidInput(
                f"network {network.name} ({network.id}) is none that VPC {vpc.name} ({vpc.id}) can join",
                subject="associatednetworkid",
                hint="a network of the VPC's owner in its zone that is no tier",
            )
        return None, network.physical_network_id
    if not work.caller.is_root:
        raise Forbidden(
            "only operators name the VLAN of a private gateway",
            code="operators-only",
            subject="vlan",
            hint="join one of your networks: associatednetworkid",
        )
    vlan = checked_vlan(request.vlan).removeprefix(VLAN_PREFIX)
    wires = guest_wires(work, vpc.zone_id, request.physical_network_id)
    if not request.any_vlan:
        _check_vlan(work, vlan, wires)
    return vlan, wires


def _check_vlan(view: View, tag: str, wires_id: Uuid) -> None:
    """Refuse a VLAN that tenants' networks are in, or may be given.

    Raises:
        Conflict: it is one (`vlan-in-use`).
    """
    used: str | None = None
    wires = physical_network(view, wires_id)
    ranges = wires.segments if Isolation.VLAN in wires.isolations else ()
    if tag != UNTAGGED and any(int(tag) in _ids(text) for text in ranges):
        used = f"one of those that tenants' networks on {wires.name} ({wires.id}) get"
    c = columns(GuestNetwork)
    there = view.records.first(GuestNetwork, c.physical_network_id == wires_id, c.vlan == tag)
    if there is not None:
        used = f"that of network {there.name} ({there.id})"
    if used is not None:
        raise Conflict(
            f"VLAN {tag} is {used}",
            code="vlan-in-use",
            subject="vlan",
            hint="another VLAN, or have the check for overlaps left out when the VPC shall be in that one",
        )


def _ids(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _check_apart(view: View, vpc: Vpc, network: ipaddress.IPv4Network, network_id: Uuid | None) -> None:
    if network.overlaps(ipaddress.ip_network(vpc.cidr)):
        raise Conflict(
            f"network {network} overlaps {vpc.cidr}, that of VPC {vpc.name} ({vpc.id})",
            code="gateway-inside-vpc",
            subject="ipaddress",
            hint="a private gateway leads out of the VPC",
        )
    joined = view.records.get(GuestNetwork, network_id) if network_id is not None else None
    if joined is not None and joined.cidr is not None:
        whole = ipaddress.ip_network(joined.network_cidr or joined.cidr)
        if whole != network:
            raise InvalidInput(
                f"network {network} is not {whole}, that of {joined.name} ({joined.id})",
                subject="netmask",
                hint=f"an address of {whole}, with its netmask",
            )


def _check_free(view: View, address: str, network_id: Uuid | None) -> None:
    """Refuse an address that somebody has in a network that is joined.

    Raises:
        Conflict: it is an interface's, or the router's of that network (`gateway-address-taken`).
    """
    network = view.records.get(GuestNetwork, network_id) if network_id is not None else None
    if network is None:
        return
    s = columns(SecondaryIp)
    if (
        address in reserved_addresses(network)
        or taken_in_network(view.records.connection, network.id, "ipv4", [address])
        or view.records.exists(SecondaryIp, s.network_id == network.id, s.address == address)
    ):
        raise Conflict(
            f"{address} is taken in network {network.name} ({network.id})",
            code="gateway-address-taken",
            subject="ipaddress",
            hint="another address of the network",
        )


def _check_address(
    view: View, address: str, vlan: str | None, wires: Uuid | None, network_id: Uuid | None
) -> None:
    c = columns(PrivateGateway)
    place = c.network_id == network_id if network_id is not None else c.vlan == vlan
    for other in view.records.select(PrivateGateway, c.address == address, place):
        if other.physical_network_id == wires:
            raise Conflict(
                f"private gateway {other.id} has {address} in that network already",
                code="gateway-address-taken",
                subject="ipaddress",
                hint="another address of the network",
            )


def _begin_delete(work: Work, request: DeletePrivateGateway) -> PrivateGateway:
    gateway = work.get(PrivateGateway, request.id)
    if gateway.network_id is None and not work.caller.is_root:
        raise Forbidden(
            f"private gateway {gateway.address} ({gateway.id}) is in a VLAN of the data centre",
            code="operators-only",
            subject="id",
            hint="operators made it, and delete it",
        )
    _check_no_routes(work, gateway)
    state = next_gateway_state(gateway.state, GatewayEvent.DELETE)
    return work.update(msgspec.structs.replace(gateway, state=state))


def _check_no_routes(view: View, gateway: PrivateGateway) -> None:
    c = columns(StaticRoute)
    routes = view.records.select(StaticRoute, c.gateway_id == gateway.id, limit=5)
    if routes:
        raise Conflict(
            f"static routes lead to private gateway {gateway.address} ({gateway.id}):"
            f" {', '.join(route.cidr for route in routes)}",
            code="gateway-has-routes",
            subject="id",
            hint="delete them first",
        )


async def _tell(doing: Doing, gateway: PrivateGateway) -> Ending:
    """Have the router have the gateways as they stand, this one among them or not."""
    await bring_parts(doing, gateway.vpc_id, {VpcPart.PRIVATE_GATEWAYS})
    return ended(gateway, end_gateway, _leaves)


def _leaves(gateway: PrivateGateway) -> bool:
    return gateway.state is GatewayState.DELETING


def end_gateway(work: Work, gateway: PrivateGateway) -> None:
    """Keep that a gateway is as its router was told: there, or gone.

    Raises:
        Conflict: static routes lead to one that would be gone (`gateway-has-routes`).
    """
    if _leaves(gateway):
        _check_no_routes(work, gateway)
        take_out(work, gateway)
    else:
        work.update(
            msgspec.structs.replace(gateway, state=next_gateway_state(gateway.state, GatewayEvent.APPLY))
        )


CREATE = making(
    "private_gateway.create",
    "createPrivateGateway",
    "PRIVATE.GATEWAY.CREATE",
    CreatePrivateGateway,
    _create,
    _tell,
)
DELETE = ending(
    "private_gateway.delete",
    "deletePrivateGateway",
    "PRIVATE.GATEWAY.DELETE",
    DeletePrivateGateway,
    _begin_delete,
    _tell,
)
USE_CASES = (CREATE, DELETE)
