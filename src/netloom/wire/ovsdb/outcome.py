"""What came of a transaction, read from its reply (RFC 7047 section 5.2).

Rule 1: the reply must have the form that each operation promises; else it is the peer's error.
Rule 2: an error is raised, the first one, typed; values are only seen when everything was done.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from netloom.base.ids import Uuid
from netloom.wire.ovsdb.errors import LocalProtocolError, RemoteProtocolError, operation_error
from netloom.wire.ovsdb.events import JsonObject, Reply
from netloom.wire.ovsdb.rows import Row, field_name
from netloom.wire.ovsdb.values import NamedUuid, Value, codec, is_row_id

R = TypeVar("R", bound=Row)


class Kind(enum.Enum):
    """What an operation answers."""

    INSERT = "uuid"
    COUNT = "count"
    ROWS = "rows"
    NOTHING = "nothing"


class Expected(msgspec.Struct, frozen=True):
    """The form of one operation's answer."""

    kind: Kind
    row: type[Row] | None = None


class Selection(msgspec.Struct, frozen=True):
    """A `select` of a transaction, for `Outcome.rows`."""

    index: int


class Outcome:
    """The answers to the operations of a transaction that was committed."""

    def __init__(self, answers: Sequence[object], inserted: dict[str, int]) -> None:
        self._answers = answers
        self._inserted = inserted

    @property
    def counts(self) -> tuple[int | None, ...]:
        """Rows that each operation touched; None for operations that do not count."""
        return tuple(answer if isinstance(answer, int) else None for answer in self._answers)

    def uuid(self, name: NamedUuid) -> Uuid:
        """The uuid that an inserted row got."""
        index = self._inserted.get(name.name)
        if index is None:
            raise LocalProtocolError(f"{name.name!r} was not inserted by this transaction")
        return cast("Uuid", self._answers[index])

    def rows(self, selection: Selection, row: type[R]) -> tuple[R, ...]:
        """The rows that a `select` read."""
        answer = cast("tuple[Row, ...]", self._answers[selection.index])
        if not all(isinstance(found, row) for found in answer):
            raise LocalProtocolError(f"operation {selection.index} did not select rows of {row.TABLE.name}")
        return cast("tuple[R, ...]", answer)


def read_outcome(reply: Reply, expected: Sequence[Expected], inserted: dict[str, int]) -> Outcome:
    """See `Transaction.outcome`."""
    answers = reply.value(list[JsonObject | None])
    for index, answer in enumerate(answers):
        if answer is not None and "error" in answer:
            # One element more than operations: the commit itself failed (RFC 7047 4.1.3).
            raise operation_error(answer, index if index < len(expected) else None)
    if len(answers) != len(expected):
        raise RemoteProtocolError(f"{len(answers)} answers to {len(expected)} operations")
    return Outcome(
        [
            _read(kind, answer or {}, index)
            for index, (kind, answer) in enumerate(zip(expected, answers, strict=True))
        ],
        inserted,
    )


def _read(expected: Expected, answer: JsonObject, index: int) -> object:
    where = f"operation {index}"
    if expected.kind is Kind.NOTHING:
        return None
    if expected.kind is Kind.COUNT:
        count = answer.get("count")
        if type(count) is not int or count < 0:
            raise RemoteProtocolError("an answer has no count", subject=where)
        return count
    if expected.kind is Kind.INSERT:
        return _uuid(answer.get("uuid"), where)
    rows = answer.get("rows")
    if expected.row is None or not isinstance(rows, list):
        raise RemoteProtocolError("an answer has no rows", subject=where)
    return tuple(_read_row(expected.row, row, where) for row in rows)


def _uuid(raw: object, where: str) -> Uuid:
    if (
        isinstance(raw, list)
        and len(raw) == 2
        and raw[0] == "uuid"
        and isinstance(raw[1], str)
        and is_row_id(raw[1])
    ):
        return Uuid(raw[1])
    raise RemoteProtocolError("an answer has no uuid", subject=where)


def _read_row(row: type[Row], raw: object, where: str) -> Row:
    if not isinstance(raw, dict):
        raise RemoteProtocolError("a row is not an object", subject=where)
    values: dict[str, Value] = {}
    try:
        for name, value in raw.items():
            # A server that is newer than our classes has columns more.
            if name in row.TABLE.columns:
                values[field_name(name)] = codec(row.TABLE.columns[name].type).decode(value)
    except (ValueError, TypeError) as error:
        raise RemoteProtocolError(str(error), subject=where) from error
    return row(uuid=_uuid(raw.get("_uuid"), where), **values)
