"""All records' tables: the areas' lists, built once.

Rule 1: an area that is not in this list has no tables; there is no other registration.
Rule 2: what an answer calls a kind (`firewall_rule`) is the word of its table, everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table

from netloom.model.cloud.record import Record
from netloom.store.cloud.areas import (
    addresses,
    declarations,
    dns,
    gateways,
    identity,
    infrastructure,
    instances,
    jobs,
    networks,
    offerings,
    rules,
    security_groups,
    tags,
    untold,
    usage,
    vpc,
    vpn,
)
from netloom.store.cloud.table import FieldCodec, RecordTable, build

_AREAS = (
    identity,
    infrastructure,
    offerings,
    networks,
    vpc,
    instances,
    addresses,
    rules,
    dns,
    gateways,
    vpn,
    security_groups,
    jobs,
    untold,
    tags,
    usage,
    declarations,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A record type's table and how its fields go in and out."""

    spec: RecordTable
    table: Table
    codecs: tuple[FieldCodec, ...]


def _build_all() -> dict[type[Record], Stored]:
    stored: dict[type[Record], Stored] = {}
    for area in _AREAS:
        for spec in area.TABLES:
            table, codecs = build(spec)
            stored[spec.record] = Stored(spec, table, codecs)
    return stored


STORED: Final[Mapping[type[Record], Stored]] = _build_all()
BY_WORD: Final[Mapping[str, Stored]] = {stored.spec.word: stored for stored in STORED.values()}
LASTING: Final = frozenset(record_type for record_type, stored in STORED.items() if stored.spec.lasting)
"""The kinds that change rarely and are read with each unit: remembered beyond a commit, see `known`."""
BY_TABLE: Final[Mapping[str, Stored]] = {stored.spec.table_name: stored for stored in STORED.values()}


def word_of(record: Record | type[Record]) -> str:
    """The word for a record's kind."""
    record_type = record if isinstance(record, type) else type(record)
    return STORED[record_type].spec.word
