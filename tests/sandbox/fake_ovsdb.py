"""An OVSDB database in memory behind a server-role `Connection`: hundreds of simulated hosts in one process.

It does what a client of ours asks: schema, conditional monitors (conditions are taken for "all rows"), transactions with
insert, update, mutate, delete, wait, select, comment. It checks no constraints and collects no garbage: real ovsdb-servers
prove those.

Rule 1: no I/O. `receive` takes bytes of one client, `data_to_send` gives those for it; all clients hear of changes.
Rule 2: rows are kept as JSON of the wire, columns normalised to a canonical form, so that equality is equality of values.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from tests.sandbox.ovsdb import SCHEMA

from netloom.wire.ovsdb.connection import Connection, Role
from netloom.wire.ovsdb.events import PeerClosed, Request
from netloom.wire.ovsdb.requests import ZERO_TXN
from netloom.wire.ovsdb.schema import Database, parse_schema
from netloom.wire.ovsdb.values import Codec, codec

RawRow = dict[str, Any]


class FakeDatabase:
    """Tables of one simulated switch.

    Args:
        schema_text: JSON of its schema.
    """

    _schemas: ClassVar[dict[str, tuple[object, Database]]] = {}

    def __init__(self, schema_text: str | None = None) -> None:
        text = SCHEMA.read_text() if schema_text is None else schema_text
        if text not in self._schemas:
            raw = json.loads(text)
            self._schemas[text] = (raw, parse_schema(raw))
        self.raw_schema, self.schema = self._schemas[text]
        self.rows: dict[str, dict[str, RawRow]] = {name: {} for name in self.schema.tables}
        self.clients: list[FakeClient] = []

    def client(self) -> FakeClient:
        """A connection that was accepted, or dialled out."""
        client = FakeClient(self)
        self.clients.append(client)
        return client

    def codec(self, table: str, column: str) -> Codec:
        return codec(self.schema.tables[table].columns[column].type)

    def change(self, table: str, row: str, **columns: Any) -> None:
        """Sets columns of a row as a switch itself does it (`ofport`, `link_state`, …), values in wire JSON."""
        self.transact(
            [{"op": "update", "table": table, "where": [["_uuid", "==", ["uuid", row]]], "row": columns}]
        )

    def transact(self, operations: Iterable[RawRow]) -> list[RawRow | None]:
        """Runs operations as one transaction; tells the monitors."""
        work = _Work(self)
        answers: list[RawRow | None] = []
        for operation in operations:
            answer = work.run(operation)
            answers.append(answer)
            if "error" in answer:
                return answers
        work.commit()
        for client in self.clients:
            client.tell(work.changes())
        return answers


class _Work:
    """One transaction: a copy of the rows that it touches."""

    def __init__(self, database: FakeDatabase) -> None:
        self.database = database
        self.named: dict[str, str] = {}
        self.after: dict[tuple[str, str], RawRow | None] = {}
        self.before: dict[tuple[str, str], RawRow | None] = {}

    def run(self, operation: RawRow) -> RawRow:
        step: Callable[[RawRow], RawRow] | None = getattr(self, f"_{operation['op']}", None)
        if step is None:
            return {"error": "unknown operation", "details": str(operation["op"])}
        return step(operation)

    def commit(self) -> None:
        for (table, row), content in self.after.items():
            rows = self.database.rows[table]
            self.before[table, row] = rows.get(row)
            if content is None:
                rows.pop(row, None)
            else:
                rows[row] = content

    def changes(self) -> dict[str, dict[str, RawRow]]:
        """As table-updates2."""
        result: dict[str, dict[str, RawRow]] = {}
        for (table, row), content in self.after.items():
            old = self.before[table, row]
            if old == content:
                continue
            if content is None:
                update: RawRow = {"delete": None}
            elif old is None:
                update = {"insert": content}
            else:
                update = {"modify": self._difference(table, old, content)}
            result.setdefault(table, {})[row] = update
        return result

    def _difference(self, table: str, old: RawRow, new: RawRow) -> RawRow:
        result: RawRow = {}
        for column in old.keys() | new.keys():
            known = self.database.codec(table, column)
            before = known.decode(old[column]) if column in old else known.default
            after = known.decode(new[column]) if column in new else known.default
            if before == after:
                continue
            delta: Any = after
            if isinstance(before, frozenset) and isinstance(after, frozenset):
                delta = before ^ after
            elif known.type.is_map:
                delta = {k: v for k, v in after.items() if k not in before or before[k] != v}  # type: ignore[union-attr,operator,index]
                delta |= {k: v for k, v in before.items() if k not in after}  # type: ignore[union-attr,operator]
            result[column] = codec(_free(known)).encode(delta, column)
        return result

    def _get(self, table: str, row: str) -> RawRow | None:
        return self.after[table, row] if (table, row) in self.after else self.database.rows[table].get(row)

    def _matching(self, table: str, where: list[Any]) -> list[str]:
        if len(where) == 1 and where[0][0] == "_uuid" and where[0][1] == "==":
            row = self._resolve(where[0][2])[1]
            return [row] if self._get(table, row) is not None else []
        rows = {*self.database.rows[table], *(row for name, row in self.after if name == table)}
        return [row for row in rows if self._fulfils(table, row, where)]

    def _fulfils(self, table: str, row: str, where: list[Any]) -> bool:
        content = self._get(table, row)
        if content is None:
            return False
        for column, function, wanted in where:
            known = self.database.codec(table, column)
            value = known.decode(content[column]) if column in content else known.default
            want = codec(_free(known)).decode(self._resolve(wanted))
            if function == "includes" and isinstance(value, frozenset):
                fits = want <= value  # type: ignore[operator]
            elif function == "includes" and known.type.is_map:
                fits = want.items() <= value.items()  # type: ignore[union-attr]
            else:
                fits = (value == want) == (function in ("==", "includes"))
            if not fits:
                return False
        return True

    def _resolve(self, value: Any) -> Any:
        """Named uuids to the uuids that they got."""
        if isinstance(value, list):
            if len(value) == 2 and value[0] == "named-uuid":
                return ["uuid", self.named.setdefault(value[1], str(uuid.uuid4()))]
            return [self._resolve(element) for element in value]
        return value

    def _columns(self, table: str, raw: RawRow) -> RawRow:
        """In canonical form: what a codec writes."""
        result: RawRow = {}
        for column, value in raw.items():
            known = self.database.codec(table, column)
            result[column] = known.encode(known.decode(self._resolve(value)), f"{table}.{column}")
        return result

    def _insert(self, operation: RawRow) -> RawRow:
        table = operation["table"]
        row = self._resolve(["named-uuid", operation.get("uuid-name") or str(uuid.uuid4())])[1]
        self.after[table, row] = self._columns(table, operation["row"])
        return {"uuid": ["uuid", row]}

    def _update(self, operation: RawRow) -> RawRow:
        table, rows = operation["table"], self._matching(operation["table"], operation["where"])
        for row in rows:
            self.after[table, row] = {
                **(self._get(table, row) or {}),
                **self._columns(table, operation["row"]),
            }
        return {"count": len(rows)}

    def _mutate(self, operation: RawRow) -> RawRow:
        table, rows = operation["table"], self._matching(operation["table"], operation["where"])
        for row in rows:
            content = dict(self._get(table, row) or {})
            for column, mutator, value in operation["mutations"]:
                known = self.database.codec(table, column)
                old = known.decode(content[column]) if column in content else known.default
                content[column] = known.encode(_mutated(known, old, mutator, self._resolve(value)), column)
            self.after[table, row] = content
        return {"count": len(rows)}

    def _delete(self, operation: RawRow) -> RawRow:
        rows = self._matching(operation["table"], operation["where"])
        self.after.update({(operation["table"], row): None for row in rows})
        return {"count": len(rows)}

    def _select(self, operation: RawRow) -> RawRow:
        table = operation["table"]
        rows = self._matching(table, operation["where"])
        return {"rows": [{"_uuid": ["uuid", row], **(self._get(table, row) or {})} for row in rows]}

    def _wait(self, operation: RawRow) -> RawRow:
        table, columns = operation["table"], operation["columns"]
        seen = []
        for row in self._matching(table, operation["where"]):
            content = {"_uuid": ["uuid", row], **(self._get(table, row) or {})}
            seen.append({column: content[column] for column in columns if column in content})
        wanted = []
        for raw in operation["rows"]:
            plain = self._columns(
                table, {column: value for column, value in raw.items() if column != "_uuid"}
            )
            wanted.append({**plain, **({"_uuid": raw["_uuid"]} if "_uuid" in raw else {})})
        equal = [self._plain(table, row) for row in seen] == [self._plain(table, row) for row in wanted]
        return (
            {}
            if equal == (operation["until"] == "==")
            else {"error": "timed out", "details": '"where" clause test failed'}
        )

    def _plain(self, table: str, row: RawRow) -> RawRow:
        """Without columns that hold their default, which a row may or may not have."""
        result: RawRow = {}
        for column, value in row.items():
            if column != "_uuid":
                known = self.database.codec(table, column)
                if known.decode(value) == known.default:
                    continue
            result[column] = value
        return result

    def _comment(self, _: RawRow) -> RawRow:
        return {}

    def _commit(self, _: RawRow) -> RawRow:
        return {}

    def _abort(self, _: RawRow) -> RawRow:
        return {"error": "aborted"}


def _free(known: Codec) -> Any:
    """The type without its least number of elements: for parts and differences."""
    kind = known.type
    return kind if kind.maximum == 1 else type(kind)(kind.key, kind.value, 0, kind.maximum)


def _mutated(known: Codec, old: Any, mutator: str, raw: Any) -> Any:
    if mutator == "+=":
        return old + raw
    if mutator == "-=":
        return old - raw
    if known.type.is_map:
        if mutator == "insert":
            return {**known.decode(raw), **old}  # type: ignore[dict-item]
        if raw[0] == "map":
            gone = known.decode(raw)
            return {k: v for k, v in old.items() if gone.get(k) != v}  # type: ignore[union-attr]
        keys = codec(type(known.type)(known.type.key, None, 0, known.type.maximum)).decode(raw)
        return {k: v for k, v in old.items() if k not in keys}  # type: ignore[operator]
    part = codec(_free(known)).decode(raw)
    if not isinstance(old, frozenset):
        return part if mutator == "insert" else (None if old == part else old)
    return old | part if mutator == "insert" else old - part  # type: ignore[operator]


class FakeClient:
    """One client of a fake database."""

    def __init__(self, database: FakeDatabase) -> None:
        self.database = database
        self.connection = Connection(role=Role.SERVER)
        self._monitors: dict[str, dict[str, frozenset[str]]] = {}

    def receive(self, data: bytes) -> None:
        """Takes bytes of the client, answers what they ask."""
        for event in self.connection.receive_data(data):
            if isinstance(event, PeerClosed):
                self.close()
            elif isinstance(event, Request):
                self._answer(event)

    def data_to_send(self) -> bytes:
        return self.connection.data_to_send()

    def close(self) -> None:
        if self in self.database.clients:
            self.database.clients.remove(self)

    def _answer(self, request: Request) -> None:
        params: list[Any] = request.params
        if request.method == "get_schema":
            self.connection.reply(request.id, self.database.raw_schema)
        elif request.method == "list_dbs":
            self.connection.reply(request.id, [self.database.schema.name])
        elif request.method == "transact":
            self.connection.reply(request.id, self.database.transact(params[1:]))
        elif request.method == "monitor_cond_since":
            self._monitors[params[1]] = {
                table: frozenset(requests[0]["columns"]) for table, requests in params[2].items()
            }
            self.connection.reply(request.id, [False, ZERO_TXN, self._initial(params[1])])
        elif request.method in ("monitor_cond_change", "set_db_change_aware"):
            self.connection.reply(request.id, {})
        elif request.method == "monitor_cancel":
            self._monitors.pop(params[0], None)
            self.connection.reply(request.id, {})
        else:
            self.connection.refuse(request.id, "unknown method")

    def _initial(self, monitor: str) -> dict[str, object]:
        return {
            table: {
                row: {"initial": _only(content, columns)}
                for row, content in self.database.rows[table].items()
            }
            for table, columns in self._monitors[monitor].items()
            if self.database.rows[table]
        }

    def tell(self, changes: dict[str, dict[str, RawRow]]) -> None:
        """Tells every monitor what of it concerns it."""
        for monitor, watched in self._monitors.items():
            told: dict[str, dict[str, RawRow]] = {}
            for table, columns in watched.items():
                for row, update in changes.get(table, {}).items():
                    ((kind, content),) = update.items()
                    part = None if content is None else _only(content, columns)
                    if part or kind != "modify":
                        told.setdefault(table, {})[row] = {kind: part}
            if told:
                self.connection.notify("update3", [monitor, ZERO_TXN, told])


def _only(content: RawRow, columns: frozenset[str]) -> RawRow:
    return {column: value for column, value in content.items() if column in columns}
