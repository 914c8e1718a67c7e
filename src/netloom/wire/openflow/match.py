"""Which packets a flow takes: a set of field values, held as the bytes that Open vSwitch itself would send.

A `Match` is its canonical OXM bytes (OpenFlow 1.3 headers, Open vSwitch's field order), so comparing, hashing and
encoding cost what bytes cost, and 100,000 of them fit in memory. `fields` reads them back.

Rule 1: there is one `Match` for one meaning: registers, VLAN and DSCP spellings are brought to one form, prerequisites
hold, no bit outside a mask is set. Construct with `of` or `build`, never with bytes of unknown origin.
Rule 2: a peer's bytes are believed only after the whole list was checked; `_Shapes` remembers what was checked in a form
that admits other values but no other structure.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

import msgspec

from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.field import Field
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.match_rules import (
    REWRITTEN,
    FieldMatch,
    MatchError,
    check_family,
    normalise,
    valid_bits,
)
from netloom.wire.openflow.oxm import pack_entry, packed_header, unpack_entries

__all__ = ["FieldMatch", "Match", "decode_match", "decode_oxm", "encode_match", "encode_oxm"]

OFPMT_OXM: Final = 1
_MEMO_LIMIT: Final = 8192
_SHAPES_PER_KEY: Final = 16
_SHAPE_KEYS: Final = 1024


class Match(msgspec.Struct, frozen=True, gc=False):
    """The packets that a flow takes. `Match()` takes all.

    Args:
        oxm: canonical OXM entries without `ofp_match` header and padding; for this module's use.
    """

    oxm: bytes = b""

    @staticmethod
    def of(**values: int | tuple[int, int]) -> Match:
        """A match from Open vSwitch's field names: `Match.of(in_port=1, eth_type=0x800, ip_dst=(0x0A000000, 0xFF000000))`.

        A pair is (value, mask). Register halves and VLAN spellings are brought to one form.

        Raises:
            LocalProtocolError: an unknown field, a value or mask that does not fit, a missing prerequisite.
        """
        known = _compose(values)
        if known is not None:
            return known
        entries = []
        for name, value in values.items():
            field = FIELDS.get(name)
            if field is None:
                raise LocalProtocolError(f"there is no match field {name!r}", subject=name)
            number, mask = value if isinstance(value, tuple) else (value, None)
            entries.append(FieldMatch(field, number, mask))
        return Match.build(entries)

    @staticmethod
    def build(entries: Iterable[FieldMatch]) -> Match:
        """A match from entries in any order.

        Raises:
            LocalProtocolError: as `of`.
        """
        try:
            canonical = normalise(_dialect(entries))
            check_family(canonical)
        except MatchError as error:
            raise LocalProtocolError(str(error), subject=error.field.name) from error
        oxm = b"".join([pack_entry(e.field, e.value, e.mask, 4) for e in canonical])
        if not _shapes.admits(oxm):
            _shapes.learn(oxm)
        return Match(oxm)

    @property
    def fields(self) -> tuple[FieldMatch, ...]:
        """Its entries, in Open vSwitch's order."""
        return tuple(FieldMatch(field, value, mask) for field, value, mask in unpack_entries(self.oxm))

    def get(self, field: Field) -> FieldMatch | None:
        """The entry of one field (registers by their 32-bit form)."""
        for entry in self.fields:
            if entry.field is field:
                return entry
        return None

    def __repr__(self) -> str:
        return f"Match({', '.join(repr(entry) for entry in self.fields)})"


def _dialect(entries: Iterable[FieldMatch]) -> list[FieldMatch]:
    """What ovs-ofctl's short names mean depends on the rest: nw_src under arp, tp_src under udp."""
    listed = list(entries)
    kinds = {e.field: e.value for e in listed if e.mask is None and e.field in (f.ETH_TYPE, f.NW_PROTO)}
    table = (
        _ARP_NAMES
        if kinds.get(f.ETH_TYPE) in (0x0806, 0x8035)
        else _TRANSPORT_NAMES.get(kinds.get(f.NW_PROTO, 0))
    )
    if table is None:
        return listed
    return [FieldMatch(table.get(e.field, e.field), e.value, e.mask) for e in listed]


