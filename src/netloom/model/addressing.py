"""The addresses of a network: which CIDRs do, which address is whose.

Rule 1: the first address of a network is its gateway's, kept free for it even while the network has none.
Rule 2: addresses are counted as offsets from the network's own address, so that a /64 is as easy as a /29.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterator

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.net import IPAddress, IPNetwork, parse_ip, parse_network

GATEWAY_OFFSET = 1
_V4_PREFIX = (8, 29)
_V6_PREFIX = (16, 124)
AUTOMATIC_OFFSETS = 2**62
"""Automatic choices stay below this, so that offsets fit into a database's 64-bit integers."""


class AddressRange(msgspec.Struct, frozen=True, gc=False):
    """The offsets that NICs may have, both ends included."""

    first: int
    last: int

    def from_hint(self, hint: int) -> Iterator[AddressRange]:
        """The same offsets, those from `hint` on first (next fit)."""
        hint = min(max(hint, self.first), self.last)
        yield AddressRange(hint, self.last)
        if hint > self.first:
            yield AddressRange(self.first, hint - 1)


def parse_cidr(text: str, version: int, subject: str) -> IPNetwork:
    """A network that guests can live in.

    Raises:
        InvalidInput: wrong family, host bits set, too small or large, or reserved for other uses.
    """
    network = parse_network(text, subject)
    if network.version != version:
        raise InvalidInput(
            f"{network} is IPv{network.version}",
            subject=subject,
            hint=f"an IPv{version} network belongs here",
        )
    widest, narrowest = _V4_PREFIX if version == 4 else _V6_PREFIX
    if not widest <= network.prefixlen <= narrowest:
        raise InvalidInput(
            f"{network} has a prefix of {network.prefixlen} bits",
            subject=subject,
            hint=f"/{widest} to /{narrowest}",
        )
    address = network.network_address
    if address.is_multicast or address.is_loopback or address.is_link_local or address.is_unspecified:
        raise InvalidInput(
            f"{network} is reserved for other uses",
            subject=subject,
            hint="for example 10.0.0.0/24 or fd00:1::/64",
        )
    return network


@functools.lru_cache(maxsize=4096)
def network_of(cidr: str) -> IPNetwork:
    """The network of a canonical CIDR; the same few are asked for again and again."""
    return ipaddress.ip_network(cidr)


def gateway_of(network: IPNetwork) -> IPAddress:
    """The gateway's address."""
    return network.network_address + GATEWAY_OFFSET


def nic_range(network: IPNetwork) -> AddressRange:
    """The offsets for NICs: neither network, gateway nor (IPv4) broadcast address."""
    last = network.num_addresses - (2 if network.version == 4 else 1)
    return AddressRange(GATEWAY_OFFSET + 1, min(last, AUTOMATIC_OFFSETS))


def offset_of(address: IPAddress, network: IPNetwork) -> int:
    """How far an address is from its network's own."""
    return int(address) - int(network.network_address)


def check_nic_address(text: str, network: IPNetwork, subject: str) -> IPAddress:
    """An address that a NIC may have in this network.

    Raises:
        InvalidInput: outside the network, or the network's, gateway's or broadcast address.
    """
    address = parse_ip(text, subject)
    hint = f"{network.network_address + GATEWAY_OFFSET + 1} to {network.network_address + _last(network)}"
    if address not in network:
        raise InvalidInput(f"{address} is outside {network}", subject=subject, hint=hint)
    offset = offset_of(address, network)
    for taken, whose in ((0, "network"), (GATEWAY_OFFSET, "gateway")):
        if offset == taken:
            raise InvalidInput(
                f"{address} is the {whose}'s own address in {network}", subject=subject, hint=hint
            )
    if offset > _last(network):
        raise InvalidInput(f"{address} is the broadcast address of {network}", subject=subject, hint=hint)
    return address


def check_tunnel_ip(text: str, subject: str = "tunnel_ip") -> str:
    """A tunnel endpoint's address, canonical.

    Raises:
        InvalidInput: no unicast address that other hosts can reach.
    """
    address = parse_ip(text, subject)
    broadcast = ipaddress.IPv4Address(0xFFFFFFFF)
    if (
        address.is_multicast
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address == broadcast
    ):
        raise InvalidInput(
            f"{address} cannot be a tunnel endpoint",
            subject=subject,
            hint="an address that the other hosts reach",
        )
    return str(address)


def _last(network: IPNetwork) -> int:
    return network.num_addresses - (2 if network.version == 4 else 1)
