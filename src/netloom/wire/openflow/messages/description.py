"""Description: maker, hardware, software, serial number and name of a switch, for people.

Rule 1: nothing is decided by these texts: what a switch can do is probed.
Rule 2: they are fixed-size on the wire and may be any bytes; `str` keeps them all.
"""

from __future__ import annotations

from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly, get_name, pack, put_name

_BODY = Struct("!256s256s256s32s256s")


class DescRequest(Message, frozen=True, gc=False):
    """Asks what the switch is."""


class DescReply(Message, frozen=True, gc=False):
    """What the switch says that it is."""

    manufacturer: str = ""
    hardware: str = ""
    software: str = ""
    serial_number: str = ""
    datapath: str = ""


def _encode_reply(message: DescReply, version: int) -> bytes:
    del version
    return pack(
        _BODY,
        put_name(message.manufacturer, 256),
        put_name(message.hardware, 256),
        put_name(message.software, 256),
        put_name(message.serial_number, 32),
        put_name(message.datapath, 256),
    )


def _decode_request(data: bytes, at: int, end: int, version: int) -> DescRequest:
    del data, version
    exactly(at, end, 0, "description request")
    return DescRequest()


def _decode_reply(data: bytes, at: int, end: int, version: int) -> DescReply:
    del version
    exactly(at, end, 1056, "description")
    return DescReply(*(get_name(text) for text in _BODY.unpack_from(data, at)))


FORMS = (
    Form(DescRequest, Family.REQUEST, 0, Sender.CONTROLLER, encode_nothing, _decode_request),
    Form(DescReply, Family.REPLY, 0, Sender.SWITCH, _encode_reply, _decode_reply),
)
