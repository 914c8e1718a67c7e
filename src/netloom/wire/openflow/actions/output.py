"""Where packets go: ports, groups, controllers, queues.

Rule 1: port numbers are the 32-bit ones; Nicira's actions carry 16.
Rule 2: the older form of an action is sent unless it cannot say it, as Open vSwitch does (lib/ofp-actions.c).
"""

from __future__ import annotations

import struct

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
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.oxm import packed_header
from netloom.wire.openflow.ports import check_port, from_port16, to_port16

WHOLE_PACKET = 0xFFFF
REASON_ACTION = 1


class Output(Action, frozen=True, gc=False):
    """Send the packet to a port. `max_len`: bytes that a controller gets of it (0xffff: all; other ports ignore it)."""

    port: int
    max_len: int = 0


class OutputReg(Action, frozen=True, gc=False):
    """Send the packet to the port that a field names."""

    src: Subfield
    max_len: int = WHOLE_PACKET


class OutputTrunc(Action, frozen=True, gc=False):
    """Send the first `max_len` bytes of the packet to a port."""

    port: int
    max_len: int


class Group(Action, frozen=True, gc=False):
    """Hand the packet to a group."""

    group: int


class SetQueue(Action, frozen=True, gc=False):
    """Choose the queue of the outputs that follow."""

    queue: int


class PopQueue(Action, frozen=True, gc=False):
    """Choose the queue again that was before `SetQueue`."""


class Enqueue(Action, frozen=True, gc=False):
    """Send the packet to a port's queue: on the wire set_queue, output and pop_queue."""

    port: int
    queue: int


class Controller(Action, frozen=True, gc=False):
    """Send the packet to controllers as a packet-in.

    Args:
        max_len: bytes of the packet to send.
        controller_id: only to controllers that chose this id.
        reason: OFPR_* (1: an action).
        userdata: comes back in NXT_PACKET_IN2.
        pause: freeze the pipeline until NXT_RESUME.
        meter_id: the controller meter to pass.
    """

    max_len: int = WHOLE_PACKET
    controller_id: int = 0
    reason: int = REASON_ACTION
    userdata: bytes = b""
    pause: bool = False
    meter_id: int | None = None


class Meter(Action, frozen=True, gc=False):
    """Pass a meter: an instruction in OpenFlow 1.3 and 1.4, an action in 1.5."""

    meter: int


_OUTPUT = struct.Struct(">HHIH6x")
_WORD = struct.Struct(">HHI")
_TRUNC = struct.Struct(">10sHI")
_CONTROLLER = struct.Struct(">10sHHBx")


def _output(action: Output, _version: int) -> bytes:
    return _OUTPUT.pack(0, 16, action.port, action.max_len)


def _read_output(raw: bytes, _version: int, _depth: int) -> Action:
    _, _, port, max_len = _OUTPUT.unpack(raw)
    return Output(check_port(port), max_len)


def _output_reg(action: OutputReg, _version: int) -> bytes:
    src = sane(action.src, write=False)
    if has_short_header(src.field):
        head = nx_header(15, 24) + struct.pack(">H", pack_range(src))
        return head + short_header(src.field) + struct.pack(">H6x", action.max_len)
    head = nx_header(32, 24) + struct.pack(">HH", pack_range(src), action.max_len)
    return padded(head + packed_header(src.field, 0, False))


def _read_output_reg(raw: bytes, _version: int, _depth: int) -> Action:
    ofs_nbits, max_len = struct.unpack_from(">H4xH", raw, 10)
    if any(raw[18:24]):
        raise bad("padding of output_reg is not zero")
    return OutputReg(check_source(unpack_range(unpack_short(raw, 12), ofs_nbits)), max_len)


def _read_output_reg2(raw: bytes, _version: int, _depth: int) -> Action:
    ofs_nbits, max_len = struct.unpack_from(">HH", raw, 10)
    field, after = unpack_field(raw, 14, 24)
    if any(raw[after:]):
        raise bad("padding of output_reg is not zero")
    return OutputReg(check_source(unpack_range(field, ofs_nbits)), max_len)


_SHORTEST = 14  # ETH_HEADER_LEN


def _trunc(action: OutputTrunc, _version: int) -> bytes:
    if action.max_len < _SHORTEST:
        raise LocalProtocolError(
            f"output cannot truncate to {action.max_len} bytes", hint=f"{_SHORTEST} at least"
        )
    return _TRUNC.pack(nx_header(39, 16), to_port16(action.port), action.max_len)


def _read_trunc(raw: bytes, _version: int, _depth: int) -> Action:
    _, port, max_len = _TRUNC.unpack(raw)
    if max_len < _SHORTEST:
        raise bad(f"output cannot truncate to {max_len} bytes")
    return OutputTrunc(from_port16(port), max_len)


def _group(action: Group, _version: int) -> bytes:
    return _WORD.pack(22, 8, action.group)


def _set_queue(action: SetQueue, _version: int) -> bytes:
    return _WORD.pack(21, 8, action.queue)


