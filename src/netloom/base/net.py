"""Network value types. A MAC is an int in 48 bits with a text form; IP addresses and networks are the standard library's.

Rule 1: parse at the door (`parse_*`, which say what would be right), trust inside.
Rule 2: values compare and hash by content, cheaply: flows are made of them by the hundred thousand.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from typing import NewType

from netloom.base.errors import InvalidInput

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

Mac = NewType("Mac", int)
"""A 48-bit Ethernet address as a number; `format_mac` writes it."""

BROADCAST_MAC = Mac(0xFFFFFFFFFFFF)
MULTICAST_BIT = 1 << 40
LOCAL_BIT = 1 << 41

_MAC = re.compile(r"^[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}$")


def parse_mac(text: str, subject: str = "mac") -> Mac:
    """A unicast MAC address from `aa:bb:cc:dd:ee:ff` (or with dashes).

    Raises:
        InvalidInput: it is not six octets, is a group address, or is all zeros.
    """
    if _MAC.match(text) is None:
        raise InvalidInput(
            f"{text!r} is not a MAC address", subject=subject, hint="for example 02:00:00:00:00:01"
        )
    value = int(text.replace(":", "").replace("-", ""), 16)
    if value & MULTICAST_BIT:
        raise InvalidInput(
            f"{text} is a group address",
            subject=subject,
            hint="the lowest bit of the first octet is 0",
        )
    if value == 0:
        raise InvalidInput("the MAC address is all zeros", subject=subject)
    return Mac(value)


def format_mac(mac: int) -> str:
    """The lower-case colon form."""
    digits = f"{mac:012x}"
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def parse_ip(text: str, subject: str = "address") -> IPAddress:
    """An IPv4 or IPv6 address.

    Raises:
        InvalidInput: it is neither, or has a zone index.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is not an IP address",
            subject=subject,
            hint="for example 10.0.0.7 or fd00::7",
        ) from error
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise InvalidInput(f"{text!r} has a zone index", subject=subject, hint="leave out the part from %")
    return address


def parse_network(text: str, subject: str = "cidr") -> IPNetwork:
    """An IPv4 or IPv6 network in CIDR form with no host bits set.

    Raises:
        InvalidInput: it is not, with the network that was probably meant.
    """
    try:
        return ipaddress.ip_network(text, strict=True)
    except ValueError as error:
        hint = "for example 10.0.0.0/24 or fd00:1::/64"
        with contextlib.suppress(ValueError):
            hint = f"did you mean {ipaddress.ip_network(text, strict=False)}?"
        raise InvalidInput(f"{text!r} is not a network: {error}", subject=subject, hint=hint) from error


def is_part(inner: IPNetwork, outer: IPNetwork) -> bool:
    """Whether a network is inside another one, or is it; one of another family never is."""
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


def link_local(mac: int) -> ipaddress.IPv6Address:
    """The modified EUI-64 link-local address of a MAC (RFC 4291, appendix A)."""
    high = ((mac >> 24) ^ 0x020000) & 0xFFFFFF
    low = mac & 0xFFFFFF
    return ipaddress.IPv6Address((0xFE80 << 112) | (high << 40) | (0xFFFE << 24) | low)


def solicited_node(address: ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    """The solicited-node multicast address of an IPv6 address (RFC 4291, section 2.7.1)."""
    return ipaddress.IPv6Address((0xFF02 << 112) | (0x1FF << 24) | (int(address) & 0xFFFFFF))
