"""Database schemas (RFC 7047 section 3.2) as typed values.

Rule 1: parsing is strict about what the RFC says and blind to members it does not know, so that newer servers work.
Rule 2: a column type is hashable and compared by content; codecs are made once for each of them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import cast

import msgspec

from netloom.wire.ovsdb.errors import RemoteProtocolError

UNLIMITED = 2**32
"""The maximum of `"max": "unlimited"`: more elements than any message can carry."""


class Atomic(enum.Enum):
    """The atomic types."""

    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    STRING = "string"
    UUID = "uuid"


class Base(msgspec.Struct, frozen=True, omit_defaults=True):
    """An atomic type with its constraints (RFC 7047 3.2 `<base-type>`).

    Args:
        type: atomic type.
        enum: the only values allowed, None without such a rule.
        minimum: smallest number, or shortest string in characters.
        maximum: largest number, or longest string in characters.
        ref_table: table that a uuid names a row of.
        weak: the reference disappears with its row instead of holding it.
    """

    type: Atomic
    enum: frozenset[int | float | str] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    ref_table: str | None = None
    weak: bool = False


class ColumnType(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a column holds: `minimum` to `maximum` elements of `key`, or pairs of `key` and `value`."""

    key: Base
    value: Base | None = None
    minimum: int = 1
    maximum: int = 1

    @property
    def is_map(self) -> bool:
        """Pairs."""
        return self.value is not None

    @property
    def is_scalar(self) -> bool:
        """Just one atom."""
        return self.value is None and self.minimum == 1 and self.maximum == 1

    @property
    def is_optional(self) -> bool:
        """One atom or none."""
        return self.value is None and self.minimum == 0 and self.maximum == 1

    @property
    def is_composite(self) -> bool:
        """Modifications come as differences, ovsdb-server(7) 4.1.14."""
        return self.maximum > 1


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column; an ephemeral one is lost when the server stops, an immutable one is only written by `insert`."""

    type: ColumnType
    ephemeral: bool = False
    mutable: bool = True


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """A table; rows of one that is not a root live only while something refers to them."""

    name: str
    columns: Mapping[str, Column]
    is_root: bool = False
    max_rows: int = UNLIMITED
    indexes: tuple[tuple[str, ...], ...] = ()


class Database(msgspec.Struct, frozen=True):
    """A whole schema."""

    name: str
    version: str
    tables: Mapping[str, Table]


def _fail(where: str, seen: object, expected: str) -> RemoteProtocolError:
    return RemoteProtocolError(f"{where} is {repr(seen)[:80]}", subject="schema", hint=f"expected {expected}")


def _object(raw: object, where: str) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise _fail(where, raw, "an object")
    return cast("dict[str, object]", raw)


def _text(raw: object, where: str) -> str:
    if not isinstance(raw, str):
        raise _fail(where, raw, "a string")
    return raw


def _number(raw: object, where: str) -> int | float | None:
    if raw is None:
        return None
    if type(raw) is not int and type(raw) is not float:
        raise _fail(where, raw, "a number")
    return raw


def _flag(raw: object, where: str) -> bool:
    if not isinstance(raw, bool):
        raise _fail(where, raw, "true or false")
    return raw


def _enumeration(raw: object, where: str) -> frozenset[int | float | str] | None:
    if raw is None:
        return None
    members: object = raw[1] if isinstance(raw, list) and len(raw) == 2 and raw[0] == "set" else [raw]
    if not isinstance(members, list) or not all(isinstance(member, (str, int, float)) for member in members):
        raise _fail(where, raw, "a set of atoms")
    return frozenset(members)


def _base(raw: object, where: str) -> Base:
    if isinstance(raw, str):
        raw = {"type": raw}
    members = _object(raw, where)
    name = _text(members.get("type"), f"{where}.type")
    try:
        atomic = Atomic(name)
    except ValueError:
        raise _fail(f"{where}.type", name, "an atomic type") from None
    suffix = {Atomic.INTEGER: "Integer", Atomic.REAL: "Real", Atomic.STRING: "Length"}.get(atomic, "")
    table = members.get("refTable")
    return Base(
        atomic,
        _enumeration(members.get("enum"), f"{where}.enum"),
        _number(members.get(f"min{suffix}"), f"{where}.min{suffix}"),
        _number(members.get(f"max{suffix}"), f"{where}.max{suffix}"),
        None if table is None else _text(table, f"{where}.refTable"),
        members.get("refType") == "weak",
    )


def _column_type(raw: object, where: str) -> ColumnType:
    if isinstance(raw, str):
        return ColumnType(_base(raw, where))
    members = _object(raw, where)
    value = members.get("value")
    minimum = _number(members.get("min", 1), f"{where}.min")
    most = members.get("max", 1)
    maximum = UNLIMITED if most == "unlimited" else _number(most, f"{where}.max")
    if not isinstance(minimum, int) or not isinstance(maximum, int) or minimum not in (0, 1) or maximum < 1:
        raise _fail(where, raw, "min 0 or 1, max at least 1")
    return ColumnType(
        _base(members.get("key"), f"{where}.key"),
        None if value is None else _base(value, f"{where}.value"),
        minimum,
        maximum,
    )


def _column(raw: object, where: str) -> Column:
    members = _object(raw, where)
    return Column(
        _column_type(members.get("type"), f"{where}.type"),
        _flag(members.get("ephemeral", False), f"{where}.ephemeral"),
        _flag(members.get("mutable", True), f"{where}.mutable"),
    )


def _table(name: str, raw: object) -> Table:
    members = _object(raw, name)
    indexes = members.get("indexes", [])
    if not isinstance(indexes, list) or not all(isinstance(index, list) for index in indexes):
        raise _fail(f"{name}.indexes", indexes, "lists of columns")
    most = _number(members.get("maxRows", UNLIMITED), f"{name}.maxRows")
    return Table(
        name,
        {
            column: _column(content, f"{name}.{column}")
            for column, content in _object(members.get("columns"), f"{name}.columns").items()
        },
        _flag(members.get("isRoot", False), f"{name}.isRoot"),
        int(most if most is not None else UNLIMITED),
        tuple(tuple(_text(column, f"{name}.indexes") for column in index) for index in indexes),
    )


def parse_schema(raw: object) -> Database:
    """A schema from the decoded reply to `get_schema`, or from a decoded `.ovsschema` file.

    Raises:
        RemoteProtocolError: it is not a schema; `subject` and message say where.
    """
    members = _object(raw, "schema")
    return Database(
        _text(members.get("name"), "name"),
        _text(members.get("version", ""), "version"),
        {name: _table(name, content) for name, content in _object(members.get("tables"), "tables").items()},
    )
