"""VPCs: one network range of a tenant, divided into tiers that one router joins.

Rule 1: tiers lie inside their VPC and apart from each other; a tier is a `GuestNetwork` that names its VPC.
Rule 2: what a VPC can do stands in its offering; nothing here knows a provider.

    Vpc   Enabled -delete-> Inactive, and gone when all that belongs to it is
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Final

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.base.net import IPNetwork, is_part, parse_ip, parse_network
from netloom.model.cloud.record import Owned
from netloom.model.transitions import step

MIN_PREFIX: Final = 8
MAX_PREFIX: Final = 29
PRIVATE: Final = tuple(
    ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
"""RFC 1918 and RFC 6598."""

_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")


class VpcState(enum.Enum):
    """Inactive: it is being deleted, and takes nothing new."""

    ENABLED = "Enabled"
    INACTIVE = "Inactive"


class VpcEvent(enum.Enum):
    """What moves a VPC on."""

    DELETE = "delete"


VPC_TABLE: Final[Mapping[tuple[VpcState, VpcEvent], VpcState]] = {
    (VpcState.ENABLED, VpcEvent.DELETE): VpcState.INACTIVE,
    (VpcState.INACTIVE, VpcEvent.DELETE): VpcState.INACTIVE,  # a deletion that failed is asked for again
}


class Vpc(Owned, frozen=True, kw_only=True):
    """A VPC.

    Attributes:
        cidr: the range that its tiers divide, canonical, IPv4.
        network_domain: the DNS suffix of its instances.
        public_mtu: bytes of a packet on its public side; None: the zone's.
        restart_required: what was asked for needs a restart to come true.
    """

    name: str
    display_text: str
    zone_id: Uuid
    offering_id: Uuid
    cidr: str
    network_domain: str | None = None
    state: VpcState = VpcState.ENABLED
    public_mtu: int | None = None
    dns1: str | None = None
    dns2: str | None = None
    ip6_dns1: str | None = None
    ip6_dns2: str | None = None
    restart_required: bool = False
    for_display: bool = True


def check_vpc_cidr(text: str, *, private_only: bool = True) -> ipaddress.IPv4Network:
    """The range of a new VPC.

    Raises:
        InvalidInput: it is not an IPv4 network of a useful size, or not a private one where those are asked for.
    """
    network = parse_network(text.strip())
    if not isinstance(network, ipaddress.IPv4Network):
        raise InvalidInput(
            f"{network} is not an IPv4 network", subject="cidr", hint="for example 10.50.0.0/16"
        )
    if not MIN_PREFIX <= network.prefixlen <= MAX_PREFIX:
        raise InvalidInput(
            f"a VPC of {network}", subject="cidr", hint=f"a prefix length from {MIN_PREFIX} to {MAX_PREFIX}"
        )
    if private_only and not any(network.subnet_of(private) for private in PRIVATE):
        raise InvalidInput(
            f"{network} is not a private network",
            subject="cidr",
            hint="inside " + ", ".join(str(private) for private in PRIVATE),
        )
    return network


def check_domain(text: str, subject: str = "networkdomain") -> str:
    """A DNS suffix in lower case.

    Raises:
        InvalidInput: a label is empty, too long, or has other characters than letters, digits and hyphens.
    """
    domain = text.strip().lower().rstrip(".")
    if not 1 <= len(domain) <= 190 or not all(_LABEL.match(label) for label in domain.split(".")):
        raise InvalidInput(
            f"{text!r} is not a DNS suffix", subject=subject, hint="for example cloud.example.org"
        )
    return domain


def check_dns(text: str | None, version: int, subject: str) -> str | None:
    """The address of a name server, of one family.

    Raises:
        InvalidInput: it is none, or of the other family.
    """
    if text is None:
        return None
    address = parse_ip(text.strip(), subject)
    if address.version != version:
        raise InvalidInput(f"{address} is not an IPv{version} address", subject=subject)
    return str(address)


def check_tier_cidr(
    vpc: Vpc, cidr: IPNetwork, gateway: str | None, others: Iterable[tuple[str, Uuid, str]]
) -> None:
    """Refuse a tier that is outside its VPC or takes what another tier has.

    Args:
        vpc: the VPC.
        cidr: the tier's network.
        gateway: its gateway's address, if one is asked for.
        others: the tiers that there are: name, id, network.

    Raises:
        InvalidInput: it is outside, or the gateway is not an address of it (`tier-outside-vpc`, `invalid-gateway`).
        Conflict: it overlaps another tier (`tier-overlaps`).
    """
    whole = ipaddress.ip_network(vpc.cidr)
    if not is_part(cidr, whole):
        raise InvalidInput(
            f"tier network {cidr} is not inside {vpc.cidr}, the network of VPC {vpc.name} ({vpc.id})",
            code="tier-outside-vpc",
            subject="cidr",
            hint=f"a part of {vpc.cidr}",
        )
    for name, network_id, text in others:
        if cidr.overlaps(ipaddress.ip_network(text)):
            raise Conflict(
                f"tier network {cidr} overlaps {text}, the network of tier {name} ({network_id})"
                f" of VPC {vpc.name} ({vpc.id})",
                code="tier-overlaps",
                subject="cidr",
                hint=f"a part of {vpc.cidr} that no tier has",
            )
    if gateway is not None:
        _check_gateway(cidr, gateway)


def _check_gateway(cidr: IPNetwork, text: str) -> None:
    gateway = parse_ip(text, "gateway")
    edges = {cidr.network_address}
    if cidr.version == 4:
        edges.add(cidr.broadcast_address)
    if gateway.version != cidr.version or gateway not in cidr or gateway in edges:
        raise InvalidInput(
            f"gateway {gateway} is not an address that a router can have in {cidr}",
            code="invalid-gateway",
            subject="gateway",
            hint=f"for example {cidr.network_address + 1}",
        )


def check_open(vpc: Vpc) -> None:
    """Refuse something new in a VPC that is being deleted.

    Raises:
        Conflict: it is Inactive (`vpc-inactive`).
    """
    if vpc.state is not VpcState.ENABLED:
        raise Conflict(
            f"VPC {vpc.name} ({vpc.id}) is {vpc.state.value}: it is being deleted",
            code="vpc-inactive",
            subject="vpcid",
        )


def next_vpc_state(state: VpcState, event: VpcEvent) -> VpcState:
    """Where an event takes a VPC.

    Raises:
        Conflict: its life has no such step (`bad-transition`).
    """
    return step(VPC_TABLE, "a VPC", state, event)
