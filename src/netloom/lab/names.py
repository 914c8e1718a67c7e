"""Every name and address in a lab, as functions of the lab's name and the host's number.

Rule 1: a namespace name says to which lab it belongs (`nl.LAB.…`, and a lab's name holds no dot), so two labs never clash.
Rule 2: addresses are from the ranges set apart for benchmarking (RFC 2544: 198.18.0.0/15, RFC 5180: 2001:2::/48); they live
inside namespaces only and never meet the machine's own.
"""

from __future__ import annotations

import ipaddress
import re
import zlib

from netloom.lab.errors import LabError

UNDERLAY4 = ipaddress.IPv4Network("198.18.0.0/16")
MANAGEMENT4 = ipaddress.IPv4Network("198.19.0.0/16")
UNDERLAY6 = ipaddress.IPv6Network("2001:2:0:18::/64")
CONTROL_ADDRESS = MANAGEMENT4[0xFF01]
"""Where a netloomd inside the lab's control namespace listens."""

MAX_HOSTS = 1000
MAX_INTERFACE = 15
"""IFNAMSIZ - 1."""

_LAB = re.compile(r"^[a-z0-9][a-z0-9-]{0,23}$")
_GUEST = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}(\+[0-9]{1,2})?$")


def check_lab(name: str) -> str:
    """A lab's name: 1 to 24 of `a-z 0-9 -`."""
    if _LAB.match(name) is None:
        raise LabError(f"{name!r} is not a lab's name", hint="1 to 24 characters of a-z, 0-9 and -")
    return name


def check_guest(name: str) -> str:
    """A guest's name: 1 to 40 of letters, digits, `_` and `-`; behind a `+`, which interface of a machine with several."""
    if _GUEST.match(name) is None:
        raise LabError(f"{name!r} is not a guest's name", hint="1 to 40 letters, digits, _ and -")
    return name


def namespace_prefix(lab: str) -> str:
    """What the names of all namespaces of a lab begin with."""
    return f"nl.{lab}."


def namespace(lab: str, role: str) -> str:
    """The namespace of a host (`h1`), of the `underlay`, of `ctl`."""
    return namespace_prefix(lab) + role


def guest_namespace(lab: str, guest: str) -> str:
    """The namespace of a guest; the extra part keeps a guest `h1` apart from the host. `m+0` and `m+1` share `m`'s."""
    return namespace_prefix(lab) + "g." + machine_of(guest)


def machine_of(guest: str) -> str:
    """The machine that a guest's name says it is an interface of; the guest itself when it says nothing of the kind."""
    return guest.partition("+")[0]


def device_name(guest: str, serial: int = 0) -> str:
    """The interface inside a guest; a machine's have the numbers of its interfaces, and later ones (migration) a serial."""
    number = guest.partition("+")[2]
    if not number:
        return f"eth{serial}"
    return f"eth{number}" + (f".{serial}" if serial else "")


def host_name(number: int) -> str:
    """Hosts are h1, h2, …"""
    return f"h{number}"


def port_name(guest: str, serial: int = 0) -> str:
    """The interface at a guest's host side, at most 15 characters; the same guest's later ones (migration) have a serial."""
    plain = f"v-{guest}" + (f".{serial}" if serial else "")
    if len(plain) <= MAX_INTERFACE:
        return plain
    return f"v-{guest[:5]}{zlib.crc32(plain.encode()):08x}"


def underlay_mac(number: int) -> str:
    """The MAC of a host's tunnel endpoint, known beforehand so that neighbours can be told."""
    return f"02:18:00:00:{number >> 8:02x}:{number & 255:02x}"


def underlay4(number: int) -> ipaddress.IPv4Address:
    """The IPv4 tunnel endpoint of a host."""
    return UNDERLAY4[number]


def underlay6(number: int) -> ipaddress.IPv6Address:
    """The IPv6 tunnel endpoint of a host."""
    return UNDERLAY6[number]


def management4(number: int) -> ipaddress.IPv4Address:
    """The address of a host on the control network."""
    return MANAGEMENT4[number]
