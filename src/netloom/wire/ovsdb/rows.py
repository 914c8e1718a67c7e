"""Typed rows: one frozen Struct per table, a field per column.

The classes for Open vSwitch are generated (`vswitch`); `row_class` makes one for any other schema.

Rule 1: a row is a value; a change is a new row. `gc=False` is safe because columns hold only atoms, sets and maps of atoms.
Rule 2: a column that was not asked for, or that the server does not have, holds its default (RFC 7047 5.2.1).
"""

from __future__ import annotations

from typing import ClassVar, cast

import msgspec

from netloom.base.ids import Uuid
from netloom.wire.ovsdb.schema import Table
from netloom.wire.ovsdb.values import codec

_RESERVED = frozenset({"uuid", "TABLE"})


class Row(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A row of some table; `uuid` is the server's `_uuid`."""

    TABLE: ClassVar[Table]

    uuid: Uuid


def field_name(column: str) -> str:
    """The attribute of a column."""
    return f"{column}_" if column in _RESERVED else column


def row_class(table: Table) -> type[Row]:
    """A row class for a table of a schema that is known only at run time."""
    fields = [
        (field_name(name), object, msgspec.field(default=codec(column.type).default))
        for name, column in table.columns.items()
    ]
    made = msgspec.defstruct(
        table.name, fields, bases=(Row,), frozen=True, gc=False, kw_only=True, namespace={"TABLE": table}
    )
    return cast("type[Row]", made)
