"""One OXM entry: header, value, mask (OpenFlow 1.5.1, section 7.2.3).

Rule 1: the header's length is checked against the field before a value is read.
Rule 2: packing takes headers from tables made once per field, never computed per entry.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from netloom.wire.openflow.errors import RemoteProtocolError
from netloom.wire.openflow.field import MAX_VARIABLE, Field
from netloom.wire.openflow.fields import HEADERS

_EXPERIMENTER: Final = 0xFFFF

# OFPET_BAD_MATCH codes
BAD_LEN, BAD_FIELD, BAD_VALUE, BAD_MASK, BAD_PREREQ, DUP_FIELD = 1, 6, 7, 8, 9, 10


@cache
def packed_header(field: Field, version: int, masked: bool) -> bytes:
    """The bytes before a field's value in an OpenFlow version (0: Nicira extended match)."""
    return field.header(version).packed(field.width, masked=masked)


def pack_entry(field: Field, value: int, mask: int | None, version: int) -> bytes:
    """A whole entry. The caller has checked that value and mask fit."""
    width = field.width
    if mask is None:
        return packed_header(field, version, False) + value.to_bytes(width)
    return packed_header(field, version, True) + value.to_bytes(width) + mask.to_bytes(width)


def unpack_header(data: bytes, offset: int, end: int) -> tuple[Field, int, bool, int]:
    """Read an OXM header: (field, payload bytes, has a mask, offset behind it).

    A header that stands alone (in an action) gives the field's width as its length.

    Raises:
        RemoteProtocolError: it does not fit before `end`, or the field is unknown.
    """
    if offset + 4 > end:
        raise RemoteProtocolError(
            f"{end - offset} bytes are too few for an OXM header", error_type=4, error_code=BAD_LEN
        )
    word = int.from_bytes(data[offset : offset + 4])
    oxm_class, number, masked, length = word >> 16, word >> 9 & 0x7F, bool(word & 0x100), word & 0xFF
    vendor = 0
    offset += 4
    if oxm_class == _EXPERIMENTER:
        if offset + 4 > end or length < 4:
            raise RemoteProtocolError(
                "an experimenter OXM header is cut short", error_type=4, error_code=BAD_LEN
            )
        vendor = int.from_bytes(data[offset : offset + 4])
        length -= 4
        offset += 4
    field = HEADERS.get((vendor, oxm_class, number))
    if field is None:
        raise RemoteProtocolError(
            f"unknown match field {number} of class {oxm_class:#06x}, experimenter {vendor:#010x}",
            error_type=4,
            error_code=BAD_FIELD,
        )
    width = length // 2 if masked else length
    if field.variable and 1 <= width <= MAX_VARIABLE and not (masked and length % 2):
        field = field.sized(width)
    elif width != field.width or (masked and length % 2):
        raise RemoteProtocolError(
            f"{field.name} has {field.width} bytes{' and as many of mask' if masked else ''}, not {length}",
            error_type=4,
            error_code=BAD_LEN,
        )
    return field, length, masked, offset


def unpack_entries(oxm: bytes) -> list[tuple[Field, int, int | None]]:
    """Every entry, as (field, value, mask or None), unchecked against each other.

    Raises:
        RemoteProtocolError: an entry is cut short, of an unknown field, or of a wrong length.
    """
    entries: list[tuple[Field, int, int | None]] = []
    offset, end = 0, len(oxm)
    while offset < end:
        field, value, mask, offset = unpack_entry(oxm, offset, end)
        entries.append((field, value, mask))
    return entries


def unpack_entry(oxm: bytes, offset: int, end: int) -> tuple[Field, int, int | None, int]:
    """One entry: (field, value, mask or None, offset behind it).

    Raises:
        RemoteProtocolError: as `unpack_entries`.
    """
    field, length, masked, offset = unpack_header(oxm, offset, end)
    stop = offset + length
    if stop > end:
        raise RemoteProtocolError(
            f"the value of {field.name} is cut short: {end - offset} of {length} bytes",
            error_type=4,
            error_code=BAD_LEN,
        )
    middle = offset + field.width
    value = int.from_bytes(oxm[offset:middle])
    return field, value, int.from_bytes(oxm[middle:stop]) if masked else None, stop
