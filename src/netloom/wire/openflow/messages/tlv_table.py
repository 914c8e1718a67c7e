"""The table that maps Geneve options to the fields tun_metadata0 to tun_metadata63 (NXT_TLV_TABLE_*).

Rule 1: a mapping in use by a flow cannot be changed: the switch refuses it.
Rule 2: the table belongs to the whole bridge, so foreign mappings are kept.
"""

from __future__ import annotations

import enum
from struct import Struct

import msgspec

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly, malformed, need, pack
from netloom.wire.openflow.versions import NX_VENDOR

_MOD = Struct("!H6x")
_REPLY = Struct("!IH10x")
_MAP = Struct("!HBBH2x")


class TlvCommand(enum.IntEnum):
    """`nx_tlv_table_mod_command`."""

    ADD = 0
    DELETE = 1
    CLEAR = 2


class TlvMap(msgspec.Struct, frozen=True, gc=False):
    """The option of this class, type and length (bytes) is field tun_metadata<index>."""

    option_class: int
    option_type: int
    length: int
    index: int


class TlvTableMod(Message, frozen=True, gc=False):
    """Adds or deletes mappings, or deletes all."""

    command: TlvCommand
    maps: tuple[TlvMap, ...] = ()


class TlvTableRequest(Message, frozen=True, gc=False):
    """Asks for the mappings."""


class TlvTableReply(Message, frozen=True, gc=False):
    """The mappings, and the room for them: bytes of all options together, fields."""

    max_option_space: int
    max_fields: int
    maps: tuple[TlvMap, ...] = ()


def _encode_maps(maps: tuple[TlvMap, ...]) -> bytes:
    return b"".join(pack(_MAP, m.option_class, m.option_type, m.length, m.index) for m in maps)


def _decode_maps(data: bytes, at: int, end: int) -> tuple[TlvMap, ...]:
    if (end - at) % 8:
        raise malformed(f"TLV mappings of {end - at} bytes are no multiple of 8")
    return tuple(TlvMap(*_MAP.unpack_from(data, i)) for i in range(at, end, 8))


def _encode_mod(message: TlvTableMod, version: int) -> bytes:
    del version
    return pack(_MOD, message.command) + _encode_maps(message.maps)


def _decode_mod(data: bytes, at: int, end: int, version: int) -> TlvTableMod:
    del version
    need(at, end, 8, "TLV table mod")
    (command,) = _MOD.unpack_from(data, at)
    if command > TlvCommand.CLEAR:
        raise malformed(f"{command} is no command of a TLV table mod")
    return TlvTableMod(TlvCommand(command), _decode_maps(data, at + 8, end))


def _decode_request(data: bytes, at: int, end: int, version: int) -> TlvTableRequest:
    del data, version
    exactly(at, end, 0, "TLV table request")
    return TlvTableRequest()


def _encode_reply(message: TlvTableReply, version: int) -> bytes:
    del version
    return pack(_REPLY, message.max_option_space, message.max_fields) + _encode_maps(message.maps)


def _decode_reply(data: bytes, at: int, end: int, version: int) -> TlvTableReply:
    del version
    need(at, end, 16, "TLV table reply")
    space, fields = _REPLY.unpack_from(data, at)
    return TlvTableReply(space, fields, _decode_maps(data, at + 16, end))


FORMS = (
    Form(TlvTableMod, Family.EXPERIMENTER, 24, Sender.CONTROLLER, _encode_mod, _decode_mod, vendor=NX_VENDOR),
    Form(
        TlvTableRequest,
        Family.EXPERIMENTER,
        25,
        Sender.CONTROLLER,
        encode_nothing,
        _decode_request,
        vendor=NX_VENDOR,
    ),
    Form(
        TlvTableReply,
        Family.EXPERIMENTER,
        26,
        Sender.SWITCH,
        _encode_reply,
        _decode_reply,
        vendor=NX_VENDOR,
    ),
)
