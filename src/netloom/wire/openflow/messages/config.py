"""Switch configuration: what to do with IP fragments, how much of a missed packet to send.

Rule 1: `miss_send_len` 0xffff (`NO_BUFFER`) asks for whole packets.
Rule 2: what is written can be read back: Open vSwitch rounds nothing here.
"""

from __future__ import annotations

from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly, pack

WHOLE_PACKET = 0xFFFF  # OFPCML_NO_BUFFER
_BODY = Struct("!HH")


class GetConfigRequest(Message, frozen=True, gc=False):
    """Asks for the configuration."""


class GetConfigReply(Message, frozen=True, gc=False):
    """The configuration: fragment handling (0 normal, 1 drop, 2 reassemble) and bytes per missed packet."""

    flags: int
    miss_send_len: int


class SetConfig(Message, frozen=True, gc=False):
    """Changes the configuration; the fields are those of `GetConfigReply`."""

    flags: int
    miss_send_len: int


def encode_config(message: GetConfigReply | SetConfig, version: int) -> bytes:
    """`ofp_switch_config` after its header."""
    del version
    return pack(_BODY, message.flags, message.miss_send_len)


def _decode_request(data: bytes, at: int, end: int, version: int) -> GetConfigRequest:
    del data, version
    exactly(at, end, 0, "get-config request")
    return GetConfigRequest()


def _decode_reply(data: bytes, at: int, end: int, version: int) -> GetConfigReply:
    del version
    exactly(at, end, 4, "get-config reply")
    return GetConfigReply(*_BODY.unpack_from(data, at))


def _decode_set(data: bytes, at: int, end: int, version: int) -> SetConfig:
    del version
    exactly(at, end, 4, "set-config")
    return SetConfig(*_BODY.unpack_from(data, at))


FORMS = (
    Form(GetConfigRequest, Family.PLAIN, 7, Sender.CONTROLLER, encode_nothing, _decode_request),
    Form(GetConfigReply, Family.PLAIN, 8, Sender.SWITCH, encode_config, _decode_reply),
    Form(SetConfig, Family.PLAIN, 9, Sender.CONTROLLER, encode_config, _decode_set),
)
