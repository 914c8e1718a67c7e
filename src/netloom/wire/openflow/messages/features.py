"""Features: who the switch is (datapath id) and what it can hold.

Rule 1: a datapath id is an unsigned 64-bit number; its text form belongs to the faces.
Rule 2: capability bits are given as they stand; their names are in `Capability`.
"""

from __future__ import annotations

import enum
from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly, pack

_REPLY = Struct("!QIBB2xII")


class Capability(enum.IntFlag):
    """`ofp_capabilities`."""

    FLOW_STATS = 1 << 0
    TABLE_STATS = 1 << 1
    PORT_STATS = 1 << 2
    GROUP_STATS = 1 << 3
    IP_REASM = 1 << 5
    QUEUE_STATS = 1 << 6
    PORT_BLOCKED = 1 << 8
    BUNDLES = 1 << 9
    FLOW_MONITORING = 1 << 10


class FeaturesRequest(Message, frozen=True, gc=False):
    """Asks who the switch is."""


class FeaturesReply(Message, frozen=True, gc=False):
    """Who the switch is: the datapath id, packets it can buffer, tables, capability bits."""

    datapath_id: int
    buffers: int = 0
    tables: int = 254
    auxiliary_id: int = 0
    capabilities: int = 0
    reserved: int = 0


def encode_reply(message: FeaturesReply, version: int) -> bytes:
    """`ofp_switch_features` after its header."""
    del version
    return pack(
        _REPLY,
        message.datapath_id,
        message.buffers,
        message.tables,
        message.auxiliary_id,
        message.capabilities,
        message.reserved,
    )


def _decode_request(data: bytes, at: int, end: int, version: int) -> FeaturesRequest:
    del data, version
    exactly(at, end, 0, "features request")
    return FeaturesRequest()


def decode_reply(data: bytes, at: int, end: int, version: int) -> FeaturesReply:
    """`ofp_switch_features` after its header."""
    del version
    exactly(at, end, 24, "features reply")
    return FeaturesReply(*_REPLY.unpack_from(data, at))


FORMS = (
    Form(FeaturesRequest, Family.PLAIN, 5, Sender.CONTROLLER, encode_nothing, _decode_request),
    Form(FeaturesReply, Family.PLAIN, 6, Sender.SWITCH, encode_reply, decode_reply),
)
