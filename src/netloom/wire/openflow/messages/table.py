"""Flow tables: how full they are, how they are set, what they can do.

Rule 1: table features are carried as properties of raw bytes: netloom probes what it needs, it does not read this.
Rule 2: configuration bits are given as they stand.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import (
    encode_nothing,
    exactly,
    get_name,
    malformed,
    need,
    pack,
    properties,
    put_name,
    put_property,
)
from netloom.wire.openflow.versions import OF13, OF14, OF15

ALL_TABLES = 0xFF
_MOD = Struct("!B3xI")
_STATS = Struct("!B3xIQQ")
_DESC = Struct("!HBxI")
_FEATURES13 = Struct("!HB5x32sQQII")
_FEATURES15 = Struct("!HBBI32sQQII")


class Property(msgspec.Struct, frozen=True, gc=False):
    """A property that is carried as it stands, without its padding."""

    kind: int
    data: bytes


class TableMod(Message, frozen=True, gc=False):
    """Sets a table's configuration bits (from 1.4: 4 eviction, 8 vacancy events), with their properties."""

    table: int
    config: int
    properties: tuple[Property, ...] = ()


class TableStatsRequest(Message, frozen=True, gc=False):
    """Asks how full the tables are."""


class TableStats(msgspec.Struct, frozen=True, gc=False):
    """How full one table is, how many packets were looked up and how many matched."""

    table: int
    active: int
    lookups: int
    matched: int


class TableStatsReply(Message, frozen=True, gc=False):
    """How full the tables are."""

    entries: tuple[TableStats, ...] = ()


class TableDescRequest(Message, frozen=True, gc=False):
    """Asks how the tables are set. From 1.4."""


class TableDesc(msgspec.Struct, frozen=True, gc=False):
    """How one table is set."""

    table: int
    config: int
    properties: tuple[Property, ...] = ()


class TableDescReply(Message, frozen=True, gc=False):
    """How the tables are set."""

    entries: tuple[TableDesc, ...] = ()


class TableFeatures(msgspec.Struct, frozen=True, gc=False):
    """What one table can do. `command` and `features` exist from 1.5 on."""

    table: int
    name: str
    metadata_match: int
    metadata_write: int
    config: int
    max_entries: int
    command: int = 0
    features: int = 0
    properties: tuple[Property, ...] = ()


class TableFeaturesRequest(Message, frozen=True, gc=False):
    """Asks what the tables can do, or with entries says how they are to be used."""

    entries: tuple[TableFeatures, ...] = ()


class TableFeaturesReply(Message, frozen=True, gc=False):
    """What the tables can do."""

    entries: tuple[TableFeatures, ...] = ()


def encode_properties(items: tuple[Property, ...]) -> bytes:
    """The properties, each padded."""
    return b"".join(put_property(item.kind, item.data) for item in items)


def decode_properties(data: bytes, at: int, end: int, what: str) -> tuple[Property, ...]:
    """The properties in `data[at:end]`."""
    return tuple(Property(kind, data[start:stop]) for kind, start, stop in properties(data, at, end, what))


def _encode_mod(message: TableMod, version: int) -> bytes:
    del version
    return pack(_MOD, message.table, message.config) + encode_properties(message.properties)


def _decode_mod(data: bytes, at: int, end: int, version: int) -> TableMod:
    if version == OF13:
        exactly(at, end, 8, "table mod")
    need(at, end, 8, "table mod")
    table, config = _MOD.unpack_from(data, at)
    return TableMod(table, config, decode_properties(data, at + 8, end, "table mod"))


def _decode_stats_request(data: bytes, at: int, end: int, version: int) -> TableStatsRequest:
    del data, version
    exactly(at, end, 0, "table statistics request")
    return TableStatsRequest()


def _encode_stats(entry: TableStats, version: int) -> bytes:
    del version
    return pack(_STATS, entry.table, entry.active, entry.lookups, entry.matched)


def _decode_stats(data: bytes, at: int, end: int, version: int) -> TableStatsReply:
    del version
    if (end - at) % 24:
        raise malformed(f"table statistics of {end - at} bytes are no multiple of 24")
    return TableStatsReply(tuple(TableStats(*_STATS.unpack_from(data, i)) for i in range(at, end, 24)))


def _decode_desc_request(data: bytes, at: int, end: int, version: int) -> TableDescRequest:
    del data, version
    exactly(at, end, 0, "table description request")
    return TableDescRequest()


def _encode_desc(entry: TableDesc, version: int) -> bytes:
    del version
    body = encode_properties(entry.properties)
    return pack(_DESC, 8 + len(body), entry.table, entry.config) + body


def _decode_desc(data: bytes, at: int, end: int, version: int) -> TableDescReply:
    del version
    entries = []
    while at < end:
        need(at, end, 8, "table description")
        length, table, config = _DESC.unpack_from(data, at)
        if length < 8 or length % 8 or at + length > end:
            raise malformed(f"a table description of {length} bytes where {end - at} are left")
        found = decode_properties(data, at + 8, at + length, "table description")
        entries.append(TableDesc(table, config, found))
        at += length
    return TableDescReply(tuple(entries))


def _encode_features(entry: TableFeatures, version: int) -> bytes:
    body = encode_properties(entry.properties)
    name = put_name(entry.name, 32)
    rest = (entry.metadata_match, entry.metadata_write, entry.config, entry.max_entries)
    if version < OF15:
        return pack(_FEATURES13, 64 + len(body), entry.table, name, *rest) + body
    return pack(_FEATURES15, 64 + len(body), entry.table, entry.command, entry.features, name, *rest) + body


def _features(data: bytes, at: int, end: int, version: int) -> tuple[TableFeatures, ...]:
    entries = []
    while at < end:
        need(at, end, 64, "table features")
        length, table, command, features, name, *rest = _FEATURES15.unpack_from(data, at)
        if length < 64 or length % 8 or at + length > end:
            raise malformed(f"table features of {length} bytes where {end - at} are left")
        if version < OF15:
            command = features = 0
        found = decode_properties(data, at + 64, at + length, "table features")
        values = (table, get_name(name), *rest, command, features, found)
        entries.append(TableFeatures(*values))
        at += length
    return tuple(entries)


def _decode_features_request(data: bytes, at: int, end: int, version: int) -> TableFeaturesRequest:
    return TableFeaturesRequest(_features(data, at, end, version))


def _decode_features(data: bytes, at: int, end: int, version: int) -> TableFeaturesReply:
    return TableFeaturesReply(_features(data, at, end, version))


_LATER = (OF14, OF15)
FORMS = (
    Form(TableMod, Family.PLAIN, 17, Sender.CONTROLLER, _encode_mod, _decode_mod),
    Form(TableStatsRequest, Family.REQUEST, 3, Sender.CONTROLLER, encode_nothing, _decode_stats_request),
    Form(TableStatsReply, Family.REPLY, 3, Sender.SWITCH, _encode_stats, _decode_stats, entries=True),
    Form(
        TableDescRequest,
        Family.REQUEST,
        14,
        Sender.CONTROLLER,
        encode_nothing,
        _decode_desc_request,
        _LATER,
    ),
    Form(TableDescReply, Family.REPLY, 14, Sender.SWITCH, _encode_desc, _decode_desc, _LATER, entries=True),
    Form(
        TableFeaturesRequest,
        Family.REQUEST,
        12,
        Sender.CONTROLLER,
        _encode_features,
        _decode_features_request,
        entries=True,
    ),
    Form(
        TableFeaturesReply, Family.REPLY, 12, Sender.SWITCH, _encode_features, _decode_features, entries=True
    ),
)
