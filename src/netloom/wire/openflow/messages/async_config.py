"""Which asynchronous messages a controller wants, by reason, in each role.

1.3 has six words; from 1.4 on each word is a property, and there are more of them (OpenFlow 1.5.1, section 7.3.10).

Rule 1: a mask has the bit 1 << reason for each reason that is wanted; None leaves it as it is.
Rule 2: `primary` stands for the equal role too.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly, pack, properties, put_property
from netloom.wire.openflow.versions import OF13

_BODY13 = Struct("!IIIIII")
_WORD = Struct("!I")
_LAST_MASK = 11  # OFPACPT_REQUESTFORWARD_MASTER


class AsyncMasks(msgspec.Struct, frozen=True, gc=False):
    """The masks of one role. The last three exist from 1.4 on."""

    packet_in: int | None = None
    port_status: int | None = None
    flow_removed: int | None = None
    role_status: int | None = None
    table_status: int | None = None
    request_forward: int | None = None


class GetAsyncRequest(Message, frozen=True, gc=False):
    """Asks for the masks."""


class GetAsyncReply(Message, frozen=True, gc=False):
    """The masks."""

    primary: AsyncMasks
    secondary: AsyncMasks


class SetAsync(Message, frozen=True, gc=False):
    """Sets the masks. In 1.3 the first three of both roles must be given: it has no way to leave one as it is."""

    primary: AsyncMasks
    secondary: AsyncMasks


def _words(masks: AsyncMasks) -> tuple[int | None, ...]:
    return (
        masks.packet_in,
        masks.port_status,
        masks.flow_removed,
        masks.role_status,
        masks.table_status,
        masks.request_forward,
    )


def _encode(message: GetAsyncReply | SetAsync, version: int) -> bytes:
    primary, secondary = _words(message.primary), _words(message.secondary)
    if version > OF13:
        out = [b""]
        for i, pair in enumerate(zip(secondary, primary, strict=True)):
            out += (
                put_property(2 * i + j, pack(_WORD, mask)) for j, mask in enumerate(pair) if mask is not None
            )
        return b"".join(out)
    given = [
        mask for pair in zip(primary[:3], secondary[:3], strict=True) for mask in pair if mask is not None
    ]
    if len(given) < 6 or any(mask is not None for mask in primary[3:] + secondary[3:]):
        raise LocalProtocolError(
            "1.3 has masks for packet-in, port status and flow-removed, and needs all six"
        )
    return pack(_BODY13, *given)


def _decode(data: bytes, at: int, end: int, version: int) -> tuple[AsyncMasks, AsyncMasks]:
    if version == OF13:
        exactly(at, end, 24, "asynchronous configuration")
        words = _BODY13.unpack_from(data, at)
        return AsyncMasks(*words[0::2]), AsyncMasks(*words[1::2])
    found: list[int | None] = [None] * (_LAST_MASK + 1)
    for kind, start, stop in properties(data, at, end, "asynchronous configuration"):
        if kind <= _LAST_MASK:
            exactly(start, stop, 4, "a mask of the asynchronous configuration")
            (found[kind],) = _WORD.unpack_from(data, start)
    return AsyncMasks(*found[1::2]), AsyncMasks(*found[0::2])


def _decode_request(data: bytes, at: int, end: int, version: int) -> GetAsyncRequest:
    del data, version
    exactly(at, end, 0, "get-async request")
    return GetAsyncRequest()


def _decode_reply(data: bytes, at: int, end: int, version: int) -> GetAsyncReply:
    return GetAsyncReply(*_decode(data, at, end, version))


def _decode_set(data: bytes, at: int, end: int, version: int) -> SetAsync:
    return SetAsync(*_decode(data, at, end, version))


FORMS = (
    Form(GetAsyncRequest, Family.PLAIN, 26, Sender.CONTROLLER, encode_nothing, _decode_request),
    Form(GetAsyncReply, Family.PLAIN, 27, Sender.SWITCH, _encode, _decode_reply),
    Form(SetAsync, Family.PLAIN, 28, Sender.CONTROLLER, _encode, _decode_set),
)
