"""Reading and writing records inside a transaction or on a snapshot.

Rule 1: conditions are SQLAlchemy's, on `columns(T)`; a record comes back equal to what was written.
Rule 2: a broken constraint is told in the words of the records it is about, never as the database's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnCollection

from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.record import Record
from netloom.store.among import among
from netloom.store.cloud.known import Known
from netloom.store.cloud.pending import Pending
from netloom.store.cloud.schema import BY_TABLE, LASTING, STORED, Stored
from netloom.store.cloud.shapes import Make, Tell, maker, teller

R = TypeVar("R", bound=Record)
Where = ColumnElement[bool]
Order = ColumnElement[Any]
"""What a list is sorted by."""


def columns(record_type: type[Record]) -> ColumnCollection[str, ColumnElement[Any]]:
    """The columns of a record's table, by the names of its fields."""
    return cast("ColumnCollection[str, ColumnElement[Any]]", STORED[record_type].table.c)


def as_stored(record_type: type[Record], field: str, value: object) -> object:
    """A field's value as its column holds it: for comparing structured values, which are canonical JSON."""
    codec = next(codec for codec in STORED[record_type].codecs if codec.name == field)
    return codec.to_column(value)


class Records:
    """The records as one connection sees them, for the length of a transaction or snapshot.

    What was found by its id is not asked again until something is written to its table. Halves of native objects are: they
    may go with those, past this. `known`: what others read in the same transaction, or before it; it is shared with them.
    """

    def __init__(
        self, connection: Connection, known: Known | None = None, pending: Pending | None = None
    ) -> None:
        self.connection = connection
        self._pending = pending
        self.known = Known() if known is None else known

    def get(self, record_type: type[R], record_id: str) -> R | None:
        """The record with this id."""
        self._write_pending(record_type)
        stored = STORED[record_type]
        known = self._known_of(record_type)
        if record_id in known:
            return cast("R | None", known[record_id])
        row = self.connection.execute(_statements(stored).by_id, {"the_id": record_id}).one_or_none()
        found = None if row is None else cast("R", _statements(stored).make((row,))[0])
        if "id" not in stored.spec.natives:
            known[record_id] = found
        return found

    def whole(self, record_type: type[R]) -> Sequence[R]:
        """All records of a small table, read once."""
        if record_type in LASTING:
            self.known.look(self.connection)
        whole = self.known.whole
        if record_type not in whole:
            whole[record_type] = list(self.select(record_type))
        return cast("list[R]", whole[record_type])

    def many(self, record_type: type[R], ids: Iterable[str]) -> dict[Uuid, R]:
        """Those of these ids that are there."""
        wanted = list(dict.fromkeys(ids))
        if len(wanted) == 1:
            only = self.get(record_type, wanted[0])
            return {} if only is None else {only.id: only}
        if record_type not in LASTING or "id" in STORED[record_type].spec.natives:
            return {record.id: record for record in self.having(record_type, "id", wanted, order=None)}
        self._write_pending(record_type)
        known = self._known_of(record_type)
        fresh = [found for found in wanted if found not in known]
        if fresh:
            read = {record.id: record for record in self.having(record_type, "id", fresh, order=None)}
            known.update((found, read.get(Uuid(found))) for found in fresh)
        return {Uuid(found): cast("R", there) for found in wanted if (there := known[found]) is not None}

    def _known_of(self, record_type: type[Record]) -> dict[str, Record | None]:
        if record_type in LASTING:
            self.known.look(self.connection)
        return self.known.by_id.setdefault(record_type, {})

    def having(
        self, record_type: type[R], field: str, values: Iterable[str], *, order: str | None = "number"
    ) -> list[R]:
        """The records of which a field has one of these values, any number of them, sorted by a field (None: not)."""
        wanted = list(dict.fromkeys(values))
        if not wanted:
            return []
        self._write_pending(record_type)
        made = _statements(STORED[record_type])
        statement = made.having.get((field, order))
        if statement is None:
            c = STORED[record_type].table.c
            statement = select(STORED[record_type].table).where(among(c[field], parameter="wanted"))
            if order is not None:
                statement = statement.order_by(c[order])
            made.having[field, order] = statement
        return cast("list[R]", made.make(self.connection.execute(statement, {"wanted": wanted}).all()))

    def first(self, record_type: type[R], *where: Where, order: Order | None = None) -> R | None:
        """The first that fits, None when none does."""
        found = self.select(record_type, *where, order=order, limit=1)
        return found[0] if found else None

    def select(
        self,
        record_type: type[R],
        *where: Where,
        order: Order | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[R]:
        """All that fit, in the order in which they were made unless told otherwise."""
        self._write_pending(record_type)
        stored = STORED[record_type]
        statement = select(stored.table).where(*where)
        statement = statement.order_by(stored.table.c.number if order is None else order)
        if limit is not None:
            statement = statement.limit(limit)
        if offset is not None:
            statement = statement.offset(offset)
        return cast("list[R]", _statements(stored).make(self.connection.execute(statement).all()))

    def count(self, record_type: type[Record], *where: Where) -> int:
        """How many fit."""
        self._write_pending(record_type)
        table = STORED[record_type].table
        return self.connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()

    def count_but(self, record_type: type[Record], where: Sequence[Where], but: Sequence[Where]) -> int:
        """How many fit the one and not the other, which is a part of it; counted by themselves, each by its index."""
        self._write_pending(record_type)
        table = STORED[record_type].table
        every, part = (
            select(func.count()).select_from(table).where(*conditions).scalar_subquery()
            for conditions in (where, but)
        )
        fewer: int = self.connection.execute(select(every - part)).scalar_one()
        return fewer

    def exists(self, record_type: type[Record], *where: Where) -> bool:
        """Whether any fits."""
        self._write_pending(record_type)
        table = STORED[record_type].table
        found = self.connection.execute(select(table.c.id).where(*where).limit(1)).first()
        return found is not None

    def named(self, record_type: type[Record], field: str, ids: Iterable[str]) -> set[str]:
        """Which of these ids a field of any record names: what is used, without reading by what."""
        self._write_pending(record_type)
        column = STORED[record_type].table.c[field]
        wanted = list(dict.fromkeys(ids))
        return (
            set(self.connection.scalars(select(column).where(among(column, wanted)).distinct()))
            if wanted
            else set()
        )

    def values(self, record_type: type[Record], field: str, *where: Where) -> list[int]:
        """A field of numbers of all records that fit, without reading the records."""
        self._write_pending(record_type)
        statement = select(STORED[record_type].table.c[field]).where(*where)
        return list(self.connection.scalars(statement))

    def insert(self, record: Record) -> None:
        """Write a new record.

        Raises:
            Conflict: a value that has to be unique is taken (`WORD-taken`), or something referred to is not there.
        """
        self.insert_many([record])

    def insert_later(self, record: Record) -> None:
        """Write a new record at the end of the commit, with all of its kind: for what only tells of changes."""
        if self._pending is None:
            self.insert(record)
        else:
            self._pending.add(record)

    def insert_many(self, records: Sequence[Record]) -> None:
        """Write new records of one type; raises as `insert`."""
        if not records:
            return
        stored = STORED[type(records[0])]
        self.known.forget(type(records[0]))
        try:
            tell = _statements(stored).tell
            self.connection.execute(_statements(stored).insert, [tell(record) for record in records])
        except IntegrityError as error:
            raise _conflict(stored, error) from error

    def update(self, record: Record) -> None:
        """Write all fields of a record that is there; raises as `insert`."""
        self._write_pending(type(record))
        stored = STORED[type(record)]
        self.known.forget(type(record))
        told = _statements(stored).tell(record)
        row = {_NEW + name: value for name, value in told.items() if name != "id"}
        try:
            self.connection.execute(_statements(stored).update, {"the_id": record.id, **row})
        except IntegrityError as error:
            raise _conflict(stored, error) from error

    def delete(self, record: Record) -> None:
        """Take a record out.

        Raises:
            Conflict: something refers to it (`in-use`).
        """
        self._write_pending(type(record))
        stored = STORED[type(record)]
        self.known.forget_with(type(record))
        try:
            self.connection.execute(_statements(stored).delete, {"the_id": record.id})
        except IntegrityError as error:
            raise Conflict(
                f"{_title(stored)} {record.id} is still referred to",
                code="in-use",
                subject=f"{stored.spec.word}/{record.id}",
                hint="delete what uses it first",
            ) from error

    def forget(self, record_type: type[Record], *where: Where, order: Order, limit: int) -> int:
        """Take out at most so many that fit, the first in this order; how many went. For what nothing refers to."""
        self._write_pending(record_type)
        table = STORED[record_type].table
        self.known.forget(record_type)
        some = select(table.c.id).where(*where).order_by(order).limit(limit)
        return self.connection.execute(delete(table).where(table.c.id.in_(some))).rowcount

    def _write_pending(self, record_type: type[Record]) -> None:
        if self._pending is not None:
            self._pending.write(record_type, self.insert_many)


_NEW: Final = "new_"
"""What the parameters of an update are called: the fields, and not the columns that it is found by."""


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is done with records of a kind, made once, for making costs more than running; `having` as it is asked for."""

    by_id: Select[Any]
    insert: Insert
    update: Update
    delete: Delete
    make: Make
    tell: Tell
    having: dict[tuple[str, str | None], Select[Any]]


def _statements(stored: Stored) -> _Statements:
    made = _made.get(stored.spec.word)
    if made is None:
        made = _made[stored.spec.word] = _make_statements(stored)
    return made


_made: dict[str, _Statements] = {}


def _make_statements(stored: Stored) -> _Statements:
    table: Table = stored.table
    this = table.c.id == bindparam("the_id")
    fields: dict[str, BindParameter[Any]] = {
        column.name: bindparam(_NEW + column.name) for column in table.c if column.name != "id"
    }
    return _Statements(
        by_id=select(table).where(this),
        insert=insert(table),
        update=update(table).where(this).values(fields),
        delete=delete(table).where(this),
        make=maker(stored.spec.record, stored.codecs),
        tell=teller(stored.codecs),
        having={},
    )


def _title(stored: Stored) -> str:
    return stored.spec.word.replace("_", " ")


def _said(field: str) -> str:
    """A field in people's words."""
    return field.removesuffix("_id").replace("_", " ")


def _conflict(stored: Stored, error: IntegrityError) -> Conflict:
    """Which rule was broken, by the names of constraints and columns that both databases put into their messages."""
    text = str(error.orig)
    for group in stored.spec.unique:
        names = ", ".join(f"{stored.spec.table_name}.{name}" for name in group)
        constraint = f"uq_{stored.spec.table_name}_{'_'.join(group)}"
        if names in text or constraint in text:
            return Conflict(
                f"there is a {_title(stored)} with the same {' and '.join(map(_said, group))} already",
                code=f"{stored.spec.word.replace('_', '-')}-taken",
                subject=group[-1],
            )
    if "FOREIGN KEY" in text.upper():
        return Conflict(
            f"something that the {_title(stored)} refers to is not there, or is still referred to",
            code="reference-broken",
            subject=stored.spec.word,
        )
    return Conflict(
        f"the {_title(stored)} breaks a rule of the store", code="constraint", subject=stored.spec.word
    )


__all__ = ["BY_TABLE", "Records", "columns"]
