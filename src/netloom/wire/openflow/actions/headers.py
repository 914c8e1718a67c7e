"""Adding, removing and counting down packet headers.

Rule 1: an EtherType must be one that the header can have (OpenFlow 1.5.1, section 5.8).
Rule 2: what OpenFlow names standard is sent as standard; the rest are Nicira's.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

from netloom.wire.openflow.actions.registry import (
    BAD_LEN,
    Action,
    bad,
    nx_header,
    padded,
    register,
    register_decoder,
)
from netloom.wire.openflow.actions.registry import NX_VENDOR as NX
from netloom.wire.openflow.errors import LocalProtocolError

_VLAN_TYPES: Final = (0x8100, 0x88A8)
_MPLS_TYPES: Final = (0x8847, 0x8848)
PT_ETH, PT_NSH, PT_MPLS, PT_MPLS_MC = 0x00000000, 0x0001894F, 0x00018847, 0x00018848
PT_NEXT: Final = 0x0000FFFE
"""`decap` without a type: whatever comes next."""


class PushVlan(Action, frozen=True, gc=False):
    """Add a VLAN tag of an EtherType (0x8100 or 0x88a8)."""

    eth_type: int = 0x8100


class PopVlan(Action, frozen=True, gc=False):
    """Remove the outermost VLAN tag."""


class PushMpls(Action, frozen=True, gc=False):
    """Add an MPLS label stack entry of an EtherType (0x8847 or 0x8848)."""

    eth_type: int


class PopMpls(Action, frozen=True, gc=False):
    """Remove the outermost MPLS entry; the packet then has this EtherType."""

    eth_type: int


class DecTtl(Action, frozen=True, gc=False):
    """Count down the IP TTL; at zero the controllers with these ids are told. `(0,)` is plain dec_ttl."""

    controllers: tuple[int, ...] = (0,)


class SetNwTtl(Action, frozen=True, gc=False):
    """Write the IP TTL or hop limit."""

    ttl: int


class SetMplsTtl(Action, frozen=True, gc=False):
    """Write the MPLS TTL."""

    ttl: int


class DecMplsTtl(Action, frozen=True, gc=False):
    """Count down the MPLS TTL."""


class DecNshTtl(Action, frozen=True, gc=False):
    """Count down the NSH TTL."""


class EncapProperty(msgspec.Struct, frozen=True, gc=False):
    """A property of `encap`: its class (4: NSH), type, and data."""

    prop_class: int
    kind: int
    data: bytes = b""


class Encap(Action, frozen=True, gc=False):
    """Add a header of a packet type (Ethernet, NSH, MPLS)."""

    packet_type: int
    properties: tuple[EncapProperty, ...] = ()
    header_size: int = 0


class Decap(Action, frozen=True, gc=False):
    """Remove the outermost header; the packet then has this packet type."""

    packet_type: int = PT_NEXT


_EMPTY = struct.Struct(">HHI")
_ETHERTYPE = struct.Struct(">HHH2x")
_BYTE = struct.Struct(">HHB3x")


def _ethertype(number: int, eth_type: int, allowed: tuple[int, ...]) -> bytes:
    if allowed and eth_type not in allowed:
        raise LocalProtocolError(
            f"EtherType {eth_type:#06x} is not possible here", hint=" or ".join(f"{t:#06x}" for t in allowed)
        )
    return _ETHERTYPE.pack(number, 8, eth_type)


def _read_ethertype(raw: bytes, allowed: tuple[int, ...]) -> int:
    eth_type: int = _ETHERTYPE.unpack(raw)[2]
    if allowed and eth_type not in allowed:
        raise bad(f"EtherType {eth_type:#06x} is not possible here")
    return eth_type


def _dec_ttl(action: DecTtl, _version: int) -> bytes:
    if action.controllers == (0,):
        return _EMPTY.pack(24, 8, 0)
    if not action.controllers:
        raise LocalProtocolError("dec_ttl needs a controller id at least")
    ids = struct.pack(f">{len(action.controllers)}H", *action.controllers)
    return padded(nx_header(21) + len(action.controllers).to_bytes(2) + bytes(4) + ids)


def _read_dec_ttl(raw: bytes, _version: int, _depth: int) -> Action:
    count = raw[10] << 8 | raw[11]
    if 16 + 2 * count > len(raw) or not count:
        raise bad(f"dec_ttl says {count} controllers in {len(raw)} bytes", BAD_LEN)
    return DecTtl(struct.unpack_from(f">{count}H", raw, 16))


# NSH metadata properties (OFPPPT_PROP_NSH_*): 1 mdtype (1 byte), 2 tlv (class, type, data).
_NSH_CLASS, _NSH_MDTYPE, _NSH_TLV = 4, 1, 2


def _encap(action: Encap, _version: int) -> bytes:
    if action.packet_type not in (PT_ETH, PT_NSH, PT_MPLS, PT_MPLS_MC):
        raise LocalProtocolError(f"packet type {action.packet_type:#x} cannot be added")
    parts = [nx_header(46) + struct.pack(">HI", action.header_size, action.packet_type)]
    for prop in action.properties:
        size = 4 + len(prop.data)
        parts.append(struct.pack(">HBB", prop.prop_class, prop.kind, size) + prop.data + bytes(-size % 8))
    return padded(b"".join(parts))


def _read_encap(raw: bytes, _version: int, _depth: int) -> Action:
    size, packet_type = struct.unpack_from(">HI", raw, 10)
    if packet_type not in (PT_ETH, PT_NSH, PT_MPLS, PT_MPLS_MC):
        raise bad(f"packet type {packet_type:#x} cannot be added")
    properties = []
    offset = 16
    while offset < len(raw):
        prop_class, kind, length = struct.unpack_from(">HBB", raw, offset)
        stop = offset + length
        if length < 4 or stop > len(raw):
            raise bad(f"encap property of {length} bytes does not fit", BAD_LEN)
        if prop_class != _NSH_CLASS or kind not in (_NSH_MDTYPE, _NSH_TLV):
            raise bad(f"unknown encap property {prop_class}/{kind}")
        properties.append(EncapProperty(prop_class, kind, raw[offset + 4 : stop]))
        offset = stop + (-length % 8)
    return Encap(packet_type, tuple(properties), size)


def _read_decap(raw: bytes, _version: int, _depth: int) -> Action:
    return Decap(int.from_bytes(raw[12:16]))


register(PushVlan, lambda a, _v: _ethertype(17, a.eth_type, _VLAN_TYPES))
register(PopVlan, lambda _a, _v: _EMPTY.pack(18, 8, 0))
register(PushMpls, lambda a, _v: _ethertype(19, a.eth_type, _MPLS_TYPES))
register(PopMpls, lambda a, _v: _ethertype(20, a.eth_type, ()))
register(DecTtl, _dec_ttl)
register(SetNwTtl, lambda a, _v: _BYTE.pack(23, 8, a.ttl))
register(SetMplsTtl, lambda a, _v: _BYTE.pack(15, 8, a.ttl))
register(DecMplsTtl, lambda _a, _v: _EMPTY.pack(16, 8, 0))
register(DecNshTtl, lambda _a, _v: nx_header(48, 16) + bytes(6))
register(Encap, _encap)
register(Decap, lambda a, _v: nx_header(47, 16) + struct.pack(">2xI", a.packet_type))
register_decoder(0, 15, lambda raw, _v, _d: SetMplsTtl(raw[4]), 8)
register_decoder(0, 16, lambda _raw, _v, _d: DecMplsTtl(), 8)
register_decoder(0, 17, lambda raw, _v, _d: PushVlan(_read_ethertype(raw, _VLAN_TYPES)), 8)
register_decoder(0, 18, lambda _raw, _v, _d: PopVlan(), 8)
register_decoder(0, 19, lambda raw, _v, _d: PushMpls(_read_ethertype(raw, _MPLS_TYPES)), 8)
register_decoder(0, 20, lambda raw, _v, _d: PopMpls(_read_ethertype(raw, ())), 8)
register_decoder(0, 23, lambda raw, _v, _d: SetNwTtl(raw[4]), 8)
register_decoder(0, 24, lambda _raw, _v, _d: DecTtl(), 8)
register_decoder(NX, 21, _read_dec_ttl, 16, more=True)
register_decoder(NX, 46, _read_encap, 16, more=True)
register_decoder(NX, 47, _read_decap, 16)
register_decoder(NX, 48, lambda _raw, _v, _d: DecNshTtl(), 16)
