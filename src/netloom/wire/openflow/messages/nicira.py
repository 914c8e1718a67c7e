"""Small Nicira extension messages: the packet-in format, the controller's id.

Rule 1: each is one word or two, and has no reply; a barrier or an error tells how it went.
Rule 2: the other Nicira messages stand beside the standard ones that they extend.
"""

from __future__ import annotations

import enum
from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import exactly, malformed, pack
from netloom.wire.openflow.versions import NX_VENDOR

_FORMAT = Struct("!I")
_ID = Struct("!6xH")


class PacketInFormat(enum.IntEnum):
    """`nx_packet_in_format`; only with `NXT2` do userdata and continuations come."""

    STANDARD = 0
    NXT = 1
    NXT2 = 2


class SetPacketInFormat(Message, frozen=True, gc=False):
    """NXT_SET_PACKET_IN_FORMAT: how packets shall come."""

    format: PacketInFormat


class SetControllerId(Message, frozen=True, gc=False):
    """NXT_SET_CONTROLLER_ID: which `controller` actions are for this connection."""

    controller_id: int


def _encode_format(message: SetPacketInFormat, version: int) -> bytes:
    del version
    return pack(_FORMAT, message.format)


def _decode_format(data: bytes, at: int, end: int, version: int) -> SetPacketInFormat:
    del version
    exactly(at, end, 4, "set-packet-in-format")
    (number,) = _FORMAT.unpack_from(data, at)
    if number > PacketInFormat.NXT2:
        raise malformed(f"{number} is no format of packet-in messages")
    return SetPacketInFormat(PacketInFormat(number))


def _encode_id(message: SetControllerId, version: int) -> bytes:
    del version
    return pack(_ID, message.controller_id)


def _decode_id(data: bytes, at: int, end: int, version: int) -> SetControllerId:
    del version
    exactly(at, end, 8, "set-controller-id")
    return SetControllerId(*_ID.unpack_from(data, at))


FORMS = (
    Form(
        SetPacketInFormat,
        Family.EXPERIMENTER,
        16,
        Sender.CONTROLLER,
        _encode_format,
        _decode_format,
        vendor=NX_VENDOR,
    ),
    Form(
        SetControllerId,
        Family.EXPERIMENTER,
        20,
        Sender.CONTROLLER,
        _encode_id,
        _decode_id,
        vendor=NX_VENDOR,
    ),
)
