"""Conditions of operations and of conditional monitors (RFC 7047 section 5.1 `<condition>`).

Rule 1: a condition is checked against its column's type when it is encoded, not by the server.
Rule 2: no condition means every row, in `where` of an operation as in a monitor; "no row" is said by `NEVER`.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from netloom.base.ids import Uuid
from netloom.wire.ovsdb.errors import InvalidValue
from netloom.wire.ovsdb.schema import Atomic, Base, ColumnType, Table
from netloom.wire.ovsdb.values import NamedUuid, Value, codec


class Function(enum.Enum):
    """How a column is compared; `INCLUDES` and `EXCLUDES` take part of a set or map."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    INCLUDES = "includes"
    EXCLUDES = "excludes"


class Condition(msgspec.Struct, frozen=True):
    """One comparison; `_uuid` is a column here."""

    column: str
    function: Function
    value: Value


NEVER = Condition("", Function.EQ, False)
"""Fulfilled by no row: the boolean condition `false` of ovsdb-server(7) 4.1.12; only in monitors."""

Where: TypeAlias = "Uuid | NamedUuid | Sequence[Condition]"
"""Which rows: one by its uuid, or those that fulfil every condition."""

UUID_TYPE = ColumnType(Base(Atomic.UUID))


def column_type(table: Table, column: str) -> ColumnType:
    """The type of a column.

    Raises:
        InvalidValue: the table has no such column.
    """
    if column == "_uuid":
        return UUID_TYPE
    found = table.columns.get(column)
    if found is None:
        raise InvalidValue(f"table {table.name} has no column {column!r}", subject=table.name)
    return found.type


def encode_condition(table: Table, condition: Condition) -> object:
    """The JSON of one condition."""
    if condition is NEVER:
        return False
    kind = column_type(table, condition.column)
    if condition.function in (Function.INCLUDES, Function.EXCLUDES):
        # Part of a set or map: fewer elements than the column needs are right here.
        kind = ColumnType(kind.key, kind.value, 0, kind.maximum) if not kind.is_scalar else kind
    where = f"{table.name}.{condition.column}"
    return [condition.column, condition.function.value, codec(kind).encode(condition.value, where)]


def encode_where(table: Table, where: Where) -> list[object]:
    """The JSON of an operation's `where`."""
    if isinstance(where, (str, NamedUuid)):
        where = (Condition("_uuid", Function.EQ, where),)
    return [encode_condition(table, condition) for condition in where]