_ARP_NAMES: Final = {f.IP_SRC: f.ARP_SPA, f.IP_DST: f.ARP_TPA, f.NW_PROTO: f.ARP_OP}
_TRANSPORT_NAMES: Final = {
    17: {f.TCP_SRC: f.UDP_SRC, f.TCP_DST: f.UDP_DST},
    132: {f.TCP_SRC: f.SCTP_SRC, f.TCP_DST: f.SCTP_DST},
    1: {f.TCP_SRC: f.ICMP_TYPE, f.TCP_DST: f.ICMP_CODE},
    58: {f.TCP_SRC: f.ICMPV6_TYPE, f.TCP_DST: f.ICMPV6_CODE, f.ICMP_TYPE: f.ICMPV6_TYPE, f.ICMP_CODE: f.ICMPV6_CODE},
}  # fmt: skip


# ---- wire -------------------------------------------------------------------------------------------------------


class _Shapes:
    """Structures of canonical matches that were checked once.

    A shape is a pair of integers (care, want): bytes of its length whose number N has `N & care == want` have the same
    fields in the same order, the same masks, the same values where other fields' prerequisites depend on them, and
    no bit set outside a mask or beyond a field's width. So they are a canonical match as well, whatever the values.
    """

    def __init__(self) -> None:
        self._by_key: dict[tuple[int, bytes], list[tuple[int, int]]] = {}

    def admits(self, oxm: bytes) -> bool:
        shapes = self._by_key.get((len(oxm), oxm[:4]))
        if shapes is None:
            return False
        number = int.from_bytes(oxm)
        for care, want in shapes:  # noqa: SIM110 - any() with a generator takes three times as long
            if number & care == want:
                return True
        return False

    def learn(self, oxm: bytes) -> None:
        care = bytearray()
        for field, _value, mask in unpack_entries(oxm):
            head = len(pack_entry(field, 0, mask, 4)) - field.width * (1 if mask is None else 2)
            care += b"\xff" * head
            if field in _GATES:
                care += b"\xff" * field.width
            else:
                allowed = valid_bits(field) & (field.ones if mask is None else mask)
                full = (1 << field.width * 8) - 1
                care += (full ^ allowed).to_bytes(field.width)
            if mask is not None:
                care += b"\xff" * field.width
        number = int.from_bytes(care)
        if len(self._by_key) >= _SHAPE_KEYS:
            self._by_key.clear()
        shapes = self._by_key.setdefault((len(oxm), oxm[:4]), [])
        shapes.insert(0, (number, int.from_bytes(oxm) & number))
        del shapes[_SHAPES_PER_KEY:]


# Fields whose value decides what other fields may be there.
_GATES: Final = frozenset(
    {f.PACKET_TYPE, f.NSH_MDTYPE, f.ETH_TYPE, f.VLAN_VID, f.NW_PROTO, f.IP_FRAG, f.ICMPV6_TYPE, f.ICMPV6_CODE, f.CT_STATE}
)  # fmt: skip

_shapes = _Shapes()
_known: dict[bytes, Match] = {b"": Match()}
_newest: dict[bytes, bytes] = {}
_FRAME: Final = Struct(">HH")
_frames: dict[int, tuple[bytes, bytes]] = {}


# Fields that are rewritten, or that ask more of what we send than of what we are sent.
_SLOW: Final = REWRITTEN | {f.CT_NW_SRC, f.CT_NW_DST, f.CT_IPV6_SRC, f.CT_IPV6_DST}
_plans: dict[tuple[str, ...], list[tuple[str, bytes, bytes, int]] | None] = {}


def _compose(values: dict[str, int | tuple[int, int]]) -> Match | None:
    """The match of named values, if its structure was checked before: write the bytes, then see whether they fit."""
    names = tuple(values)
    try:
        plan = _plans[names]
    except KeyError:
        plan = _plan(names)
    if plan is None:
        return None
    parts = []
    try:
        for name, plain, masked, width in plan:
            value = values[name]
            if value.__class__ is tuple:
                parts.append(masked + value[0].to_bytes(width) + value[1].to_bytes(width))
            else:
                parts.append(plain + value.to_bytes(width))  # type: ignore[union-attr] # told apart by class, for speed
    except OverflowError:
        return None
    oxm = b"".join(parts)
    return Match(oxm) if _shapes.admits(oxm) else None


def _plan(names: tuple[str, ...]) -> list[tuple[str, bytes, bytes, int]] | None:
    """How to write these fields in canonical order; None when one of them has to be rewritten or is unknown."""
    if len(_plans) >= _SHAPE_KEYS:
        _plans.clear()
    found = [(FIELDS.get(name), name) for name in names]
    plan = None
    if all(
        field is not None and field.headers and field not in _SLOW and not field.variable
        for field, _ in found
    ):
        ranked = sorted((field.rank, name, field) for field, name in found if field is not None)
        plan = [
            (name, packed_header(field, 4, False), packed_header(field, 4, True), field.width)
            for _, name, field in ranked
        ]
    _plans[names] = plan
    return plan


