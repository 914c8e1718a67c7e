"""Which packets an access rule speaks of. ACL items and security group rules share it; unlike rules of addresses
(`rules_traffic`) they know every IP protocol by number.

Rule 1: a match is canonical: text goes in only through `checked`, and two matches with equal fields mean the same.
Rule 2: `icmp` is the ICMP of the packet's own family (protocol 1 in IPv4, 58 in IPv6); numbers mean exactly that protocol.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.net import IPNetwork
from netloom.model.cloud.rules_traffic import parse_cidrs, parse_icmp, parse_ports

ALL: Final = "all"
TCP: Final = "tcp"
UDP: Final = "udp"
ICMP: Final = "icmp"
NAMES: Final = (TCP, UDP, ICMP, ALL)

TCP_NUMBER: Final = 6
UDP_NUMBER: Final = 17
ICMP4_NUMBER: Final = 1
ICMP6_NUMBER: Final = 58

WITH_PORTS: Final = frozenset({TCP, UDP, "6", "17", "33", "132", "136"})
"""Protocols whose header begins with two ports: TCP, UDP, DCCP, SCTP, UDP-Lite."""

EVERYWHERE: Final = "0.0.0.0/0"
MAX_PROTOCOL: Final = 255


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule speaks of.

    Attributes:
        protocol: `tcp`, `udp`, `icmp`, `all`, or a number 0..255 as text.
        start_port, end_port: destination ports, both or neither; None: all.
        icmp_type, icmp_code: with `icmp` only; -1: any.
        cidrs: the other side: sources of what comes in, destinations of what goes out; canonical, in the order given.
    """

    protocol: str = ALL
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    cidrs: tuple[str, ...] = (EVERYWHERE,)

    def checked(self) -> Match:
        """The canonical form; no networks at all means all of IPv4, as CloudStack has it.

        Raises:
            InvalidInput: a part is out of its range, or makes no sense with this protocol.
            TooLarge: too many networks.
        """
        protocol = check_protocol(self.protocol)
        _check_parts(self, protocol)
        ports = parse_ports(self.start_port, self.end_port)
        icmp = parse_icmp(self.icmp_type, self.icmp_code) if protocol == ICMP else None
        return Match(
            protocol=protocol,
            start_port=ports.first if ports else None,
            end_port=ports.last if ports else None,
            icmp_type=icmp.type if icmp else None,
            icmp_code=icmp.code if icmp else None,
            cidrs=parse_cidrs(self.cidrs) or (EVERYWHERE,),
        )


def check_protocol(text: str) -> str:
    """The canonical name or number of a protocol.

    Raises:
        InvalidInput: it is neither (`protocol-unsupported`).
    """
    name = text.strip().lower()
    if name in NAMES:
        return name
    if name.isascii() and name.isdigit() and len(name) <= 3 and int(name) <= MAX_PROTOCOL:
        return str(int(name))
    raise InvalidInput(
        f"{text!r} is not a protocol",
        code="protocol-unsupported",
        subject="protocol",
        hint="tcp, udp, icmp, all, or a number from 0 to 255",
    )


def networks(cidrs: Iterable[str]) -> tuple[IPNetwork, ...]:
    """Canonical texts as values."""
    return tuple(ipaddress.ip_network(cidr) for cidr in cidrs)


def protocol_number(protocol: str, version: int) -> int | None:
    """The number in the packet's header for a family (4 or 6); None: any."""
    if protocol == ALL:
        return None
    if protocol == ICMP:
        return ICMP4_NUMBER if version == 4 else ICMP6_NUMBER
    return {TCP: TCP_NUMBER, UDP: UDP_NUMBER}.get(protocol) or int(protocol)


def _check_parts(match: Match, protocol: str) -> None:
    if protocol not in WITH_PORTS and (match.start_port, match.end_port) != (None, None):
        raise InvalidInput(
            f"protocol {protocol} has no ports, but some were given",
            subject="startport",
            hint="leave the ports out, or use tcp or udp",
        )
    if protocol != ICMP and (match.icmp_type, match.icmp_code) != (None, None):
        raise InvalidInput(
            f"protocol {protocol} has no ICMP type or code, but one was given",
            subject="icmptype",
            hint="leave both out, or use protocol icmp",
        )
