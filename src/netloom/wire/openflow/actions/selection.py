"""Choosing by hash: multipath writes a link number, bundle chooses one of several ports.

Rule 1: hash fields and algorithms are Open vSwitch's numbers, checked both ways.
Rule 2: members of a bundle are ports (member type NXM_OF_IN_PORT), 16 bits each.
"""

from __future__ import annotations

import enum
import struct
from typing import TypeVar

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
from netloom.wire.openflow.actions.subfields import (
    check_destination,
    pack_range,
    sane,
    short_header,
    unpack_range,
    unpack_short,
)
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.ports import from_port16, to_port16

_MAX_MEMBERS = 2048
_PORT_MEMBERS = 0x00000002  # NXM_OF_IN_PORT


E = TypeVar("E", bound=enum.IntEnum)


class HashFields(enum.IntEnum):
    """What a hash covers (NX_HASH_FIELDS_*)."""

    eth_src = 0
    symmetric_l4 = 1
    symmetric_l3l4 = 2
    symmetric_l3l4_udp = 3
    nw_src = 4
    nw_dst = 5
    symmetric_l3 = 6


class LinkChoice(enum.IntEnum):
    """How multipath chooses (NX_MP_ALG_*)."""

    modulo_n = 0
    hash_threshold = 1
    hrw = 2
    iter_hash = 3


class MemberChoice(enum.IntEnum):
    """How bundle chooses (NX_BD_ALG_*)."""

    active_backup = 0
    hrw = 1


class Multipath(Action, frozen=True, gc=False):
    """Write the number of a link, 0 to `max_link`, into `dst`."""

    fields: HashFields
    basis: int
    algorithm: LinkChoice
    max_link: int
    arg: int
    dst: Subfield


class Bundle(Action, frozen=True, gc=False):
    """Choose a live port of `members`: send there, or with `dst` write its number."""

    fields: HashFields
    basis: int
    algorithm: MemberChoice
    members: tuple[int, ...]
    dst: Subfield | None = None


_MULTIPATH = struct.Struct(">10sHH2xHHI2xH4s")
_BUNDLE = struct.Struct(">10sHHHIHH4s4x")


def _multipath(action: Multipath, _version: int) -> bytes:
    dst = sane(action.dst, write=True)
    if 1 << dst.bits <= action.max_link:
        raise LocalProtocolError(
            f"{dst.bits} bits cannot number {action.max_link + 1} links", subject=dst.field.name
        )
    return _MULTIPATH.pack(
        nx_header(10, 32),
        action.fields,
        action.basis,
        action.algorithm,
        action.max_link,
        action.arg,
        pack_range(dst),
        short_header(dst.field),
    )


def _read_multipath(raw: bytes, _version: int, _depth: int) -> Action:
    _, fields, basis, algorithm, max_link, arg, ofs_nbits, _ = _MULTIPATH.unpack(raw)
    dst = check_destination(unpack_range(unpack_short(raw, 28), ofs_nbits))
    if 1 << dst.bits <= max_link:
        raise bad(f"{dst.bits} bits cannot number {max_link + 1} links")
    return Multipath(_hash(fields), basis, _choice(LinkChoice, algorithm), max_link, arg, dst)


def _hash(number: int) -> HashFields:
    return _choice(HashFields, number)


def _choice(kind: type[E], number: int) -> E:
    try:
        return kind(number)
    except ValueError:
        raise bad(f"unknown {kind.__name__} {number}") from None


def _bundle(action: Bundle, _version: int) -> bytes:
    if len(action.members) > _MAX_MEMBERS:
        raise LocalProtocolError(f"{len(action.members)} members", hint=f"at most {_MAX_MEMBERS}")
    ofs_nbits, header = 0, b"\0\0\0\0"
    if action.dst is not None:
        if sane(action.dst, write=True).bits < 16:
            raise LocalProtocolError("bundle_load needs 16 bits at least", subject=action.dst.field.name)
        ofs_nbits, header = pack_range(action.dst), short_header(action.dst.field)
    head = _BUNDLE.pack(
        nx_header(12 if action.dst is None else 13),
        action.algorithm,
        action.fields,
        action.basis,
        _PORT_MEMBERS,
        len(action.members),
        ofs_nbits,
        header,
    )
    ports = [to_port16(port) for port in action.members]
    return padded(head + struct.pack(f">{len(ports)}H", *ports))


def _read_bundle(raw: bytes, _version: int, _depth: int) -> Action:
    _, algorithm, fields, basis, kind, count, ofs_nbits, header = _BUNDLE.unpack_from(raw)
    if kind != _PORT_MEMBERS or count > _MAX_MEMBERS or any(raw[28:32]):
        raise bad(f"bundle with {count} members of type {kind:#x}")
    if 32 + 2 * count > len(raw):
        raise bad(f"bundle says {count} members in {len(raw)} bytes", BAD_LEN)
    dst = None
    if raw[9] == 13:
        dst = check_destination(unpack_range(unpack_short(raw, 24), ofs_nbits))
        if dst.bits < 16:
            raise bad("bundle_load needs 16 bits at least")
    elif ofs_nbits or header != b"\0\0\0\0":
        raise bad("bundle with a destination")
    members = tuple(from_port16(port) for port in struct.unpack_from(f">{count}H", raw, 32))
    return Bundle(_hash(fields), basis, _choice(MemberChoice, algorithm), members, dst)


register(Multipath, _multipath)
register(Bundle, _bundle)
register_decoder(NX, 10, _read_multipath, 32)
register_decoder(NX, 12, _read_bundle, 32, more=True)
register_decoder(NX, 13, _read_bundle, 32, more=True)
