"""Where isolated networks get their IPv6 subnets from: prefixes of a zone, each network a /64 of one of them.

Rule 1: a pool is a row whatever its length; a /64 has a row while a network has it, and is found by its position.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from netloom.base.errors import InvalidInput
from netloom.base.ids import NetworkId, Uuid, ZoneId
from netloom.base.net import parse_network
from netloom.model.cloud.record import Record

SUBNET: Final = 64
"""Bits of a network's prefix: hosts make their addresses of the rest (RFC 4291, 2.5.1)."""
WIDEST: Final = 16
"""Bits of the shortest prefix: 2^48 networks."""


class Ipv6Pool(Record, frozen=True, kw_only=True):
    """A prefix of a zone that its networks' subnets are taken from."""

    zone_id: ZoneId
    prefix: str

    @property
    def network(self) -> ipaddress.IPv6Network:
        """The prefix."""
        return ipaddress.IPv6Network(self.prefix)

    @property
    def total(self) -> int:
        """How many networks can have a subnet of it."""
        return 1 << (SUBNET - self.network.prefixlen)

    def subnet(self, position: int) -> ipaddress.IPv6Network:
        """The subnet at a position, from 0."""
        base = int(self.network.network_address)
        return ipaddress.IPv6Network((base + (position << (128 - SUBNET)), SUBNET))


class Ipv6Subnet(Record, frozen=True, kw_only=True):
    """A subnet of a pool that a network has."""

    pool_id: Uuid
    position: int
    network_id: NetworkId


def checked_prefix(text: str) -> str:
    """A prefix for a pool, canonical.

    Raises:
        InvalidInput: it is no IPv6 prefix, has host bits set, is too long or short, or is none for hosts.
    """
    found = parse_network(text.strip(), "prefix")
    if not isinstance(found, ipaddress.IPv6Network):
        raise InvalidInput(f"{found} is IPv4", subject="prefix", hint="for example 2001:db8::/56")
    if not WIDEST <= found.prefixlen <= SUBNET:
        raise InvalidInput(
            f"{found} has a prefix of {found.prefixlen} bits",
            subject="prefix",
            hint=f"/{WIDEST} to /{SUBNET}",
        )
    address = found.network_address
    if address.is_multicast or address.is_loopback or address.is_link_local or address.is_unspecified:
        raise InvalidInput(
            f"{found} is reserved for other uses", subject="prefix", hint="for example fd00:1::/56"
        )
    return str(found)
