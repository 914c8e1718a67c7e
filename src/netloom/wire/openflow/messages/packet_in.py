"""Packet-in: a packet that the switch hands to the controller, in the standard form and Open vSwitch's extensible one.

Rule 1: what the switch knows of the packet's way (`pipeline`) may have fields that we do not know, or that could not
stand in a match; they are kept as bytes in `unread`, and end no session (nicira-ext.h, NXT_PACKET_IN).
Rule 2: a continuation is Open vSwitch's own; it is given back in `Resume` as it came.
"""

from __future__ import annotations

import enum
from struct import Struct

from netloom.wire.openflow.errors import RemoteProtocolError
from netloom.wire.openflow.match import Match, decode_match, decode_oxm, encode_match
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import exactly, malformed, pack, padded, properties, put_property
from netloom.wire.openflow.versions import NX_VENDOR

NO_BUFFER = 0xFFFFFFFF
NO_COOKIE = 0xFFFFFFFFFFFFFFFF
_HEAD = Struct("!IHBBQ")
_U32, _U64 = Struct("!I"), Struct("!4xQ")
_PACKET, _FULL_LEN, _BUFFER_ID, _TABLE, _COOKIE, _REASON, _METADATA, _USERDATA, _CONTINUATION = range(9)


class PacketInReason(enum.IntEnum):
    """`ofp_packet_in_reason`, in the numbers of 1.4 and later and of Open vSwitch's extensible form."""

    NO_MATCH = 0
    ACTION = 1
    INVALID_TTL = 2
    ACTION_SET = 3
    GROUP = 4
    PACKET_OUT = 5


class PacketIn(Message, frozen=True, gc=False):
    """OFPT_PACKET_IN.

    `data` is the frame from the destination address on, perhaps cut short of its `total_len`; `reason` a number of
    `PacketInReason`; `cookie` that of the flow that sent it; `pipeline` its port, registers, tunnel and metadata.
    """

    data: bytes
    pipeline: Match = Match()
    reason: int = PacketInReason.ACTION
    table: int = 0
    cookie: int = NO_COOKIE
    total_len: int = 0
    buffer_id: int = NO_BUFFER
    unread: bytes = b""


class PacketIn2(Message, frozen=True, gc=False):
    """NXT_PACKET_IN2: `PacketIn` with the flow's `userdata`, and a `continuation` when the flow paused.

    `total_len` is that of the frame, whether it was cut or not.
    """

    data: bytes
    pipeline: Match = Match()
    reason: int = PacketInReason.ACTION
    table: int = 0
    cookie: int = NO_COOKIE
    total_len: int = 0
    buffer_id: int = NO_BUFFER
    unread: bytes = b""
    userdata: bytes = b""
    continuation: bytes = b""


class Resume(Message, frozen=True, gc=False):
    """NXT_RESUME: goes on with a packet whose flow paused, as the controller changed it."""

    packet: PacketIn2


def _encode(message: PacketIn, version: int) -> bytes:
    head = pack(
        _HEAD,
        message.buffer_id,
        message.total_len or len(message.data),
        message.reason,
        message.table,
        message.cookie,
    )
    return head + encode_match(message.pipeline, version) + b"\0\0" + message.data


def _decode(data: bytes, at: int, end: int, version: int) -> PacketIn:
    del version
    if end - at < 26:
        raise malformed(f"packet-in needs 26 bytes and has {end - at}")
    buffer_id, total_len, reason, table, cookie = _HEAD.unpack_from(data, at)
    unread = b""
    try:
        pipeline, after = decode_match(data, at + 16, end)
    except RemoteProtocolError:
        length = int.from_bytes(data[at + 18 : at + 20])
        if data[at + 16 : at + 18] != b"\0\1" or length < 4 or at + 16 + length > end:
            raise
        pipeline, unread = _tolerate(data[at + 20 : at + 16 + length])
        after = at + 16 + padded(length)
    if after + 2 > end:
        raise malformed(f"a packet-in of {end - at} bytes ends inside its match")
    return PacketIn(data[after + 2 : end], pipeline, reason, table, cookie, total_len, buffer_id, unread)


