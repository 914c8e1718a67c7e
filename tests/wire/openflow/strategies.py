"""Hypothesis strategies made from the registries: a new field or action joins every property by itself."""

from __future__ import annotations

import enum
import typing
from typing import Any

import msgspec
from hypothesis import strategies as st

from netloom.wire.openflow import actions as a
from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.field import Field, Prerequisite, Subfield
from netloom.wire.openflow.match import FieldMatch

SENDABLE = [field for field in f.ALL if field.headers]
WRITABLE = [field for field in SENDABLE if field.writable]

_IP, _IP6, _ARP = (
    FieldMatch(f.ETH_TYPE, 0x0800),
    FieldMatch(f.ETH_TYPE, 0x86DD),
    FieldMatch(f.ETH_TYPE, 0x0806),
)


def _over(kind: FieldMatch, proto: int, *more: FieldMatch) -> list[FieldMatch]:
    return [kind, FieldMatch(f.NW_PROTO, proto), *more]


NEEDED: dict[Prerequisite, list[FieldMatch]] = {
    Prerequisite.NONE: [],
    Prerequisite.ETHERNET: [],
    Prerequisite.ARP: [_ARP],
    Prerequisite.VLAN_VID: [FieldMatch(f.VLAN_VID, 0x1005)],
    Prerequisite.IPV4: [_IP],
    Prerequisite.IPV6: [_IP6],
    Prerequisite.IP: [_IP6],
    Prerequisite.NSH: [FieldMatch(f.ETH_TYPE, 0x894F)],
    Prerequisite.CT: [FieldMatch(f.CT_STATE, 0x22, 0x22), _IP],
    Prerequisite.MPLS: [FieldMatch(f.ETH_TYPE, 0x8847)],
    Prerequisite.TCP: _over(_IP, 6),
    Prerequisite.UDP: _over(_IP6, 17),
    Prerequisite.SCTP: _over(_IP, 132),
    Prerequisite.ICMPV4: _over(_IP, 1),
    Prerequisite.ICMPV6: _over(_IP6, 58),
    Prerequisite.ND: _over(_IP6, 58, FieldMatch(f.ICMPV6_TYPE, 135)),
    Prerequisite.ND_SOLICIT: _over(_IP6, 58, FieldMatch(f.ICMPV6_TYPE, 135)),
    Prerequisite.ND_ADVERT: _over(_IP6, 58, FieldMatch(f.ICMPV6_TYPE, 136)),
}


def numbers(limit: int) -> st.SearchStrategy[int]:
    """Numbers up to a limit, its edges often."""
    return st.one_of(st.sampled_from([0, 1, limit >> 1, limit]), st.integers(0, limit))


@st.composite
def entries(draw: st.DrawFn, field: Field) -> list[FieldMatch]:
    """One field's condition, with what it needs."""
    if field.variable:
        field = field.sized(draw(st.integers(1, 124)))
    value = draw(numbers(field.ones)) & field.ones
    if field in (f.IN_PORT, f.IN_PORT_OXM, f.ACTSET_OUTPUT):
        value &= 0xFEFF
    mask = draw(st.one_of(st.none(), numbers(field.ones))) if field.maskable else None
    if field is f.VLAN_TCI:
        # A priority without a tag, or in part, cannot be said in OXM.
        mask = None if mask is None else mask & 0x1FFF
        value &= 0xFFFF if value & 0x1000 else 0x1FFF
    if mask is not None:
        value &= mask
    if field is f.ARP_OP or field is f.NSH_TTL:
        value &= 0x3F
    if field is f.NSH_MDTYPE:
        value = 1 + (value & 1)
    if field in (f.CT_IPV6_SRC, f.CT_IPV6_DST):
        return [FieldMatch(f.CT_STATE, 0x22, 0x22), _IP6, FieldMatch(field, value, mask)]
    needed = [entry for entry in NEEDED[field.prerequisite] if entry.field is not field]
    return [*needed, FieldMatch(field, value, mask)]


@st.composite
def matches(draw: st.DrawFn) -> list[FieldMatch]:
    """Several fields whose needs do not clash.

    Two tunnel options at most: all options of a switch together have 256 octets, and one may have 124.
    """
    found: dict[Field, FieldMatch] = {}
    for field in draw(st.lists(st.sampled_from(SENDABLE), max_size=6, unique=True)):
        if field.variable and sum(each.variable for each in found) == 2:
            continue
        more = draw(entries(field))
        if all(found.get(e.field, e) == e for e in more):
            found |= {e.field: e for e in more}
    return list(found.values())


@st.composite
def subfields(draw: st.DrawFn, *, bits: int | None = None) -> Subfield:
    """A part of a writable field."""
    fields = [field for field in WRITABLE if not field.variable and (bits is None or field.bits >= bits)]
    field = draw(st.sampled_from(fields))
    width = bits or draw(st.integers(1, min(64, field.bits)))
    return Subfield(field, draw(st.integers(0, field.bits - width)), width)


@st.composite
def writes(draw: st.DrawFn) -> a.SetField:
    """set_field of any writable field."""
    field = draw(st.sampled_from(WRITABLE))
    value = draw(numbers(field.ones)) & field.ones
    if field is f.VLAN_VID:
        value |= 0x1000
    return a.SetField(field, value)


