"""The few shapes that OpenFlow's structures are made of: padding, fixed-size names, properties, empty bodies.

Rule 1: every length that the peer gives is checked here or by the caller before a byte behind it is read.
Rule 2: no structure of a particular message is known here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from struct import Struct

from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.messages.form import Message

BAD_REQUEST, BAD_PROPERTY = 1, 14  # ofp_error_type
BAD_LEN = 6  # ofp_bad_request_code

PROPERTY = Struct("!HH")
EXPERIMENTER_PROPERTY_TYPE = 0xFFFF


def malformed(what: str) -> RemoteProtocolError:
    """The error for a body whose lengths do not add up (OFPBRC_BAD_LEN)."""
    return RemoteProtocolError(what, error_type=BAD_REQUEST, error_code=BAD_LEN)


def need(at: int, end: int, size: int, what: str) -> None:
    """Check that `size` bytes are there.

    Raises:
        RemoteProtocolError: they are not.
    """
    if end - at < size:
        raise malformed(f"{what} needs {size} bytes and has {end - at}")


def exactly(at: int, end: int, size: int, what: str) -> None:
    """Check that `size` bytes are there and no more.

    Raises:
        RemoteProtocolError: they are not.
    """
    if end - at != size:
        raise malformed(f"{what} is {size} bytes long, not {end - at}")


def padded(size: int) -> int:
    """`size` rounded up to a multiple of eight."""
    return (size + 7) & ~7


def pad8(data: bytes) -> bytes:
    """`data` with zero bytes up to a multiple of eight."""
    return data + bytes(-len(data) % 8)


def pack(layout: Struct, *values: int | bytes) -> bytes:
    """Pack numbers that the caller chose.

    Raises:
        LocalProtocolError: one does not fit its place on the wire.
    """
    try:
        return layout.pack(*values)
    except struct.error as error:
        raise LocalProtocolError(f"a value does not fit its place in the message: {error}") from error


def put_name(name: str, size: int) -> bytes:
    """A fixed-size, zero-terminated name.

    Raises:
        LocalProtocolError: it is too long, or has a zero in it.
    """
    data = name.encode("utf-8", "surrogateescape")
    if len(data) >= size or b"\0" in data:
        raise LocalProtocolError(f"the name {name!r} does not fit {size - 1} bytes")
    return data


def get_name(data: bytes) -> str:
    """The text of a fixed-size name; bytes that are not UTF-8 survive a round trip."""
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def put_property(kind: int, body: bytes) -> bytes:
    """One property: type, length without padding, body, padding to eight bytes.

    Raises:
        LocalProtocolError: the body is too long.
    """
    if len(body) > 0xFFF8:
        raise LocalProtocolError(f"a property of {len(body)} bytes is too long")
    return pad8(PROPERTY.pack(kind, len(body) + 4) + body)


def properties(data: bytes, at: int, end: int, what: str) -> Iterator[tuple[int, int, int]]:
    """The properties in `data[at:end]`: type, start and end of the body.

    Raises:
        RemoteProtocolError: a length is too short, or goes past the end (OFPBPC_BAD_LEN).
    """
    while at < end:
        if end - at < 4:
            raise RemoteProtocolError(
                f"{what}: {end - at} bytes left over", error_type=BAD_PROPERTY, error_code=1
            )
        kind, length = PROPERTY.unpack_from(data, at)
        following = at + padded(length)
        if length < 4 or following > end:
            raise RemoteProtocolError(
                f"{what}: a property of {length} bytes where {end - at} are left",
                error_type=BAD_PROPERTY,
                error_code=1,
            )
        yield kind, at + 4, at + length
        at = following


def encode_nothing(message: Message, version: int) -> bytes:
    """The body of a message that has none."""
    return b""