def _tolerate(oxm: bytes) -> tuple[Match, bytes]:
    """The entries that can stand in a match, and the bytes of those that cannot."""
    try:
        return decode_oxm(oxm), b""
    except RemoteProtocolError:
        pass
    good, unread, at = b"", b"", 0
    while at < len(oxm):
        following = at + 4 + (oxm[at + 3] if at + 4 <= len(oxm) else len(oxm))
        if following > len(oxm):
            raise malformed(f"an OXM entry that ends {following - len(oxm)} bytes after the list does")
        try:
            decode_oxm(good + oxm[at:following])
        except RemoteProtocolError:
            unread += oxm[at:following]
        else:
            good += oxm[at:following]
        at = following
    return decode_oxm(good), unread


def _encode_properties(message: PacketIn2, version: int) -> bytes:
    out = [put_property(_PACKET, message.data)]
    if message.total_len not in (0, len(message.data)):
        out.append(put_property(_FULL_LEN, pack(_U32, message.total_len)))
    if message.buffer_id != NO_BUFFER:
        out.append(put_property(_BUFFER_ID, pack(_U32, message.buffer_id)))
    out.append(put_property(_TABLE, bytes([message.table])))
    if message.cookie != NO_COOKIE:
        out.append(put_property(_COOKIE, pack(_U64, message.cookie)))
    out.append(put_property(_REASON, bytes([message.reason])))
    oxm = encode_match(message.pipeline, version)
    length = int.from_bytes(oxm[2:4])
    out.append(put_property(_METADATA, oxm[4:length] + message.unread))
    if message.userdata:
        out.append(put_property(_USERDATA, message.userdata))
    if message.continuation:
        out.append(put_property(_CONTINUATION, message.continuation))
    return b"".join(out)


def _decode_properties(data: bytes, at: int, end: int, version: int) -> PacketIn2:
    del version
    frame = userdata = continuation = unread = b""
    reason = table = total_len = 0
    buffer_id, cookie = NO_BUFFER, NO_COOKIE
    pipeline = Match()
    for kind, start, stop in properties(data, at, end, "packet-in"):
        match kind:
            case 0:
                frame = data[start:stop]
            case 1:
                exactly(start, stop, 4, "packet-in's full length")
                (total_len,) = _U32.unpack_from(data, start)
            case 2:
                exactly(start, stop, 4, "packet-in's buffer id")
                (buffer_id,) = _U32.unpack_from(data, start)
            case 3:
                exactly(start, stop, 1, "packet-in's table")
                table = data[start]
            case 4:
                exactly(start, stop, 12, "packet-in's cookie")
                (cookie,) = _U64.unpack_from(data, start)
            case 5:
                exactly(start, stop, 1, "packet-in's reason")
                reason = data[start]
            case 6:
                pipeline, unread = _tolerate(data[start:stop])
            case 7:
                userdata = data[start:stop]
            case 8:
                continuation = data[start:stop]
            case _:
                pass  # a later Open vSwitch may say more
    return PacketIn2(
        frame,
        pipeline,
        reason,
        table,
        cookie,
        total_len or len(frame),
        buffer_id,
        unread,
        userdata,
        continuation,
    )


def _encode_resume(message: Resume, version: int) -> bytes:
    return _encode_properties(message.packet, version)


def _decode_resume(data: bytes, at: int, end: int, version: int) -> Resume:
    return Resume(_decode_properties(data, at, end, version))


FORMS = (
    Form(PacketIn, Family.PLAIN, 10, Sender.SWITCH, _encode, _decode),
    Form(
        PacketIn2,
        Family.EXPERIMENTER,
        30,
        Sender.SWITCH,
        _encode_properties,
        _decode_properties,
        vendor=NX_VENDOR,
    ),
    Form(
        Resume, Family.EXPERIMENTER, 28, Sender.CONTROLLER, _encode_resume, _decode_resume, vendor=NX_VENDOR
    ),
)
