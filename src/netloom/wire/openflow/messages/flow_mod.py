"""Flow mod: adds, changes and deletes flows. The message that netloom sends most.

Rule 1: the body is the same in all versions but for the importance, from 1.4 on; match and instructions encode themselves.
Rule 2: for MODIFY and DELETE without STRICT the flow's match is a pattern, and `cookie` counts only under `cookie_mask`.
"""

from __future__ import annotations

import enum
import struct
from struct import Struct

from netloom.wire.openflow.actions import decode_instructions, encode_instructions
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import decode_match, encode_match
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import malformed
from netloom.wire.openflow.versions import OF13

ANY = 0xFFFFFFFF
NO_BUFFER = 0xFFFFFFFF
ALL_TABLES = 0xFF
_BODY = Struct("!QQBBHHHIIIHH")
_WHOLE = Struct("!BBHIQQBBHHHIIIHH")  # with ofp_header before it
_TYPE = 14


class FlowCommand(enum.IntEnum):
    """`ofp_flow_mod_command`."""

    ADD = 0
    MODIFY = 1
    MODIFY_STRICT = 2
    DELETE = 3
    DELETE_STRICT = 4


class FlowMod(Message, frozen=True, gc=False):
    """Adds, changes or deletes flows.

    `out_port` and `out_group` narrow a deletion to flows that send there.
    """

    command: FlowCommand
    flow: Flow
    cookie_mask: int = 0
    out_port: int = ANY
    out_group: int = ANY
    buffer_id: int = NO_BUFFER


_COMMANDS = {int(command): command for command in FlowCommand}


def encode_whole(message: FlowMod, version: int, xid: int) -> bytes:
    """`ofp_flow_mod` with its header."""
    flow = message.flow
    match = encode_match(flow.match, version)
    instructions = encode_instructions(flow.actions, version)
    if version == OF13 and flow.importance:
        raise LocalProtocolError("OpenFlow 1.3 has no importance of flows")
    try:
        head = _WHOLE.pack(
            version,
            _TYPE,
            _WHOLE.size + len(match) + len(instructions),
            xid,
            flow.cookie,
            message.cookie_mask,
            flow.table,
            message.command,
            flow.idle_timeout,
            flow.hard_timeout,
            flow.priority,
            message.buffer_id,
            message.out_port,
            message.out_group,
            flow.flags,
            flow.importance,
        )
    except struct.error as error:
        raise LocalProtocolError(f"a value does not fit the flow mod of {flow!r}: {error}") from error
    return head + match + instructions


def encode_flow_mod(message: FlowMod, version: int) -> bytes:
    """`ofp_flow_mod` after its header."""
    return encode_whole(message, version, 0)[8:]


def decode_flow_mod(data: bytes, at: int, end: int, version: int) -> FlowMod:
    """`ofp_flow_mod` after its header."""
    if end - at < 48:
        raise malformed(f"flow mod needs 48 bytes and has {end - at}")
    (
        cookie,
        cookie_mask,
        table,
        command,
        idle_timeout,
        hard_timeout,
        priority,
        buffer_id,
        out_port,
        out_group,
        flags,
        importance,
    ) = _BODY.unpack_from(data, at)
    kind = _COMMANDS.get(command)
    if kind is None:
        raise malformed(f"{command} is no command of a flow mod")
    match, after = decode_match(data, at + 40, end)
    if after > end:
        raise malformed(f"a flow mod of {end - at} bytes ends inside its match")
    flow = Flow(
        table,
        priority,
        match,
        decode_instructions(data, after, end, version),
        cookie,
        idle_timeout,
        hard_timeout,
        flags,
        importance if version > OF13 else 0,
    )
    return FlowMod(kind, flow, cookie_mask, out_port, out_group, buffer_id)


FORMS = (
    Form(
        FlowMod,
        Family.PLAIN,
        _TYPE,
        Sender.CONTROLLER,
        encode_flow_mod,
        decode_flow_mod,
        whole=encode_whole,
    ),
)
