"""Building one transaction (RFC 7047 sections 4.1.3 and 5.2), and reading what came of it.

    transaction = Transaction("Open_vSwitch")
    transaction.verify(bridge, "ports")                        # nobody changed the ports since we read them
    interface = transaction.insert(Interface, {"name": "gnv0", "type": "geneve", "options": {"key": "flow"}})
    port = transaction.insert(Port, {"name": "gnv0", "interfaces": {interface}})
    transaction.mutate(Bridge, bridge.uuid, [Mutation("ports", Mutator.INSERT, {port})])
    connection.request(transaction.call())
    ...
    outcome = transaction.outcome(reply)                       # raises GuardFailed, ConstraintViolation, …
    outcome.uuid(port)

Rule 1: values are checked against the row class when they are given: a mistake names its column here, not at the server.
Rule 2: all or nothing. `outcome` raises the first error; there is no half-failed result to look through.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from netloom.base.ids import Uuid
from netloom.wire.ovsdb import requests
from netloom.wire.ovsdb.conditions import Where, column_type, encode_where
from netloom.wire.ovsdb.errors import InvalidValue
from netloom.wire.ovsdb.events import Reply
from netloom.wire.ovsdb.outcome import Expected, Kind, Outcome, Selection, read_outcome
from netloom.wire.ovsdb.requests import Call
from netloom.wire.ovsdb.rows import Row, field_name
from netloom.wire.ovsdb.schema import Atomic, Base, ColumnType, Table
from netloom.wire.ovsdb.values import NamedUuid, Value, codec

R = TypeVar("R", bound=Row)


class Mutator(enum.Enum):
    """How a column is changed from what it is (RFC 7047 5.1 `<mutator>`)."""

    ADD = "+="
    SUBTRACT = "-="
    MULTIPLY = "*="
    DIVIDE = "/="
    MODULO = "%="
    INSERT = "insert"
    DELETE = "delete"


class Mutation(msgspec.Struct, frozen=True):
    """One change. `INSERT` leaves map keys that exist as they are; `DELETE` of a map takes pairs, or a list of keys."""

    column: str
    mutator: Mutator
    value: Value


class Transaction:
    """Operations that happen together or not at all.

    Args:
        database: name of the database.
    """

    def __init__(self, database: str) -> None:
        self.database = database
        self._operations: list[dict[str, object]] = []
        self._expected: list[Expected] = []
        self._inserted: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._operations)

    def insert(self, row: type[Row], columns: Mapping[str, Value]) -> NamedUuid:
        """Adds a row; what is returned stands for its uuid inside this transaction."""
        name = NamedUuid(f"row{len(self._operations)}")
        self._inserted[name.name] = len(self._operations)
        self._add(
            Expected(Kind.INSERT),
            {
                "op": "insert",
                "table": row.TABLE.name,
                "row": _row(row.TABLE, columns),
                "uuid-name": name.name,
            },
        )
        return name

    def update(self, row: type[Row], where: Where, columns: Mapping[str, Value]) -> None:
        """Sets columns of the rows that fulfil `where`."""
        self._add(
            Expected(Kind.COUNT),
            {"op": "update", **_target(row, where), "row": _row(row.TABLE, columns, update=True)},
        )

    def mutate(self, row: type[Row], where: Where, mutations: Sequence[Mutation]) -> None:
        """Changes columns from what they are; other writers' changes of the same set or map are kept."""
        encoded = [_mutation(row.TABLE, mutation) for mutation in mutations]
        self._add(Expected(Kind.COUNT), {"op": "mutate", **_target(row, where), "mutations": encoded})

    def delete(self, row: type[Row], where: Where) -> None:
        """Removes the rows that fulfil `where`; in a table that is not a root, removing the reference is enough."""
        self._add(Expected(Kind.COUNT), {"op": "delete", **_target(row, where)})

    def select(self, row: type[Row], where: Where, columns: Sequence[str] | None = None) -> Selection:
        """Reads rows as they are at this point of the transaction."""
        for column in columns or ():
            column_type(row.TABLE, column)
        operation: dict[str, object] = {"op": "select", **_target(row, where)}
        if columns is not None:
            operation["columns"] = ["_uuid", *columns]
        selection = Selection(len(self._operations))
        self._add(Expected(Kind.ROWS, row), operation)
        return selection

    def wait(
        self,
        row: type[Row],
        where: Where,
        rows: Sequence[Mapping[str, Value]],
        *,
        columns: Sequence[str],
        until_equal: bool = True,
        timeout_ms: int = 0,
    ) -> None:
        """A guard: `columns` of the rows that fulfil `where` must be (or, not `until_equal`, must not be) just `rows`.

        Args:
            row: class of the table.
            where: which rows are compared.
            rows: what they must hold; no rows means that none may fulfil `where`.
            columns: which columns are compared; `_uuid` is allowed.
            until_equal: whether they must be equal or must differ.
            timeout_ms: how long the server waits for it; 0 means that it holds now or the transaction fails (`GuardFailed`).
        """
        for column in columns:
            column_type(row.TABLE, column)
        self._add(
            Expected(Kind.NOTHING),
            {
                "op": "wait",
                "timeout": timeout_ms,
                **_target(row, where),
                "columns": list(columns),
                "until": "==" if until_equal else "!=",
                "rows": [_row(row.TABLE, content, update=True) for content in rows],
            },
        )

    def verify(self, row: Row, *columns: str) -> None:
        """A guard: the row exists and these columns hold what `row` holds."""
        if not columns:
            self.exists(type(row), row.uuid)
            return
        known: dict[str, Value] = {column: getattr(row, field_name(column)) for column in columns}
        self.wait(type(row), row.uuid, [known], columns=columns)

    def exists(self, row: type[Row], uuid: Uuid) -> None:
        """A guard: the row exists."""
        self.wait(row, uuid, [{"_uuid": uuid}], columns=("_uuid",))

    def absent(self, row: type[Row], where: Where) -> None:
        """A guard: no row fulfils `where`."""
        self.wait(row, where, [], columns=("_uuid",))

    def comment(self, text: str) -> None:
        """Text for the database's log, which `ovsdb-tool show-log` prints."""
        self._add(Expected(Kind.NOTHING), {"op": "comment", "comment": text})

    def abort(self) -> None:
        """Fails the transaction with `Aborted`: a dry run."""
        self._add(Expected(Kind.NOTHING), {"op": "abort"})

    def commit_durably(self) -> None:
        """The reply only comes when the change is on disk."""
        self._add(Expected(Kind.NOTHING), {"op": "commit", "durable": True})

    def assert_lock(self, name: str) -> None:
        """A guard: this connection holds the lock."""
        self._add(Expected(Kind.NOTHING), {"op": "assert", "lock": name})

    def call(self) -> Call:
        """The request to send."""
        return requests.transact(self.database, self._operations)

    def outcome(self, reply: Reply) -> Outcome:
        """What came of it.

        Raises:
            OperationError: the first operation that failed, or the commit; nothing was done.
            OvsdbError: the request as a whole was refused.
            RemoteProtocolError: the reply does not fit the operations.
        """
        return read_outcome(reply, self._expected, self._inserted)

    def _add(self, expected: Expected, operation: dict[str, object]) -> None:
        self._operations.append(operation)
        self._expected.append(expected)