def _pop_queue(_action: PopQueue, _version: int) -> bytes:
    return nx_header(5, 16) + bytes(6)


def _enqueue(action: Enqueue, version: int) -> bytes:
    parts = (_set_queue(SetQueue(action.queue), version), _output(Output(action.port, WHOLE_PACKET), version))
    return b"".join((*parts, _pop_queue(PopQueue(), version)))


def _meter(action: Meter, version: int) -> bytes:
    if version < 6:
        raise LocalProtocolError("meter is an instruction before OpenFlow 1.5", hint="put it first in a flow")
    return _WORD.pack(29, 8, action.meter)


def _read_meter(raw: bytes, version: int, _depth: int) -> Action:
    if version < 6:
        raise bad("meter is an instruction before OpenFlow 1.5", 0)
    return Meter(_WORD.unpack(raw)[2])


# NXAST_CONTROLLER2 properties
_MAX_LEN, _CONTROLLER_ID, _REASON, _USERDATA, _PAUSE, _METER_ID = range(6)


def _controller(action: Controller, _version: int) -> bytes:
    if not action.userdata and not action.pause and action.meter_id is None:
        return _CONTROLLER.pack(nx_header(20, 16), action.max_len, action.controller_id, action.reason)
    parts = [nx_header(37) + bytes(6)]
    if action.max_len != WHOLE_PACKET:
        parts.append(struct.pack(">HHH2x", _MAX_LEN, 8, action.max_len))
    if action.controller_id:
        parts.append(struct.pack(">HHH2x", _CONTROLLER_ID, 8, action.controller_id))
    if action.reason != REASON_ACTION:
        parts.append(struct.pack(">HHB3x", _REASON, 8, action.reason))
    if action.userdata:
        size = 4 + len(action.userdata)
        parts.append(struct.pack(">HH", _USERDATA, size) + action.userdata + bytes(-size % 8))
    if action.pause:
        parts.append(struct.pack(">HH4x", _PAUSE, 4))
    if action.meter_id is not None:
        parts.append(struct.pack(">HHI", _METER_ID, 8, action.meter_id))
    return padded(b"".join(parts))


def _read_controller(raw: bytes, _version: int, _depth: int) -> Action:
    _, max_len, controller_id, reason = _CONTROLLER.unpack(raw)
    return Controller(max_len, controller_id, reason)


# Open vSwitch counts the padding of the short ones (struct ofp_prop_be16 and _u8 have 8 bytes).
_PROPERTY_SIZES = {
    _MAX_LEN: (8, 2),
    _CONTROLLER_ID: (8, 2),
    _REASON: (8, 1),
    _PAUSE: (4, 0),
    _METER_ID: (8, 4),
}


def _read_controller2(raw: bytes, _version: int, _depth: int) -> Action:
    if any(raw[10:16]):
        raise bad("padding of controller is not zero")
    values = {_MAX_LEN: WHOLE_PACKET, _CONTROLLER_ID: 0, _REASON: REASON_ACTION}
    userdata = b""
    offset = 16
    while offset < len(raw):
        kind, size = struct.unpack_from(">HH", raw, offset)
        stop = offset + size
        length, width = _PROPERTY_SIZES.get(kind, (size, 0))
        if size < 4 or stop > len(raw) or size != length:
            raise bad(f"controller property {kind} of {size} bytes does not fit", BAD_LEN)
        if kind == _USERDATA:
            userdata = raw[offset + 4 : stop]
        elif kind in _PROPERTY_SIZES:
            values[kind] = int.from_bytes(raw[offset + 4 : offset + 4 + width])
        else:
            raise bad(f"unknown controller property {kind}")
        offset = stop + (-size % 8)
    return Controller(
        values[_MAX_LEN],
        values[_CONTROLLER_ID],
        values[_REASON],
        userdata,
        _PAUSE in values,
        values.get(_METER_ID),
    )


register(Output, _output)
register(OutputReg, _output_reg)
register(OutputTrunc, _trunc)
register(Group, _group)
register(SetQueue, _set_queue)
register(PopQueue, _pop_queue)
register(Enqueue, _enqueue)
register(Controller, _controller)
register(Meter, _meter)
register_decoder(0, 0, _read_output, 16)
register_decoder(0, 21, lambda raw, _v, _d: SetQueue(_WORD.unpack(raw)[2]), 8)
register_decoder(0, 22, lambda raw, _v, _d: Group(_WORD.unpack(raw)[2]), 8)
register_decoder(0, 29, _read_meter, 8)
register_decoder(NX, 5, lambda _raw, _v, _d: PopQueue(), 16)
register_decoder(NX, 15, _read_output_reg, 24)
register_decoder(NX, 32, _read_output_reg2, 24)
register_decoder(NX, 39, _read_trunc, 16)
register_decoder(NX, 20, _read_controller, 16)
register_decoder(NX, 37, _read_controller2, 16, more=True)
