"""The learn action: a flow that writes flows.

Rule 1: a spec is a source (a field's part or a number), a width, and what becomes of it (match, load, output).
Rule 2: the newer wire form (NXAST_LEARN2) is sent only for a limit or a result bit.
"""

from __future__ import annotations

import struct

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
from netloom.wire.openflow.actions.subfields import (
    check_destination,
    check_source,
    sane,
    short_header,
    unpack_field,
    unpack_short,
)
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.oxm import packed_header

SEND_FLOW_REM, DELETE_LEARNED, _WRITE_RESULT = 1, 2, 4
_SRC_IMMEDIATE = 1 << 13
_DST_MATCH, _DST_LOAD, _DST_OUTPUT = 0 << 11, 1 << 11, 2 << 11
_DST, _BITS = 3 << 11, 0x7FF


class LearnMatch(msgspec.Struct, frozen=True, gc=False):
    """The learned flow matches `dst` with the source."""

    dst: Subfield
    src: Subfield | int


class LearnLoad(msgspec.Struct, frozen=True, gc=False):
    """The learned flow loads the source into `dst`."""

    dst: Subfield
    src: Subfield | int


class LearnOutput(msgspec.Struct, frozen=True, gc=False):
    """The learned flow outputs to the port that `src` has."""

    src: Subfield


LearnSpec = LearnMatch | LearnLoad | LearnOutput


class Learn(Action, frozen=True, gc=False):
    """Add or change a flow, made from this packet.

    Args:
        specs: what it matches and does, in order.
        table: where it goes.
        idle_timeout, hard_timeout: its timeouts in seconds; `fin_*`: those after FIN or RST.
        flags: SEND_FLOW_REM, DELETE_LEARNED (with this flow).
        limit: most flows to learn, 0: no limit.
        result: a bit that becomes 1 when it was learned (0: the limit was reached).
    """

    specs: tuple[LearnSpec, ...]
    table: int = 1
    idle_timeout: int = 0
    hard_timeout: int = 0
    priority: int = 32768
    cookie: int = 0
    flags: int = 0
    fin_idle_timeout: int = 0
    fin_hard_timeout: int = 0
    limit: int = 0
    result: Subfield | None = None


_LEARN = struct.Struct(">10sHHHQHBxHH")
_LEARN2 = struct.Struct(">IH2x")


def _learn(action: Learn, _version: int) -> bytes:
    newer = action.limit or action.result is not None
    if not 0 <= action.table < 0xFF:
        raise LocalProtocolError(f"learn into table {action.table}", hint="0 to 254")
    if action.flags & ~(SEND_FLOW_REM | DELETE_LEARNED):
        raise LocalProtocolError(f"unknown flags {action.flags:#x} of learn")
    head = _LEARN.pack(
        nx_header(45 if newer else 16),
        action.idle_timeout,
        action.hard_timeout,
        action.priority,
        action.cookie,
        action.flags | (_WRITE_RESULT if action.result is not None else 0),
        action.table,
        action.fin_idle_timeout,
        action.fin_hard_timeout,
    )
    parts = [head]
    if newer:
        result = action.result
        if result is None:
            parts.append(_LEARN2.pack(action.limit, 0))
        else:
            if sane(result, write=True).bits != 1:
                raise LocalProtocolError("result_dst is one bit", subject=result.field.name)
            parts.append(_LEARN2.pack(action.limit, result.offset) + packed_header(result.field, 0, False))
    parts += [_pack_spec(spec) for spec in action.specs]
    return padded(b"".join(parts))


def _place(part: Subfield) -> bytes:
    return short_header(part.field) + part.offset.to_bytes(2)