def encode_match(match: Match, version: int = 4) -> bytes:
    """`struct ofp_match` with its padding to 8 bytes, for an OpenFlow wire version (4, 5, 6)."""
    oxm = match.oxm if version < 6 else encode_oxm(match, version)
    frame = _frames.get(len(oxm))
    if frame is None:
        length = 4 + len(oxm)
        frame = _frames[len(oxm)] = (
            OFPMT_OXM.to_bytes(2) + length.to_bytes(2),
            bytes(-length % 8),
        )
    return frame[0] + oxm + frame[1]


def encode_oxm(match: Match, version: int) -> bytes:
    """The OXM entries alone. OpenFlow 1.5 spells some fields anew and has registers in pairs."""
    if version < 6:
        return match.oxm
    known = _newest.get(match.oxm)
    if known is None:
        if len(_newest) >= _MEMO_LIMIT:
            _newest.clear()
        known = _newest[match.oxm] = b"".join(
            [pack_entry(e.field, e.value, e.mask, version) for e in _paired(match.fields)]
        )
    return known


def _paired(entries: tuple[FieldMatch, ...]) -> list[FieldMatch]:
    """The registers as the 64-bit ones of OpenFlow 1.5, in which Open vSwitch answers there."""
    plain: list[FieldMatch] = []
    pairs: dict[Field, list[int]] = {}
    place = None
    for entry in entries:
        if entry.field.name.startswith("reg"):
            place = len(plain) if place is None else place
            number = int(entry.field.name[3:])
            shift = 0 if number % 2 else 32
            value_mask = pairs.setdefault(FIELDS[f"xreg{number // 2}"], [0, 0])
            value_mask[0] |= entry.value << shift
            value_mask[1] |= (entry.field.ones if entry.mask is None else entry.mask) << shift
        else:
            plain.append(entry)
    merged = [FieldMatch(x, v, None if m == x.ones else m) for x, (v, m) in pairs.items()]
    return plain if place is None else plain[:place] + merged + plain[place:]


def decode_match(data: bytes, offset: int, end: int | None = None) -> tuple[Match, int]:
    """Read a `struct ofp_match` at `offset`; answers it and the offset behind its padding.

    `end` is where the message (or entry) ends that it stands in; no byte behind it is looked at.

    Raises:
        RemoteProtocolError: it does not fit, is no OXM match, or breaks a rule of matches (OFPET_BAD_MATCH).
    """
    limit = len(data) if end is None else end
    start = offset + 4
    if start > limit:
        raise RemoteProtocolError("the message ends inside the header of a match", error_type=4, error_code=1)
    kind, length = _FRAME.unpack_from(data, offset)
    stop = offset + length
    after = stop + (-length & 7)
    if kind != OFPMT_OXM:
        raise RemoteProtocolError(f"match type {kind} is not OXM", error_type=4, error_code=0)
    if length < 4 or after > limit:
        raise RemoteProtocolError(
            f"a match of {length} bytes does not fit in {limit - offset}", error_type=4, error_code=1
        )
    oxm = data[start:stop]
    return _known.get(oxm) or _decode_new(oxm), after


def decode_oxm(oxm: bytes) -> Match:
    """The match of bare OXM or NXM entries, from any OpenFlow version.

    Raises:
        RemoteProtocolError: they break a rule of matches.
    """
    return _known.get(oxm) or _decode_new(oxm)


def _decode_new(oxm: bytes) -> Match:
    match = Match(oxm) if _shapes.admits(oxm) else _decode_fully(oxm)
    if len(_known) >= _MEMO_LIMIT:
        _known.clear()
    _known[oxm] = match
    return match


def _decode_fully(oxm: bytes) -> Match:
    try:
        canonical = normalise([FieldMatch(*entry) for entry in unpack_entries(oxm)])
    except MatchError as error:
        raise RemoteProtocolError(
            f"{error.field.name}: {error}", error_type=4, error_code=error.code
        ) from error
    match = Match(b"".join([pack_entry(e.field, e.value, e.mask, 4) for e in canonical]))
    if match.oxm == oxm:
        _shapes.learn(oxm)
    return match
