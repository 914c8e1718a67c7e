"""Ways out of a VPC that are not public: private gateways, and the static routes that use them.

Rule 1: routes of a VPC never overlap, neither each other nor the VPC: a packet's way must not depend on their order.
Rule 2: a route leads to a gateway that is Ready or to a next hop that the VPC's router can reach itself.

    Gateway   Creating -apply-> Ready -delete-> Deleting, and gone
              Creating -delete-> Deleting

A route lives as every rule does (`rules.RULE_TABLE`): Staged, Add, Active, Revoke, gone.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.base.net import IPAddress, IPNetwork, parse_ip
from netloom.model.cloud.record import Owned
from netloom.model.cloud.rules import RuleState
from netloom.model.cloud.rules_traffic import parse_cidrs
from netloom.model.cloud.vpc import Vpc
from netloom.model.transitions import step

LINK_LOCAL: Final = ipaddress.ip_network("169.254.0.0/16")
MAX_ROUTES: Final = 200
"""Static routes of one VPC."""


class GatewayState(enum.Enum):
    """How far a private gateway is."""

    CREATING = "Creating"
    READY = "Ready"
    DELETING = "Deleting"


class GatewayEvent(enum.Enum):
    """What moves a private gateway on."""

    APPLY = "apply"
    DELETE = "delete"


GATEWAY_TABLE: Final[Mapping[tuple[GatewayState, GatewayEvent], GatewayState]] = {
    (GatewayState.CREATING, GatewayEvent.APPLY): GatewayState.READY,
    (GatewayState.CREATING, GatewayEvent.DELETE): GatewayState.DELETING,
    (GatewayState.READY, GatewayEvent.APPLY): GatewayState.READY,
    (GatewayState.READY, GatewayEvent.DELETE): GatewayState.DELETING,
    (GatewayState.DELETING, GatewayEvent.DELETE): GatewayState.DELETING,
}


class PrivateGateway(Owned, frozen=True, kw_only=True):
    """A leg of a VPC's router in a network of the data centre.

    Attributes:
        address: the router's own address there; `gateway` is the next router, `netmask` the network's.
        vlan: the VLAN tag it is in, as text; None: the tag of `network_id`.
        network_id: the tenants' network it joins, instead of a VLAN.
        source_nat: whether what leaves here gets the router's address.
        acl_id: the list that its packets pass.
    """

    vpc_id: Uuid
    zone_id: Uuid
    physical_network_id: Uuid | None
    address: str
    gateway: str
    netmask: str
    vlan: str | None
    acl_id: Uuid
    network_id: Uuid | None = None
    offering_id: Uuid | None = None
    source_nat: bool = False
    state: GatewayState = GatewayState.CREATING

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The network that it is a leg in."""
        return ipaddress.IPv4Network(f"{self.address}/{self.netmask}", strict=False)


class StaticRoute(Owned, frozen=True, kw_only=True):
    """Where packets for a network outside of the VPC go: to a private gateway, or to a next hop."""

    vpc_id: Uuid
    cidr: str
    gateway_id: Uuid | None = None
    next_hop: str | None = None
    state: RuleState = RuleState.STAGED


def next_gateway_state(state: GatewayState, event: GatewayEvent) -> GatewayState:
    """Where an event takes a private gateway.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(GATEWAY_TABLE, "a private gateway", state, event)


def check_gateway_addresses(address: str, gateway: str, netmask: str) -> ipaddress.IPv4Network:
    """The network of a private gateway.

    Raises:
        InvalidInput: an address is none, the netmask is none, or the two are not two hosts of one network.
    """
    own, next_router = _ipv4(address, "ipaddress"), _ipv4(gateway, "gateway")
    try:
        network = ipaddress.IPv4Network(f"{own}/{netmask.strip()}", strict=False)
    except ValueError as error:
        raise InvalidInput(
            f"{netmask!r} is not a netmask", subject="netmask", hint="for example 255.255.255.0"
        ) from error
    if str(network.netmask) != netmask.strip():
        raise InvalidInput(f"{netmask!r} is not a netmask", subject="netmask", hint=f"{network.netmask}")
    edges = (network.network_address, network.broadcast_address) if network.prefixlen < 31 else ()
    for name, host in (("ipaddress", own), ("gateway", next_router)):
        if host not in network or host in edges:
            raise InvalidInput(f"{host} is not an address that a router can have in {network}", subject=name)
    if own == next_router:
        raise InvalidInput(
            f"the router and the next one cannot both be {own}",
            subject="ipaddress",
            hint="another address of it",
        )
    return network


def check_route(
    text: str, vpc: Vpc, others: Iterable[StaticRoute], denied: Iterable[IPNetwork] = ()
) -> ipaddress.IPv4Network:
    """The network of a new static route.

    Args:
        text: the network.
        vpc: the VPC it leads out of.
        others: the VPC's routes that are not being revoked.
        denied: networks that an operator keeps for other uses (`denied.routes`).

    Raises:
        InvalidInput: it is no IPv4 network, or overlaps the VPC, link-local addresses or a denied network.
        Conflict: it overlaps another route (`route-conflict`).
    """
    network = ipaddress.IPv4Network(parse_cidrs((text,), "cidr", version=4)[0])
    if network.overlaps(ipaddress.ip_network(vpc.cidr)):
        raise InvalidInput(
            f"route {network} overlaps {vpc.cidr}, the network of VPC {vpc.name} ({vpc.id})",
            code="route-inside-vpc",
            subject="cidr",
            hint=f"a network outside of {vpc.cidr}",
        )
    if network.overlaps(LINK_LOCAL):
        raise InvalidInput(
            f"route {network} overlaps the link-local addresses {LINK_LOCAL}",
            code="route-link-local",
            subject="cidr",
        )
    for other in denied:
        if other.version == 4 and network.overlaps(other):
            raise InvalidInput(
                f"route {network} overlaps {other}, which the operator keeps (denied.routes)",
                code="route-denied",
                subject="cidr",
            )
    for route in others:
        if network.overlaps(ipaddress.ip_network(route.cidr)):
            raise Conflict(
                f"route {network} overlaps {route.cidr}, static route {route.id} of VPC {vpc.name} ({vpc.id})",
                code="route-conflict",
                subject="cidr",
                hint="routes of a VPC do not overlap; take the other away first",
            )
    return network


def check_next_hop(text: str, vpc: Vpc, reachable: Iterable[IPNetwork]) -> IPAddress:
    """The next hop of a route.

    Args:
        text: its address.
        vpc: the VPC.
        reachable: networks that the VPC's router has a leg in besides the VPC's own.

    Raises:
        InvalidInput: it is no IPv4 address, or the router has no leg in its network.
    """
    address = _ipv4(text, "nexthop")
    networks = [ipaddress.ip_network(vpc.cidr), *reachable]
    if not any(network.version == 4 and address in network for network in networks):
        raise InvalidInput(
            f"next hop {address} is in no network that the router of VPC {vpc.name} ({vpc.id}) is in",
            code="next-hop-unreachable",
            subject="nexthop",
            hint="an address in " + ", ".join(str(network) for network in networks),
        )
    return address


def _ipv4(text: str, subject: str) -> ipaddress.IPv4Address:
    address = parse_ip(text.strip(), subject)
    if not isinstance(address, ipaddress.IPv4Address):
        raise InvalidInput(f"{address} is not an IPv4 address", subject=subject)
    return address