def _pack_spec(spec: LearnSpec) -> bytes:
    if isinstance(spec, LearnOutput):
        return (_DST_OUTPUT | sane(spec.src, write=False).bits).to_bytes(2) + _place(spec.src)
    load = isinstance(spec, LearnLoad)
    dst = sane(spec.dst, write=load)
    kind = (_DST_LOAD if load else _DST_MATCH) | dst.bits
    if isinstance(spec.src, Subfield):
        if sane(spec.src, write=False).bits != dst.bits:
            raise LocalProtocolError(f"{spec.src.bits} bits cannot fill {dst.bits}", subject=dst.field.name)
        return kind.to_bytes(2) + _place(spec.src) + _place(dst)
    if spec.src < 0 or spec.src >> dst.bits:
        raise LocalProtocolError(f"{spec.src:#x} does not fit in {dst.bits} bits", subject=dst.field.name)
    width = 2 * ((dst.bits + 15) // 16)
    return (kind | _SRC_IMMEDIATE).to_bytes(2) + spec.src.to_bytes(width) + _place(dst)


def _read_learn(raw: bytes, _version: int, _depth: int) -> Action:
    newer = raw[9] == 45
    _, idle, hard, priority, cookie, flags, table, fin_idle, fin_hard = _LEARN.unpack_from(raw)
    allowed = SEND_FLOW_REM | DELETE_LEARNED | (_WRITE_RESULT if newer else 0)
    if raw[27] or table == 0xFF or flags & ~allowed:
        raise bad(f"learn into table {table} with flags {flags:#x}")
    offset, limit, result = 32, 0, None
    if newer:
        limit, bit = _LEARN2.unpack_from(raw, 32)
        if raw[38] or raw[39] or (bit and not flags & _WRITE_RESULT):
            raise bad("padding of learn is not zero")
        offset = 40
        if flags & _WRITE_RESULT:
            field, offset = unpack_field(raw, 40, len(raw))
            result = check_destination(Subfield(field, bit, 1))
    return Learn(
        specs=_read_specs(raw, offset),
        table=table,
        idle_timeout=idle,
        hard_timeout=hard,
        priority=priority,
        cookie=cookie,
        flags=flags & ~_WRITE_RESULT,
        fin_idle_timeout=fin_idle,
        fin_hard_timeout=fin_hard,
        limit=limit,
        result=result,
    )


def _read_specs(raw: bytes, offset: int) -> tuple[LearnSpec, ...]:
    found: list[LearnSpec] = []
    while offset + 2 <= len(raw):
        header = raw[offset] << 8 | raw[offset + 1]
        offset += 2
        if not header:
            break
        spec, offset = _read_spec(raw, offset, header)
        found.append(spec)
    if any(raw[offset:]):
        raise bad("padding of learn is not zero")
    return tuple(found)


def _read_spec(raw: bytes, offset: int, header: int) -> tuple[LearnSpec, int]:
    bits, kind, immediate = header & _BITS, header & _DST, bool(header & _SRC_IMMEDIATE)
    if header & 0xC000 or not bits or kind == 3 << 11 or (kind == _DST_OUTPUT and immediate):
        raise bad(f"learn spec {header:#06x} is not possible")
    src_size = 2 * ((bits + 15) // 16) if immediate else 6
    stop = offset + src_size + (0 if kind == _DST_OUTPUT else 6)
    if stop > len(raw):
        raise bad("a learn spec is cut short", BAD_LEN)
    src: Subfield | int
    if immediate:
        src = int.from_bytes(raw[offset : offset + src_size])
        if src >> bits:
            raise bad(f"{src:#x} does not fit in {bits} bits")
    else:
        src = check_source(_part(raw, offset, bits))
        if kind == _DST_OUTPUT:
            return LearnOutput(src), stop
    dst = _part(raw, offset + src_size, bits)
    if kind == _DST_LOAD:
        return LearnLoad(check_destination(dst), src), stop
    return LearnMatch(check_source(dst), src), stop


def _part(raw: bytes, offset: int, bits: int) -> Subfield:
    return Subfield(unpack_short(raw, offset), raw[offset + 4] << 8 | raw[offset + 5], bits)


register(Learn, _learn)
register_decoder(NX, 16, _read_learn, 32, more=True)
register_decoder(NX, 45, _read_learn, 40, more=True)
