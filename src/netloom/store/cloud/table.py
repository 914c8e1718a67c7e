"""A record type as a table: a column a field, typed by the field's type; structured values as canonical JSON.

Rule 1: what must never happen twice is a UNIQUE here, not a check somewhere else.
Rule 2: how a value is stored follows from its type alone, so that a record reads back equal to what was written.
"""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from netloom.model.cloud.record import Record
from netloom.store import tables
from netloom.store.times import to_datetime, to_microseconds

Value = str | int | bool | None
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True)
class RecordTable:
    """How a record type is stored.

    Attributes:
        word: the kind in a subject (`firewall_rule`); the table is `cloud_` and its plural.
        record: the type.
        unique: groups of fields that no two records share (rows with a NULL among them are left alone).
        indexes: groups of fields that lists filter by.
        references: fields that hold the id of a record of another word; deleting what is referred to is refused.
        natives: the same for rows of the switches' own intent, by table name (`networks`, `nics`, `zones`, ...).
        secrets: fields that the audit shows as `***`.
        audited: whether its changes are audited; what is itself a memory of changes is not.
        lasting: whether the writer remembers it beyond a commit: for small kinds that change rarely and that nothing
            deletes but their own use cases.
    """

    word: str
    record: type[Record]
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    natives: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    audited: bool = True
    lasting: bool = False

    @property
    def table_name(self) -> str:
        """The table's name."""
        return table_name(self.word)


def table_name(word: str) -> str:
    """The table of a kind: `cloud_` and its plural."""
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"cloud_{word[:-1]}ies"
    return f"cloud_{word}es" if word.endswith("s") else f"cloud_{word}s"


@dataclass(frozen=True, slots=True)
class FieldCodec:
    """One field's way into its column and back."""

    name: str
    to_column: Callable[[object], Value]
    from_column: Callable[[typing.Any], object]

    @property
    def is_plain(self) -> bool:
        """Whether what the column gives is the field's value already."""
        return self.from_column is _same


def build(spec: RecordTable) -> tuple[Table, tuple[FieldCodec, ...]]:
    """Make the table and what converts its fields, in the order of the struct."""
    hints = typing.get_type_hints(spec.record)
    columns: list[Column[object]] = []
    codecs: list[FieldCodec] = []
    for info in msgspec.structs.fields(spec.record):
        bare, optional = _bare(hints[info.name])
        column_type, to_column, from_column = _conversion(bare)
        foreign = _foreign(spec, info.name)
        columns.append(
            Column(
                info.name,
                column_type,
                *foreign,
                primary_key=info.name == "id",
                nullable=optional,
                unique=True if info.name == "number" else None,
            )
        )
        if optional and to_column is not _same:
            to_column = _optional(to_column)
        if optional and from_column is not _same:
            from_column = _optional(from_column)
        codecs.append(FieldCodec(info.name, to_column, from_column))
    constraints: list[UniqueConstraint | Index] = [UniqueConstraint(*group) for group in spec.unique]
    constraints += [Index(f"ix_{spec.table_name}_{'_'.join(group)}", *group) for group in spec.indexes]
    return Table(spec.table_name, tables.metadata, *columns, *constraints), tuple(codecs)


def _foreign(spec: RecordTable, name: str) -> tuple[ForeignKey, ...]:
    if name in spec.references:
        return (ForeignKey(f"{table_name(spec.references[name])}.id"),)
    if name in spec.natives:
        return (ForeignKey(f"{spec.natives[name]}.id"),)
    return ()


def _bare(hint: object) -> tuple[object, bool]:
    """The type without None, and whether None is allowed; `NewType`s as what they are."""
    while isinstance(hint, typing.NewType):
        hint = hint.__supertype__
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        optional = len(parts) < len(typing.get_args(hint))
        if len(parts) == 1:
            return _bare(parts[0])[0], optional
        return hint, optional
    return hint, False


def _conversion(
    bare: object,
) -> tuple[type[Text | BigInteger | Boolean], Callable[[object], Value], Callable[[typing.Any], object]]:
    if bare is str:
        return Text, _same, _same
    if bare is bool:
        return Boolean, _same, _same
    if bare is int:
        return BigInteger, _same, _same
    if bare is datetime:
        return BigInteger, typing.cast("Callable[[object], Value]", to_microseconds), to_datetime
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        members = {member.value: member for member in bare}
        return Text, lambda value: typing.cast("enum.Enum", value).value, members.__getitem__
    decode = msgspec.json.Decoder(bare).decode
    return Text, lambda value: _encode(value).decode(), decode


def _same(value: typing.Any) -> typing.Any:  # noqa: ANN401 - a column's value, as its type says
    return value


def _optional(convert: Callable[[typing.Any], typing.Any]) -> Callable[[typing.Any], typing.Any]:
    return lambda value: None if value is None else convert(value)
