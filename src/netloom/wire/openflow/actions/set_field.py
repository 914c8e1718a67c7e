"""Writing fields: set_field, load, move, the stack, delete_field.

Rule 1: which wire action says a write depends on the version, exactly as in Open vSwitch (`encode_SET_FIELD`): OpenFlow
1.5 has set_field for all; before, a part of a field goes as one or more reg_load.
Rule 2: a destination is writable and the value lies in it.
"""

from __future__ import annotations

import struct

from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.actions.registry import (
    BAD_SET_ARGUMENT,
    ONF_VENDOR,
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
    has_short_header,
    pack_range,
    sane,
    short_header,
    unpack_field,
    unpack_range,
    unpack_short,
)
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.field import Field, Subfield
from netloom.wire.openflow.memo import Memo
from netloom.wire.openflow.oxm import pack_entry, packed_header, unpack_entry


class SetField(Action, frozen=True, gc=False):
    """Write a field, or the bits of `mask` of it. vlan_vid includes the bit 0x1000 (there is a tag)."""

    field: Field
    value: int
    mask: int | None = None


class Load(Action, frozen=True, gc=False):
    """Write a number into a part of a field (`load:` in text)."""

    dst: Subfield
    value: int


class Move(Action, frozen=True, gc=False):
    """Copy a part of a field to an equally wide part of another."""

    src: Subfield
    dst: Subfield


class StackPush(Action, frozen=True, gc=False):
    """Push a part of a field on the stack."""

    src: Subfield


class StackPop(Action, frozen=True, gc=False):
    """Pop the stack into a part of a field."""

    dst: Subfield


class DeleteField(Action, frozen=True, gc=False):
    """Remove a Geneve option from the packet (`tun_metadata` fields only)."""

    field: Field


def _check_set(field: Field, value: int, mask: int) -> str | None:
    if not field.writable:
        return f"{field.name} cannot be written"
    if value < 0 or value & ~mask or mask & ~field.ones or not mask:
        return f"value {value:#x} with mask {mask:#x} does not fit in {field.name}"
    return None


def _check_tag(field: Field, value: int) -> str | None:
    # OpenFlow 1.5.1, section 7.2.5: set-field of vlan_vid says that there is a tag.
    if field is f.VLAN_VID and not value & 0x1000:
        return "the value of vlan_vid must have bit 0x1000 (there is a tag)"
    if field is f.IN_PORT_OXM:
        return "set-field cannot write in_port; write the 16-bit NXM_OF_IN_PORT"
    return None


def _set_field(action: SetField, version: int) -> bytes:
    field = action.field
    if action.mask is None and 0 <= action.value <= field.ones:
        frame = _whole_frames.get((field, version)) or _whole_frame(field, version)
        if frame is not None:
            return frame[0] + action.value.to_bytes(field.width) + frame[1]
    mask = field.ones if action.mask is None else action.mask
    wrong = _check_set(field, action.value, mask)
    if wrong is not None:
        raise LocalProtocolError(wrong, subject=field.name)
    if mask == field.ones or version >= 6:
        wrong = _check_tag(field, action.value)
        if wrong is not None:
            raise LocalProtocolError(wrong, subject=field.name)
        entry = pack_entry(field, action.value, None if mask == field.ones else mask, version)
        return padded(b"\x00\x19\x00\x00" + entry)
    return _loads(field, action.value, mask)


_whole_frames: dict[tuple[Field, int], tuple[bytes, bytes]] = {}


def _whole_frame(field: Field, version: int) -> tuple[bytes, bytes] | None:
    """What stands before and behind the value in a set_field of a whole field; None where more is to be checked."""
    if (
        not field.writable
        or field in (f.VLAN_VID, f.IN_PORT_OXM)
        or field.ones != (1 << field.bits) - 1
        or field.variable
    ):
        return None
    entry = packed_header(field, version, False)
    whole = padded(b"\x00\x19\x00\x00" + entry + bytes(field.width))
    head = 4 + len(entry)
    frame = _whole_frames[field, version] = (whole[:head], whole[head + field.width :])
    return frame