def _target(row: type[Row], where: Where) -> dict[str, object]:
    return {"table": row.TABLE.name, "where": encode_where(row.TABLE, where)}


def _row(table: Table, columns: Mapping[str, Value], *, update: bool = False) -> dict[str, object]:
    encoded: dict[str, object] = {}
    for name, value in columns.items():
        where = f"{table.name}.{name}"
        encoded[name] = codec(column_type(table, name)).encode(value, where)
    if not update and "_uuid" in encoded:
        raise InvalidValue("the server chooses the uuid", subject=f"{table.name}._uuid")
    return encoded


def _mutation(table: Table, mutation: Mutation) -> list[object]:
    """RFC 7047 5.1: arithmetic takes a scalar of the element type, insert and delete take part of the set or map."""
    kind = column_type(table, mutation.column)
    where = f"{table.name}.{mutation.column}"
    if mutation.mutator in (Mutator.INSERT, Mutator.DELETE):
        if kind.is_scalar:
            raise InvalidValue("insert and delete need a set or a map", subject=where)
        key_only = mutation.mutator is Mutator.DELETE and not isinstance(mutation.value, Mapping)
        # The constraint on the number of elements is the result's, not the part's; a part is always written as a set.
        part = ColumnType(kind.key, None if key_only else kind.value, 0, 2**32)
        encoded = codec(part).encode(mutation.value, where)
    else:
        if kind.key.type not in (Atomic.INTEGER, Atomic.REAL) or kind.is_map:
            raise InvalidValue("arithmetic needs numbers", subject=where)
        encoded = codec(ColumnType(Base(kind.key.type))).encode(mutation.value, where)
    return [mutation.column, mutation.mutator.value, encoded]
