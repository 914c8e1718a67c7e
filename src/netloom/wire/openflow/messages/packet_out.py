"""Packet-out: a packet for the switch to act on.

Rule 1: `in_port` is where the packet is said to come from; in 1.5 it travels inside a match, together with
whatever else of the pipeline is given.
Rule 2: netloom buffers no packets at switches: `buffer_id` is there for fakes and tools.
"""

from __future__ import annotations

from struct import Struct

from netloom.wire.openflow import ports
from netloom.wire.openflow.actions import Action, decode_actions, encode_actions
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.match import FieldMatch, Match, decode_match, encode_match
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import malformed, need, pack
from netloom.wire.openflow.messages.packet_in import NO_BUFFER
from netloom.wire.openflow.versions import OF13, OF14, OF15

_BODY = Struct("!IIH6x")
_BODY15 = Struct("!IH2x")
_IN_PORT = FIELDS["in_port"]


class PacketOut(Message, frozen=True, gc=False):
    """A frame (`data`) and what to do with it. `pipeline` is for 1.5 only: registers, metadata, tunnel."""

    actions: tuple[Action, ...]
    data: bytes = b""
    in_port: int = ports.CONTROLLER
    pipeline: Match = Match()
    buffer_id: int = NO_BUFFER


def _encode(message: PacketOut, version: int) -> bytes:
    if message.pipeline.oxm:
        raise LocalProtocolError("a packet-out carries pipeline fields from OpenFlow 1.5 on only")
    actions = encode_actions(message.actions, version)
    return pack(_BODY, message.buffer_id, message.in_port, len(actions)) + actions + message.data


def _encode15(message: PacketOut, version: int) -> bytes:
    fields = [entry for entry in message.pipeline.fields if entry.field is not _IN_PORT]
    match = Match.build([FieldMatch(_IN_PORT, message.in_port, None), *fields])
    actions = encode_actions(message.actions, version)
    head = pack(_BODY15, message.buffer_id, len(actions))
    return head + encode_match(match, version) + actions + message.data


def _decode(data: bytes, at: int, end: int, version: int) -> PacketOut:
    need(at, end, 16, "packet-out")
    buffer_id, in_port, length = _BODY.unpack_from(data, at)
    after = at + 16 + length
    if after > end:
        raise malformed(f"packet-out actions of {length} bytes where {end - at - 16} are left")
    actions = decode_actions(data, at + 16, after, version)
    return PacketOut(actions, data[after:end], in_port, Match(), buffer_id)


def _decode15(data: bytes, at: int, end: int, version: int) -> PacketOut:
    need(at, end, 16, "packet-out")
    buffer_id, length = _BODY15.unpack_from(data, at)
    match, start = decode_match(data, at + 8, end)
    after = start + length
    if after > end:
        raise malformed(f"packet-out actions of {length} bytes where {end - start} are left")
    entries = match.fields
    in_port = next((entry.value for entry in entries if entry.field is _IN_PORT), None)
    if in_port is None:
        raise malformed("a packet-out whose match has no in_port")
    pipeline = Match.build([entry for entry in entries if entry.field is not _IN_PORT])
    actions = decode_actions(data, start, after, version)
    return PacketOut(actions, data[after:end], in_port, pipeline, buffer_id)


FORMS = (
    Form(PacketOut, Family.PLAIN, 13, Sender.CONTROLLER, _encode, _decode, (OF13, OF14)),
    Form(PacketOut, Family.PLAIN, 13, Sender.CONTROLLER, _encode15, _decode15, (OF15,)),
)
