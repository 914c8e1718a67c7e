"""Ranges of addresses that operators give to the cloud: public ones per zone, portable ones per region, and of VLANs.

Rule 1: a range is one row whatever its length; what is free of it is a question about the rows of those that are taken.
Rule 2: no two ranges of a zone hold one address, and addresses of one subnet lie on one VLAN.
"""

from __future__ import annotations

import ipaddress
import re

import msgspec

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import NetworkId, PhysicalNetworkId, Uuid, ZoneId
from netloom.model.cloud.record import AccountId, DomainId, Owned, Record

UNTAGGED = "untagged"
MAX_VLAN = 4094
VLAN_PREFIX = "vlan://"
DEFAULT_REGION = 1

_VLAN = re.compile(r"(?:vlan://)?(\d{1,4}|untagged)\Z", re.IGNORECASE)


class Interval(msgspec.Struct, frozen=True):
    """Addresses from first to last of a subnet (`cidr`), canonical; `gateway` is in the subnet and not in the range."""

    cidr: str
    gateway: str
    start: str
    end: str

    @property
    def subnet(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        """The subnet."""
        return ipaddress.ip_network(self.cidr)

    @property
    def positions(self) -> tuple[int, int]:
        """How far the first and the last address are from the first of the subnet."""
        base = int(self.subnet.network_address)
        return int(ipaddress.ip_address(self.start)) - base, int(ipaddress.ip_address(self.end)) - base

    def address(self, position: int) -> str:
        """The address so far from the first of the subnet."""
        return str(self.subnet.network_address + position)

    def __len__(self) -> int:
        first, last = self.positions
        return last - first + 1

    def meets(self, other: Interval) -> bool:
        """Whether both hold an address."""
        mine, theirs = ipaddress.ip_address(self.start), ipaddress.ip_address(other.start)
        if mine.version != theirs.version:
            return False
        return int(mine) <= int(ipaddress.ip_address(other.end)) and int(theirs) <= int(
            ipaddress.ip_address(self.end)
        )


class PublicRange(Record, frozen=True, kw_only=True):
    """Public addresses of a zone, or (`network_id`) addresses for guests of a shared network.

    Attributes:
        vlan: `vlan://50` or `vlan://untagged`.
        v4, v6: what it holds; one of them at least.
        account_id, domain_id: whom it is dedicated to: an account (with its domain), or a domain with all accounts under it.
        for_system: only for netloom's own appliances.
    """

    zone_id: ZoneId
    physical_network_id: PhysicalNetworkId
    vlan: str
    v4: Interval | None = None
    v6: Interval | None = None
    network_id: NetworkId | None = None
    pod_id: Uuid | None = None
    account_id: AccountId | None = None
    domain_id: DomainId | None = None
    for_system: bool = False

    @property
    def is_public(self) -> bool:
        """Whether it is for public addresses (`forvirtualnetwork`)."""
        return self.network_id is None


class PortableRange(Record, frozen=True, kw_only=True):
    """Addresses of a region that may move from network to network and from zone to zone."""

    region_id: int
    vlan: str
    v4: Interval


class StorageRange(Record, frozen=True, kw_only=True):
    """Addresses of a pod's storage network; `vlan`: None: untagged."""

    zone_id: ZoneId
    pod_id: Uuid
    vlan: int | None
    v4: Interval


class GuestVlanRange(Owned, frozen=True, kw_only=True):
    """Segment ids of a physical network, `first` to `last`, for one account's networks only."""

    physical_network_id: PhysicalNetworkId
    first: int
    last: int


def checked_vlan(text: str | None) -> str:
    """`vlan://50` from `50` or `vlan://50`, `vlan://untagged` from nothing.

    Raises:
        InvalidInput: it is no VLAN.
    """
    if text is None or not text:
        return f"{VLAN_PREFIX}{UNTAGGED}"
    found = _VLAN.match(text.strip())
    if found is None or (found[1].isdigit() and not 1 <= int(found[1]) <= MAX_VLAN):
        raise InvalidInput(f"{text!r} is no VLAN", subject="vlan", hint=f"1 to {MAX_VLAN}, or {UNTAGGED}")
    return f"{VLAN_PREFIX}{int(found[1]) if found[1].isdigit() else UNTAGGED}"


def checked_tag(vlan: int) -> int:
    """The number of a VLAN.

    Raises:
        InvalidInput: it is none.
    """
    checked_vlan(str(vlan))
    return vlan


def checked_v4(gateway: str | None, netmask: str | None, start: str | None, end: str | None) -> Interval:
    """Addresses of an IPv4 subnet; one address when there is no end.

    Raises:
        InvalidInput: something is missing or no address; the range leaves its subnet, runs backwards, or holds the gateway.
    """
    if not gateway or not netmask or not start:
        raise InvalidInput(
            "a range of IPv4 addresses needs gateway, netmask and start",
            subject="startip",
            hint="a gateway like 192.0.2.1, a netmask like 255.255.255.0, ends like 192.0.2.10 and 192.0.2.20",
        )
    first = _v4(start, "startip")
    last = _v4(end, "endip") if end else first
    subnet, door = checked_subnet(gateway, netmask)
    _check_inside(subnet, first, last, door)
    return Interval(cidr=str(subnet), gateway=str(door), start=str(first), end=str(last))


def checked_subnet(gateway: str, netmask: str) -> tuple[ipaddress.IPv4Network, ipaddress.IPv4Address]:
    """An IPv4 subnet and its gateway.

    Raises:
        InvalidInput: one of them is none, or the subnet has no room for hosts.
    """
    door = _v4(gateway, "gateway")
    try:
        subnet = ipaddress.IPv4Network(f"{door}/{netmask}", strict=False)
    except ValueError as error:
        raise InvalidInput(
            f"{netmask!r} is no netmask", subject="netmask", hint="for example 255.255.255.0"
        ) from error
    if subnet.prefixlen > 30 or "." not in netmask:
        raise InvalidInput(
            f"a netmask of {netmask}", subject="netmask", hint="255.255.255.252 or one for a larger subnet"
        )
    return subnet, door


def checked_v6(gateway: str | None, cidr: str | None, start: str | None, end: str | None) -> Interval:
    """Addresses of an IPv6 subnet; without a start those from the 16th on, 2^32 of them.

    Raises:
        InvalidInput: as `checked_v4`.
    """
    if not gateway or not cidr:
        raise InvalidInput(
            "a range of IPv6 addresses needs gateway and CIDR",
            subject="ip6cidr",
            hint="a gateway like 2001:db8::1 and a CIDR like 2001:db8::/64",
        )
    try:
        subnet = ipaddress.IPv6Network(cidr)
    except ValueError as error:
        raise InvalidInput(
            f"{cidr!r} is no IPv6 CIDR", subject="ip6cidr", hint="for example 2001:db8::/64"
        ) from error
    if subnet.prefixlen > 64:
        raise InvalidInput(f"a prefix of {subnet.prefixlen} bits", subject="ip6cidr", hint="at most 64")
    door = _v6(gateway, "ip6gateway")
    first = _v6(start, "startipv6") if start else subnet.network_address + 16
    last = _v6(end, "endipv6") if end else (first if start else subnet.network_address + (2**32 - 1))
    _check_inside(subnet, first, last, door if start else None)
    if door not in subnet:
        raise InvalidInput(f"{door} is not in {subnet}", subject="ip6gateway")
    return Interval(cidr=str(subnet), gateway=str(door), start=str(first), end=str(last))


def check_apart(new: PublicRange, others: list[PublicRange]) -> None:
    """Let a range pass that gets in no other's way; `others` are those of its zone but itself.

    Raises:
        Conflict: another holds one of its addresses (`range-overlaps`), or has its subnet on another VLAN (`range-vlan`).
    """
    for other in others:
        for mine, theirs in ((new.v4, other.v4), (new.v6, other.v6)):
            if mine is None or theirs is None:
                continue
            same_wires = (new.vlan, new.physical_network_id) == (other.vlan, other.physical_network_id)
            private = not new.is_public or not other.is_public
            if private and not same_wires:
                continue  # what guests of a shared network have means something on its own VLAN only
            if mine.meets(theirs):
                raise Conflict(
                    f"{mine.start}-{mine.end} overlaps {theirs.start}-{theirs.end} of the range {other.id} on {other.vlan}",
                    code="range-overlaps",
                    subject="startip",
                    hint="addresses that no other range of the zone holds",
                )
            if not same_wires and mine.subnet.overlaps(theirs.subnet):
                raise Conflict(
                    f"{mine.cidr} overlaps {theirs.cidr}, which the range {other.id} has on {other.vlan}",
                    code="range-vlan",
                    subject="vlan",
                    hint=f"use {other.vlan}, or addresses of another subnet",
                )
            if same_wires and mine.subnet.overlaps(theirs.subnet) and mine.cidr != theirs.cidr:
                raise Conflict(
                    f"{mine.cidr} and {theirs.cidr} of the range {other.id} on {other.vlan} overlap without being equal",
                    code="range-overlaps",
                    subject="netmask",
                    hint=f"the netmask of {theirs.cidr}, or addresses of another subnet",
                )


def _check_inside(
    subnet: ipaddress.IPv4Network | ipaddress.IPv6Network,
    first: ipaddress.IPv4Address | ipaddress.IPv6Address,
    last: ipaddress.IPv4Address | ipaddress.IPv6Address,
    door: ipaddress.IPv4Address | ipaddress.IPv6Address | None,
) -> None:
    start = "startip" if subnet.version == 4 else "startipv6"
    low, high = int(subnet.network_address), int(subnet.broadcast_address)
    if int(first) > int(last):
        raise InvalidInput(
            f"the range {first}-{last} runs backwards",
            subject=start,
            hint=f"did you mean {last}-{first}?",
        )
    bounds = (low + 1, high - 1) if subnet.version == 4 else (low + 1, high)
    if not bounds[0] <= int(first) <= int(last) <= bounds[1]:
        raise InvalidInput(
            f"the range {first}-{last} is not within the addresses for hosts of {subnet}",
            subject=start,
            hint=f"{ipaddress.ip_address(bounds[0])} to {ipaddress.ip_address(bounds[1])}",
        )
    if door is not None and int(first) <= int(door) <= int(last):
        raise InvalidInput(
            f"the gateway {door} is in the range {first}-{last}", subject="gateway", hint="a range without it"
        )


def _v4(text: str, subject: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no IPv4 address", subject=subject, hint="for example 192.0.2.10"
        ) from error


def _v6(text: str, subject: str) -> ipaddress.IPv6Address:
    try:
        return ipaddress.IPv6Address(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no IPv6 address", subject=subject, hint="for example 2001:db8::10"
        ) from error