_PORTS = st.one_of(st.integers(0, 0xFEFF), st.sampled_from([0xFFFFFFF8, 0xFFFFFFFA, 0xFFFFFFFD, 0xFFFFFFFE]))
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "port": _PORTS,
    "sampling_port": st.one_of(st.none(), st.integers(1, 0xFEFF)),
    "members": st.lists(st.integers(1, 0xFEFF), max_size=5).map(tuple),
    "controllers": st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=5).map(tuple),
    "table": st.integers(0, 254),
    "eth_type": st.sampled_from([0x8100, 0x88A8, 0x8847, 0x8848, 0x0800]),
    "packet_type": st.sampled_from([0, 0x1894F, 0x18847]),
    "properties": st.just(()),
    "header_size": st.just(0),
    "n_clauses": st.integers(2, 64),
    "clause": st.integers(1, 8),
    "data": st.integers(0, 3).flatmap(lambda n: st.binary(min_size=6 + 8 * n, max_size=6 + 8 * n)),
    "actions": st.lists(st.sampled_from([a.Output(1), a.SetField(f.REG0, 5), a.CtClear()]), max_size=3).map(
        tuple
    ),
    "direction": st.integers(0, 2),
    "flags": st.integers(0, 3),
    "max_link": st.integers(0, 0xFFFF),
    "low": st.one_of(st.none(), st.integers(1, 0xFFFFFFFF)),
    "high": st.none(),
    "port_high": st.none(),
    "result": st.one_of(st.none(), subfields(bits=1)),
    "field": st.just(f.TUN_METADATA0),
}


def of_type(kind: type[Any], name: str) -> st.SearchStrategy[Any]:
    """Values for one member of an action, from its name and its type."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    options = typing.get_args(kind) if typing.get_origin(kind) not in (tuple, None) else (kind,)
    found: list[st.SearchStrategy[Any]] = []
    for option in options:
        if option is type(None):
            found.append(st.none())
        elif option is bool:
            found.append(st.booleans())
        elif option is int:
            found.append(st.one_of(st.integers(0, 0xFF), numbers(0xFFFF)))
        elif option is bytes:
            found.append(st.binary(max_size=20))
        elif option is Subfield:
            found.append(subfields(bits=1 if name == "dst" else None))
        elif isinstance(option, type) and issubclass(option, enum.Enum):
            found.append(st.sampled_from(list(option)))
        elif name == "specs":
            found.append(st.lists(_specs(), max_size=4).map(tuple))
        else:
            raise TypeError(f"no strategy for {name}: {option}")
    return st.one_of(found)


def _specs() -> st.SearchStrategy[a.LearnSpec]:
    plain = subfields().filter(lambda part: not part.field.header(0).vendor)
    pairs = plain.flatmap(lambda dst: st.tuples(st.just(dst), st.one_of(st.just(dst), _values(dst))))
    return st.one_of(
        pairs.map(lambda pair: a.LearnMatch(*pair)),
        pairs.map(lambda pair: a.LearnLoad(*pair)),
        plain.map(a.LearnOutput),
    )


def _values(part: Subfield) -> st.SearchStrategy[int]:
    """What a part of a field may hold: nw_tos, of 8 bits, has no 255."""
    allowed = part.field.ones >> part.offset & (1 << part.bits) - 1
    return numbers(allowed).map(lambda value: value & allowed)


@st.composite
def moves(draw: st.DrawFn) -> a.Move:
    """move between equally wide parts."""
    dst = draw(subfields())
    return a.Move(draw(subfields(bits=dst.bits)), dst)


@st.composite
def loads(draw: st.DrawFn) -> a.Load:
    """load into any part."""
    dst = draw(subfields())
    return a.Load(dst, draw(numbers((1 << dst.bits) - 1)))


_SPECIAL: dict[type[a.Action], st.SearchStrategy[Any]] = {
    a.SetField: writes(),
    a.Move: moves(),
    a.Load: loads(),
    a.UnknownAction: st.binary(min_size=8, max_size=8).map(
        lambda data: a.UnknownAction(b"\xff\xff\x00\x10\x00\x00\x12\x34" + data)
    ),
    a.Multipath: st.builds(
        a.Multipath,
        st.sampled_from(list(a.HashFields)),
        st.integers(0, 0xFFFF),
        st.sampled_from(list(a.LinkChoice)),
        st.integers(0, 255),
        st.integers(0, 0xFFFFFFFF),
        subfields(bits=8).filter(lambda part: not part.field.header(0).vendor),
    ),
    a.Bundle: st.builds(
        a.Bundle,
        st.sampled_from(list(a.HashFields)),
        st.integers(0, 0xFFFF),
        st.sampled_from(list(a.MemberChoice)),
        _BY_NAME["members"],
        st.one_of(st.none(), subfields(bits=16).filter(lambda part: not part.field.header(0).vendor)),
    ),
}


def action(kind: type[a.Action]) -> st.SearchStrategy[Any]:
    """Values of one class of actions."""
    special = _SPECIAL.get(kind)
    if special is not None:
        return special
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{x.name: of_type(hints[x.name], x.name) for x in msgspec.structs.fields(kind)})


CLASSES = sorted(a.ENCODERS, key=lambda kind: kind.__name__)
INSTRUCTIONS = [a.ClearActions, a.GotoTable, a.WriteActions, a.WriteMetadata]
