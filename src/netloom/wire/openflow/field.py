"""What a match field is: its name, width, wire headers and prerequisite. The fields themselves are in `fields_table.py`.

Rule 1: a field is one object for the life of the process; it is compared by identity.
Rule 2: values are unsigned integers in the field's own bit order, whatever its kind (addresses and MACs too).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

import msgspec

from netloom.wire.openflow.errors import LocalProtocolError

MAX_VARIABLE: Final = 124
"""Longest Geneve option that a `tun_metadata` field can hold, in bytes."""


class Format(enum.Enum):
    """How a value is written in text."""

    DECIMAL = "decimal"
    HEXADECIMAL = "hexadecimal"
    CT_STATE = "ct state"
    ETHERNET = "Ethernet"
    IPV4 = "IPv4"
    IPV6 = "IPv6"
    OPENFLOW_10_PORT = "16-bit port"
    OPENFLOW_11_PORT = "32-bit port"
    FRAG = "fragment"
    TUNNEL_FLAGS = "tunnel flags"
    TCP_FLAGS = "TCP flags"
    PACKET_TYPE = "packet type"


class Prerequisite(enum.Enum):
    """What else a match must say before it may use a field; the value tells a person."""

    NONE = "nothing"
    ETHERNET = "an Ethernet packet"
    ARP = "eth_type=0x0806 (arp) or 0x8035 (rarp)"
    VLAN_VID = "a VLAN (vlan_vid with bit 0x1000)"
    IPV4 = "eth_type=0x0800 (ip)"
    IPV6 = "eth_type=0x86dd (ipv6)"
    IP = "eth_type=0x0800 or 0x86dd (ip or ipv6)"
    NSH = "eth_type=0x894f (nsh)"
    CT = "ct_state with +trk, not +inv, and the IP version"
    MPLS = "eth_type=0x8847 or 0x8848 (mpls)"
    TCP = "nw_proto=6 (tcp)"
    UDP = "nw_proto=17 (udp)"
    SCTP = "nw_proto=132 (sctp)"
    ICMPV4 = "nw_proto=1 (icmp)"
    ICMPV6 = "nw_proto=58 (icmp6)"
    ND = "icmpv6_type=135 or 136, icmpv6_code=0"
    ND_SOLICIT = "icmpv6_type=135, icmpv6_code=0"
    ND_ADVERT = "icmpv6_type=136, icmpv6_code=0"


@dataclass(frozen=True, slots=True)
class Header:
    """One wire identity of a field.

    Args:
        name: as the specification or Open vSwitch spells it, e.g. `NXM_NX_REG0`.
        vendor: experimenter id; 0 without one.
        oxm_class: 16-bit OXM class (0xffff: experimenter).
        number: 7-bit field number.
        since: first OpenFlow wire version that has it; 0 for Nicira extended match.
    """

    name: str
    vendor: int
    oxm_class: int
    number: int
    since: int

    def packed(self, width: int, *, masked: bool) -> bytes:
        """The 4 (experimenter: 8) bytes before the value; `width` in bytes, of the value alone."""
        length = (width * 2 if masked else width) + (4 if self.vendor else 0)
        word = self.oxm_class << 16 | self.number << 9 | masked << 8 | length
        return word.to_bytes(4, "big") + (self.vendor.to_bytes(4, "big") if self.vendor else b"")


# Bits that are part of a value on the wire although the field's own width does not count them, or the reverse.
_WIRE_MASKS = {"vlan_vid": 0x1FFF, "dl_vlan": 0x1FFF, "nw_tos": 0xFC, "ct_state": 0xFF}


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A match field. `rank` is its place in the order in which Open vSwitch writes a match.

    Args:
        width: bytes of the value on the wire.
        bits: significant low bits.
        variable: the width is that of the Geneve option it stands for (`sized`).
        headers: wire identities, the oldest first.
    """

    name: str
    alias: str | None
    width: int
    bits: int
    variable: bool
    maskable: bool
    writable: bool
    format: Format
    prerequisite: Prerequisite
    rank: int
    headers: tuple[Header, ...]
    ones: int = field(init=False)
    """All valid bits set."""
    base: Field | None = None
    """The full-width field that this one is a `sized` form of."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ones", _WIRE_MASKS.get(self.name, (1 << self.bits) - 1))

    def __repr__(self) -> str:
        return self.name if self.base is None else f"{self.name}[{self.width} bytes]"

    def __str__(self) -> str:
        return self.name

    def __copy__(self) -> Field:
        return self

    def __deepcopy__(self, memo: object) -> Field:
        return self

    def header(self, version: int) -> Header:
        """The wire identity that Open vSwitch uses in an OpenFlow version; version 0 asks for the Nicira one.

        Raises:
            LocalProtocolError: the field has none (it exists in text only).
        """
        if not self.headers:
            raise LocalProtocolError(f"{self.name} cannot be sent", hint="it has no OXM or NXM number")
        chosen = self.headers[0]
        for candidate in self.headers:
            if candidate.since <= version:
                chosen = candidate
        return chosen

    def sized(self, width: int) -> Field:
        """The form of a variable field for an option of `width` bytes (1 to 124); always the same object."""
        if not self.variable or width == self.width:
            return self
        if not 1 <= width <= MAX_VARIABLE:
            raise LocalProtocolError(f"{self.name} cannot have {width} bytes", hint="1 to 124")
        base = self.base or self
        return base if width == base.width else _sized(base, width)

    def bits_of(self, low: int, high: int) -> Subfield:
        """Bits `low` to `high`, both included, as in `reg0[0..15]`."""
        return Subfield(self, low, high - low + 1)

    @property
    def all(self) -> Subfield:
        """The whole field, as in `reg0[]`."""
        return Subfield(self, 0, self.bits)


@cache
def _sized(base: Field, width: int) -> Field:
    return replace(base, width=width, bits=width * 8, base=base)


class Subfield(msgspec.Struct, frozen=True, gc=False):
    """Some bits of a field: `offset` is the lowest bit, `bits` how many."""

    field: Field
    offset: int
    bits: int

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the field."""
        return self.offset == 0 and self.bits == self.field.bits

    @property
    def ones(self) -> int:
        """A mask of the field's width with these bits set."""
        return ((1 << self.bits) - 1) << self.offset
