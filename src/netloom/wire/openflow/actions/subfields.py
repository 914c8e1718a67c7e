"""Fields and parts of fields as they stand in Nicira extension actions.

Rule 1: a source lies inside its field; a destination is writable as well (`mf_check_src`, `mf_check_dst`).
Rule 2: a field without a 4-byte header cannot stand where only 4 bytes are: the caller has a newer form or refuses.
"""

from __future__ import annotations

from netloom.wire.openflow.actions.registry import BAD_SET_ARGUMENT, bad
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.field import Field, Subfield
from netloom.wire.openflow.oxm import packed_header, unpack_header


def has_short_header(field: Field) -> bool:
    """Whether the field has a 4-byte header (no experimenter)."""
    return not field.header(0).vendor


def short_header(field: Field) -> bytes:
    """The field's 4-byte Nicira header.

    Raises:
        LocalProtocolError: it has none.
    """
    header = packed_header(field, 0, False)
    if len(header) != 4:
        raise LocalProtocolError(f"{field.name} cannot stand in this action", hint="it has no 4-byte header")
    return header


def pack_range(part: Subfield) -> int:
    """`ofs_nbits`: 10 bits of offset, 6 bits of width less one."""
    if not 1 <= part.bits <= 64 or part.offset > 1023:
        raise LocalProtocolError(f"{part.bits} bits of {part.field.name} cannot be said here", hint="1 to 64")
    return part.offset << 6 | part.bits - 1


def unpack_short(raw: bytes, offset: int) -> Field:
    """The field of a 4-byte header."""
    return unpack_field(raw, offset, offset + 4)[0]


def unpack_field(raw: bytes, offset: int, end: int) -> tuple[Field, int]:
    """The field of a header that stands alone, and the offset behind it."""
    field, _length, masked, after = unpack_header(raw, offset, end)
    if masked:
        raise bad(f"the header of {field.name} has a mask where none belongs", BAD_SET_ARGUMENT)
    return field, after


def unpack_range(field: Field, ofs_nbits: int) -> Subfield:
    """The part of a field that an `ofs_nbits` names, not yet checked."""
    return Subfield(field, ofs_nbits >> 6, (ofs_nbits & 0x3F) + 1)


def check_source(part: Subfield) -> Subfield:
    """The part, if it lies in its field.

    Raises:
        RemoteProtocolError: it does not.
    """
    if part.bits < 1 or part.offset + part.bits > part.field.bits:
        raise bad(f"bits {part.offset} to {part.offset + part.bits - 1} are not all in {part.field.name}")
    return part


def check_destination(part: Subfield) -> Subfield:
    """The part, if it lies in its field and the field may be written.

    Raises:
        RemoteProtocolError: it does not.
    """
    if not part.field.writable:
        raise bad(f"{part.field.name} cannot be written", BAD_SET_ARGUMENT)
    return check_source(part)


def sane(part: Subfield, *, write: bool) -> Subfield:
    """The same checks for what we send.

    Raises:
        LocalProtocolError: the part is not in its field, or the field cannot be written.
    """
    field = part.field
    if part.offset < 0 or part.bits < 1 or part.offset + part.bits > field.bits:
        raise LocalProtocolError(
            f"bits {part.offset} to {part.offset + part.bits - 1} are not all in {field.name}",
            hint=f"it has {field.bits} bits",
        )
    if write and not field.writable:
        raise LocalProtocolError(f"{field.name} cannot be written")
    return part