def _loads(field: Field, value: int, mask: int) -> bytes:
    if field.variable or not has_short_header(field):
        return padded(nx_header(33) + pack_entry(field, value, mask, 0))
    return b"".join(
        [_reg_load(Subfield(field, o, n), value >> o & (1 << n) - 1) for o, n in _segments(field, mask)]
    )


def _segments(field: Field, mask: int) -> list[tuple[int, int]]:
    """The runs of ones in a mask as (offset, bits), each at most 64 wide (`next_load_segment`)."""
    found = []
    offset = 0
    while offset < field.bits:
        if not mask >> offset & 1:
            offset += 1
            continue
        bits = 1
        while bits < 64 and offset + bits < field.bits and mask >> offset + bits & 1:
            bits += 1
        found.append((offset, bits))
        offset += bits
    return found


_HEADS = 4096
_LOAD = struct.Struct(">10sH4sQ")


def _reg_load(dst: Subfield, value: int) -> bytes:
    return _LOAD.pack(nx_header(7, 24), pack_range(dst), short_header(dst.field), value)


_moves: Memo[tuple[Move, int], bytes] = Memo(4096)
_load_heads: dict[Subfield, bytes] = {}


def _load_head(dst: Subfield) -> bytes | None:
    """What stands before the value in a reg_load; None where it cannot say it."""
    sane(dst, write=True)
    if dst.field.variable or dst.bits > 64 or not has_short_header(dst.field):
        return None
    if len(_load_heads) >= _HEADS:
        _load_heads.clear()
    head = _load_heads[dst] = _reg_load(dst, 0)[:16]
    return head


def _load(action: Load, version: int) -> bytes:
    if version < 6:
        head = _load_heads.get(action.dst) or _load_head(action.dst)
        if head is not None and 0 <= action.value < 1 << action.dst.bits:
            return head + action.value.to_bytes(8)
    dst = sane(action.dst, write=True)
    if action.value < 0 or action.value >> dst.bits:
        raise LocalProtocolError(f"{action.value:#x} does not fit in {dst.bits} bits", subject=dst.field.name)
    if version >= 6:
        value, mask = action.value << dst.offset, dst.ones
        # As who reads it checks it: a part of nw_tos outside of its six bits is none.
        whole = mask & dst.field.ones == dst.field.ones
        wrong = _check_set(dst.field, value, dst.field.ones if whole else mask) or _check_tag(
            dst.field, value
        )
        if wrong is not None:
            raise LocalProtocolError(wrong, subject=dst.field.name)
        entry = pack_entry(dst.field, value, None if mask == dst.field.ones else mask, 6)
        return padded(b"\x00\x19\x00\x00" + entry)
    if dst.field.variable or dst.bits > 64 or not has_short_header(dst.field):
        return _loads(dst.field, action.value << dst.offset, dst.ones)
    return _reg_load(dst, action.value)


def _read_set_field(raw: bytes, version: int, _depth: int) -> Action:
    field, value, mask, after = unpack_entry(raw, 4, len(raw))
    if any(raw[after:]):
        raise bad("padding of set_field is not zero", BAD_SET_ARGUMENT)
    if mask is not None and version < 6:
        raise bad("set_field takes no mask before OpenFlow 1.5", 16)
    if mask is not None and mask & field.ones == field.ones:
        mask = None
    wrong = _check_set(field, value, field.ones if mask is None else mask) or _check_tag(field, value)
    if wrong is not None:
        raise bad(wrong, BAD_SET_ARGUMENT)
    return SetField(field, value, mask)


def _read_load(raw: bytes, _version: int, _depth: int) -> Action:
    _, ofs_nbits, _, value = _LOAD.unpack(raw)
    dst = check_destination(unpack_range(unpack_short(raw, 12), ofs_nbits))
    if value >> dst.bits:
        raise bad(f"load of {value:#x} does not fit in {dst.bits} bits")
    return Load(dst, value)


