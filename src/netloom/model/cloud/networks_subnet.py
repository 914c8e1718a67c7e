"""The addresses of a tenant's network: from what was said (gateway, netmask, a range) to CIDRs, gateways and spans.

Rule 1: a network of type L2 has none; a shared one says all of them, with the range that instances may have.
Rule 2: an isolated one that says nothing gets the zone's; a gateway alone means a network of the zone's size around it.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.net import parse_ip
from netloom.model.addressing import parse_cidr
from netloom.model.cloud.infrastructure_ranges import Interval, checked_v4, checked_v6
from netloom.model.cloud.networks import AddressSpan
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.vpc import PRIVATE


class Wished(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a network's addresses, as it was said; `cidr` instead of a gateway with its netmask, or beside it."""

    gateway: str | None = None
    netmask: str | None = None
    cidr: str | None = None
    start: str | None = None
    end: str | None = None
    gateway6: str | None = None
    cidr6: str | None = None
    start6: str | None = None
    end6: str | None = None

    @property
    def says_v4(self) -> bool:
        """Whether anything was said of IPv4."""
        return any((self.gateway, self.netmask, self.cidr, self.start, self.end))

    @property
    def says_v6(self) -> bool:
        """Whether anything was said of IPv6."""
        return any((self.gateway6, self.cidr6, self.start6, self.end6))


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """What a network has, canonical; `v4`, `v6`: the ranges that the operator named, for a shared network's records."""

    cidr: str | None = None
    gateway: str | None = None
    cidr6: str | None = None
    gateway6: str | None = None
    v4: Interval | None = None
    v6: Interval | None = None

    @property
    def spans(self) -> tuple[AddressSpan, ...]:
        """The addresses that instances get, when not all of the CIDRs."""
        return tuple(AddressSpan(each.start, each.end) for each in (self.v4, self.v6) if each is not None)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What limits a network's addresses.

    Attributes:
        zone_cidr: of networks that name none.
        shortest: the shortest prefix of an IPv4 CIDR; None: no bound but netloom's own.
        private_only: only addresses that are nobody's in the Internet.
        v6_offered: whether the offering lets networks have IPv6.
    """

    zone_cidr: str | None = None
    shortest: int | None = None
    private_only: bool = True
    v6_offered: bool = False


def settle(guest_type: GuestType, wished: Wished, bounds: Bounds) -> Subnet:
    """The addresses of a network.

    Raises:
        InvalidInput: something is missing, contradicts something else, or cannot be an address; the hint says what could.
    """
    if guest_type is GuestType.L2:
        if wished.says_v4 or wished.says_v6:
            raise InvalidInput(
                "a network of type L2 has no addresses",
                subject="gateway" if wished.says_v4 else "ip6gateway",
                hint="leave them out, or use an offering of type Isolated or Shared",
            )
        return Subnet()
    v6 = _v6(guest_type, wished, bounds)
    if guest_type is GuestType.SHARED:
        return _shared(wished, v6)
    return _isolated(wished, bounds, v6)


def _shared(wished: Wished, v6: Subnet) -> Subnet:
    if not wished.says_v4:
        if v6.cidr6 is None:
            raise InvalidInput(
                "a shared network without addresses",
                subject="startip",
                hint="startip, endip, gateway and netmask; or startipv6, endipv6, ip6gateway and ip6cidr",
            )
        return v6
    netmask = wished.netmask
    if netmask is None and wished.cidr is not None:
        netmask = str(parse_cidr(wished.cidr, 4, "cidr").netmask)
    interval = checked_v4(wished.gateway, netmask, wished.start, wished.end)
    parse_cidr(interval.cidr, 4, "netmask")
    return msgspec.structs.replace(v6, cidr=interval.cidr, gateway=interval.gateway, v4=interval)


def _isolated(wished: Wished, bounds: Bounds, v6: Subnet) -> Subnet:
    network, gateway = _network(wished, bounds)
    if network is None:
        if v6.cidr6 is None:
            raise InvalidInput(
                "the network names no addresses and its zone has none to give",
                subject="gateway",
                hint="give gateway and netmask",
            )
        return v6
    if gateway in (network.network_address, network.broadcast_address) or gateway not in network:
        raise InvalidInput(
            f"the gateway {gateway} cannot be one of {network}",
            subject="gateway",
            hint=f"an address of {network} that is neither its first nor its last",
        )
    _check_bounds(network, bounds)
    interval = None
    if wished.start is not None or wished.end is not None:
        interval = checked_v4(str(gateway), str(network.netmask), wished.start or wished.end, wished.end)
    return msgspec.structs.replace(v6, cidr=str(network), gateway=str(gateway), v4=interval)


def _network(
    wished: Wished, bounds: Bounds
) -> tuple[ipaddress.IPv4Network | None, ipaddress.IPv4Address | None]:
    """The network and the gateway that were meant."""
    if wished.cidr is not None:
        network = parse_cidr(wished.cidr, 4, "cidr")
        assert isinstance(network, ipaddress.IPv4Network)  # noqa: S101 - the version says so
        if wished.netmask is not None and _netmask(wished.netmask) != network.prefixlen:
            raise InvalidInput(
                f"the netmask {wished.netmask} is not that of {network}",
                subject="netmask",
                hint="leave one of them out",
            )
        return network, _gateway(wished.gateway) if wished.gateway else network.network_address + 1
    if wished.gateway is None:
        if wished.netmask is not None or wished.start is not None or wished.end is not None:
            raise InvalidInput(
                "a netmask or a range of addresses without a gateway",
                subject="gateway",
                hint="give gateway and netmask, for example 10.1.1.1 and 255.255.255.0",
            )
        if bounds.zone_cidr is None:
            return None, None
        network = ipaddress.IPv4Network(bounds.zone_cidr)
        return network, network.network_address + 1
    gateway = _gateway(wished.gateway)
    if wished.netmask is not None:
        prefix = _netmask(wished.netmask)
    else:
        prefix = 24 if bounds.zone_cidr is None else ipaddress.IPv4Network(bounds.zone_cidr).prefixlen
    meant = ipaddress.IPv4Network((int(gateway), prefix), strict=False)
    parse_cidr(str(meant), 4, "netmask")
    return meant, gateway


def _v6(guest_type: GuestType, wished: Wished, bounds: Bounds) -> Subnet:
    if not wished.says_v6:
        return Subnet()
    if guest_type is not GuestType.SHARED and not bounds.v6_offered:
        raise InvalidInput(
            "the offering gives isolated networks no IPv6",
            subject="ip6cidr",
            hint="use a dual-stack offering, or a shared network",
        )
    interval = checked_v6(wished.gateway6, wished.cidr6, wished.start6, wished.end6)
    parse_cidr(interval.cidr, 6, "ip6cidr")
    named = guest_type is GuestType.SHARED or wished.start6 is not None
    return Subnet(cidr6=interval.cidr, gateway6=interval.gateway, v6=interval if named else None)


def _check_bounds(network: ipaddress.IPv4Network, bounds: Bounds) -> None:
    if bounds.private_only and not any(network.subnet_of(private) for private in PRIVATE):
        raise InvalidInput(
            f"{network} is not a private network",
            code="cidr-not-private",
            subject="gateway",
            hint="inside " + ", ".join(str(private) for private in PRIVATE),
        )
    if bounds.shortest is not None and network.prefixlen < bounds.shortest:
        raise InvalidInput(
            f"{network} has a prefix of {network.prefixlen} bits",
            code="cidr-too-large",
            subject="netmask",
            hint=f"at least {bounds.shortest} (network.guest.cidr.limit)",
        )


def _gateway(text: str) -> ipaddress.IPv4Address:
    address = parse_ip(text.strip(), "gateway")
    if not isinstance(address, ipaddress.IPv4Address):
        raise InvalidInput(
            f"{address} is not an IPv4 address", subject="gateway", hint="ip6gateway is for IPv6"
        )
    return address


def _netmask(text: str) -> int:
    """The length of a netmask's prefix; a bare number would be read as one, and is none here."""
    try:
        length = ipaddress.IPv4Network((0, text.strip())).prefixlen if "." in text else None
    except ValueError:
        length = None
    if length is None:
        raise InvalidInput(f"{text!r} is no netmask", subject="netmask", hint="for example 255.255.255.0")
    return length
