"""A field's value as text, both ways, in each of the formats that Open vSwitch has.

Rule 1: what `format_value` writes, `parse_value` reads back to the same value and mask.
Rule 2: a value that does not fit is an error at its character, never cut off.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from netloom.base.net import format_mac
from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.field import Field, Format, Subfield
from netloom.wire.openflow.fields import FIELDS, OXM_NAMES
from netloom.wire.openflow.text.names import NO_NAMES, Names
from netloom.wire.openflow.text.scan import Span

_MAC = re.compile(r"[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5}")
CT_STATES: Final = {
    name: 1 << i for i, name in enumerate(["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"])
}
_TCP_NAMES = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]"]
TCP_FLAGS: Final = {name: 1 << i for i, name in enumerate(_TCP_NAMES)}
_FLAGS: Final[Mapping[Format, Mapping[str, int]]] = {
    Format.CT_STATE: CT_STATES,
    Format.TCP_FLAGS: TCP_FLAGS,
    Format.TUNNEL_FLAGS: {"oam": 1},
}
_FRAGMENTS: Final = {"no": (0, 3), "yes": (1, 1), "first": (1, 3), "later": (3, 3), "not_later": (0, 2)}
_SUBFIELD = re.compile(r"([A-Za-z0-9_]+)\[(?:(\d+)(?:\.\.(\d+))?)?\]$")


def parse_value(field: Field, span: Span, names: Names = NO_NAMES) -> tuple[int, int | None]:
    """The (value, mask) that a text says; mask None means all bits.

    Raises:
        FlowTextError: it is not a value of the field.
    """
    text = str(span)
    if text in ("*", "ANY"):
        return 0, 0
    flags = _FLAGS.get(field.format)
    if flags is not None and text and (text[0] in "+-" or not text[0].isdigit()):
        return _parse_flags(span, flags)
    if field.format is Format.FRAG and text in _FRAGMENTS:
        value, mask = _FRAGMENTS[text]
        return value, None if mask == 3 else mask
    if field.format is Format.PACKET_TYPE and text.startswith("("):
        return _packet_type(span), None
    if field.format in (Format.OPENFLOW_10_PORT, Format.OPENFLOW_11_PORT):
        port = names.read_port(span)
        return port & field.ones, None
    head, tail = span.cut("/")
    value = _number(field, head)
    if tail is None:
        return _fits(field, value, head), None
    return _fits(field, value, head), _mask(field, tail)


def _fits(field: Field, value: int, span: Span) -> int:
    limit = field.ones if field is not f.DL_VLAN else 0xFFFF
    if value & ~limit:
        raise span.error(f"{span} does not fit in {field.name}", f"at most {limit:#x}")
    return value


def _number(field: Field, span: Span) -> int:
    text = str(span)
    if field.format is Format.ETHERNET:
        if not _MAC.fullmatch(text):
            raise span.error(f"{text!r} is not an Ethernet address", "for example 02:00:00:00:00:01")
        return int("".join(part.zfill(2) for part in text.split(":")), 16)
    if field.format in (Format.IPV4, Format.IPV6):
        return _address(field, span)
    return span.number((1 << field.width * 8) - 1, f"a number for {field.name}")


def _address(field: Field, span: Span) -> int:
    kind = ipaddress.IPv4Address if field.format is Format.IPV4 else ipaddress.IPv6Address
    try:
        return int(kind(str(span)))
    except ValueError:
        what = "an IPv4 address" if field.format is Format.IPV4 else "an IPv6 address"
        raise span.error(f"{str(span)!r} is not {what}", what) from None


def _mask(field: Field, span: Span) -> int:
    text = str(span)
    if field.format in (Format.IPV4, Format.IPV6) and text.isdecimal():
        width = field.width * 8
        length = span.number(width, "a prefix length")
        return ((1 << length) - 1) << width - length
    return _number(field, span)


def _parse_flags(span: Span, flags: Mapping[str, int]) -> tuple[int, int | None]:
    text = str(span)
    if text[0] not in "+-":
        value = 0
        for word in text.split("|"):
            value |= _flag(span, word, flags)
        return value, None
    value = mask = 0
    for sign, word in re.findall(r"([+-])([^+-]*)", text):
        bit = _flag(span, word, flags)
        if mask & bit:
            raise span.error(f"{word} is said twice")
        mask |= bit
        value |= bit if sign == "+" else 0
    return value, mask


def _flag(span: Span, word: str, flags: Mapping[str, int]) -> int:
    if word not in flags:
        raise span.error(f"unknown flag {word!r}", "one of " + ", ".join(flags))
    return flags[word]


def _packet_type(span: Span) -> int:
    inner = str(span)[1:-1].split(",")
    if len(inner) != 2:
        raise span.error(f"{span} is not a packet type", "(namespace,type)")
    try:
        namespace, kind = (int(part, 0) for part in inner)
    except ValueError:
        raise span.error(f"{span} is not a packet type", "(namespace,type)") from None
    if not 0 <= namespace <= 0xFFFF or not 0 <= kind <= 0xFFFF:
        raise span.error(f"{span} does not fit", "two numbers of 16 bits")
    return namespace << 16 | kind


def format_value(field: Field, value: int, mask: int | None, names: Names = NO_NAMES) -> str:
    """A value as ovs-ofctl writes it."""
    flags = _FLAGS.get(field.format)
    if flags is not None and (mask is not None or field is f.TCP_FLAGS):
        return _format_flags(flags, value, mask, field.ones)
    if field.format is Format.FRAG:
        for text, (frag, frag_mask) in _FRAGMENTS.items():
            if (value, field.ones if mask is None else mask) == (frag, frag_mask):
                return text
    if field.format is Format.PACKET_TYPE:
        return f"({value >> 16},{value & 0xFFFF:#x})"
    if field.format in (Format.OPENFLOW_10_PORT, Format.OPENFLOW_11_PORT):
        return names.port(value)
    if mask is None:
        return _plain(field, value)
    if field.format in (Format.IPV4, Format.IPV6):
        prefix = _prefix(mask, field.width * 8)
        return f"{_plain(field, value)}/{_plain(field, mask) if prefix is None else prefix}"
    if field.format is Format.ETHERNET:
        return f"{_plain(field, value)}/{_plain(field, mask)}"
    if field.format is Format.HEXADECIMAL:
        return f"{_plain(field, value)}/{mask:#x}"
    return f"{value:#x}/{mask:#x}"


def _plain(field: Field, value: int) -> str:
    if field.format is Format.DECIMAL:
        return str(value)
    if field.format is Format.ETHERNET:
        return format_mac(value)
    if field.format is Format.IPV4:
        return str(ipaddress.IPv4Address(value))
    if field.format is Format.IPV6:
        return str(ipaddress.IPv6Address(value))
    return hex(value) if value else "0"


def _prefix(mask: int, width: int) -> int | None:
    zeros = width - mask.bit_length() if mask else 0
    ones = mask.bit_count()
    whole = ((1 << ones) - 1) << (width - ones)
    return ones if not zeros and mask == whole else None


def _format_flags(flags: Mapping[str, int], value: int, mask: int | None, ones: int) -> str:
    if mask is None or (mask == ones and "oam" not in flags):
        return "|".join(name for name, bit in flags.items() if value & bit) or "0"
    return "".join(("+" if value & bit else "-") + name for name, bit in flags.items() if mask & bit)


def parse_subfield(span: Span) -> Subfield:
    """A part of a field: `reg0[0..15]`, `NXM_NX_REG0[]`, `reg0[3]`, `reg0`.

    Raises:
        FlowTextError: it names no field, or bits that the field does not have.
    """
    text = str(span)
    found = _SUBFIELD.fullmatch(text)
    field = _field_named(found.group(1) if found else text)
    if field is None:
        raise span.error(f"{text!r} is no field", "a field and bits, for example NXM_NX_REG0[0..15]")
    if not found or found.group(2) is None:
        return field.all
    low = int(found.group(2))
    high = int(found.group(3)) if found.group(3) else low
    if high < low or high >= field.bits:
        raise span.error(
            f"{text} is not in the {field.bits} bits of {field.name}", f"bits 0 to {field.bits - 1}"
        )
    return field.bits_of(low, high)


def _field_named(name: str) -> Field | None:
    # Actions mean the 16-bit port by in_port, as Open vSwitch does.
    if name == "in_port":
        return f.IN_PORT
    return OXM_NAMES.get(name) or FIELDS.get(name)


def format_subfield(part: Subfield) -> str:
    """A part of a field as ovs-ofctl writes it."""
    field = part.field
    name = field.header(0).name if field.headers else field.name
    if part.is_whole:
        return f"{name}[]"
    if part.bits == 1:
        return f"{name}[{part.offset}]"
    return f"{name}[{part.offset}..{part.offset + part.bits - 1}]"