def _read_load2(raw: bytes, _version: int, _depth: int) -> Action:
    field, value, mask, after = unpack_entry(raw, 10, len(raw))
    if any(raw[after:]):
        raise bad("padding of reg_load2 is not zero", BAD_SET_ARGUMENT)
    bits = field.ones if mask is None else mask
    wrong = _check_set(field, value, bits)
    if wrong is not None:
        raise bad(wrong, BAD_SET_ARGUMENT)
    offset = (bits & -bits).bit_length() - 1
    run = bits >> offset
    if run & run + 1 == 0:
        return Load(Subfield(field, offset, run.bit_length()), value >> offset)
    return SetField(field, value, bits)


def _move(action: Move, version: int) -> bytes:
    known = _moves.get((action, version))
    if known is None:
        known = _encode_move(action, version)
        _moves.put((action, version), known)
    return known


def _encode_move(action: Move, version: int) -> bytes:
    src, dst = sane(action.src, write=False), sane(action.dst, write=True)
    if src.bits != dst.bits:
        raise LocalProtocolError(f"{src.bits} bits do not fit in {dst.bits}", subject=dst.field.name)
    ranges = struct.pack(">HHH", dst.bits, src.offset, dst.offset)
    if version >= 6:
        fields = packed_header(src.field, 6, False) + packed_header(dst.field, 6, False)
        return padded(b"\x00\x1c\x00\x00" + ranges + b"\x00\x00" + fields)
    return padded(
        nx_header(6) + ranges + packed_header(src.field, 0, False) + packed_header(dst.field, 0, False)
    )


def _moved(raw: bytes, ranges: int, fields: int) -> Action:
    bits, src_offset, dst_offset = struct.unpack_from(">HHH", raw, ranges)
    src, after = unpack_field(raw, fields, len(raw))
    dst, after = unpack_field(raw, after, len(raw))
    if any(raw[after:]):
        raise bad("padding of move is not zero")
    return Move(
        check_source(Subfield(src, src_offset, bits)), check_destination(Subfield(dst, dst_offset, bits))
    )


def _read_copy_field(raw: bytes, version: int, _depth: int) -> Action:
    if version < 6:
        raise bad("copy_field is an action of OpenFlow 1.5", 0)
    return _moved(raw, 4, 12)


_STACK = struct.Struct(">10sH")


def _stack(subtype: int, part: Subfield) -> bytes:
    body = _STACK.pack(nx_header(subtype), part.offset) + packed_header(part.field, 0, False)
    return padded(body + part.bits.to_bytes(2) + bytes(24 - len(body) - 2))


def _stack_part(raw: bytes) -> Subfield:
    field, after = unpack_field(raw, 12, 24)
    if any(raw[after + 2 :]):
        raise bad("padding of a stack action is not zero")
    return Subfield(field, raw[10] << 8 | raw[11], raw[after] << 8 | raw[after + 1])


def _delete_field(action: DeleteField, _version: int) -> bytes:
    body = nx_header(50) + packed_header(action.field, 0, False)
    return padded(body + bytes(24 - len(body)))


def _read_delete_field(raw: bytes, _version: int, _depth: int) -> Action:
    field, after = unpack_field(raw, 10, 24)
    if any(raw[after:]):
        raise bad("padding of delete_field is not zero")
    if not field.variable:
        raise bad(f"{field.name} cannot be deleted")
    return DeleteField(field)


register(SetField, _set_field)
register(Load, _load)
register(Move, _move)
register(StackPush, lambda a, _v: _stack(27, sane(a.src, write=False)))
register(StackPop, lambda a, _v: _stack(28, sane(a.dst, write=True)))
register(DeleteField, _delete_field)
register_decoder(0, 25, _read_set_field, 16, more=True)
register_decoder(0, 28, _read_copy_field, 16, more=True)
register_decoder(NX, 7, _read_load, 24)
register_decoder(NX, 33, _read_load2, 16, more=True)
register_decoder(NX, 6, lambda raw, _v, _d: _moved(raw, 10, 16), 24, more=True)
register_decoder(ONF_VENDOR, 3200, lambda raw, _v, _d: _moved(raw, 12, 20), 24, more=True)
register_decoder(NX, 27, lambda raw, _v, _d: StackPush(check_source(_stack_part(raw))), 24)
register_decoder(NX, 28, lambda raw, _v, _d: StackPop(check_destination(_stack_part(raw))), 24)
register_decoder(NX, 50, _read_delete_field, 24)
