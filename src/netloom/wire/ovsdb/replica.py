"""A copy of the rows of a database that we watch, kept true by a monitor.

    replica = Replica("Open_vSwitch", [Watch(vswitch.Bridge), Watch(vswitch.Interface, ("name", "ofport"))])
    replica.bind(parse_schema(reply.value(object)))   # what this server has
    connection.request(replica.monitor())             # on every connection
    changes = replica.load(reply)                     # its reply
    changes = replica.apply(update)                   # each Update after it

Rule 1: after `load`, the rows equal the server's, whether it sent everything or only what changed since `last_txn_id`; the
changes that are returned lead from the rows before to the rows now, and rows that stayed equal are not among them.
Rule 2: a replica outlives connections. Anything that does not fit raises `RemoteProtocolError`; the owner then ends the
connection, and `forget` makes the next `load` a full one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeVar, cast

import msgspec

from netloom.base.ids import Uuid
from netloom.wire.ovsdb import requests
from netloom.wire.ovsdb.conditions import Condition, encode_condition
from netloom.wire.ovsdb.errors import LocalProtocolError, RemoteProtocolError, UnknownMethod
from netloom.wire.ovsdb.events import Reply, TableUpdates, Update
from netloom.wire.ovsdb.requests import ZERO_TXN, Call
from netloom.wire.ovsdb.rows import Row
from netloom.wire.ovsdb.schema import ColumnType, Database
from netloom.wire.ovsdb.updates import TableReader

R = TypeVar("R", bound=Row)
R_co = TypeVar("R_co", bound=Row, covariant=True)


class Method(enum.IntEnum):
    """How the rows are asked for, the best first; the number is the update format's."""

    MONITOR_COND_SINCE = 3  # OVS 2.12 and newer
    MONITOR_COND = 2  # OVS 2.6 and newer
    MONITOR = 1  # RFC 7047; no conditions: rows that nobody asked for come as well


class Watch(msgspec.Struct, Generic[R], frozen=True):
    """A table to watch.

    Args:
        row: class of its rows.
        columns: those to follow; None means all that the class knows and the server has.
        where: only rows that fulfil one of these conditions; empty means all rows.
    """

    row: type[R]
    columns: tuple[str, ...] | None = None
    where: tuple[Condition, ...] = ()


class RowChange(msgspec.Struct, Generic[R_co], frozen=True, gc=False):
    """A row came (`old` is None), changed, or went (`new` is None)."""

    table: str
    uuid: Uuid
    old: R_co | None
    new: R_co | None


class Replica:
    """The rows of the watched tables.

    Args:
        database: its name.
        watches: tables to follow, each once.
        monitor_id: tells several replicas on one connection apart.
    """

    def __init__(self, database: str, watches: Sequence[Watch[Row]], *, monitor_id: str = "netloom") -> None:
        self.database = database
        self.monitor_id = monitor_id
        self.method = Method.MONITOR_COND_SINCE
        self.last_txn_id = ZERO_TXN
        self._watches = {watch.row.TABLE.name: watch for watch in watches}
        if len(self._watches) != len(watches):
            raise LocalProtocolError("a table is watched twice")
        self._rows: dict[str, dict[Uuid, Row]] = {name: {} for name in self._watches}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._readers: dict[str, TableReader[Row]] = {}
        self._in_sync = False
        self._where_unknown = False
        self._changing = 0

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def in_sync(self) -> bool:
        """Whether the rows follow the server now; else they are what they were when the connection was lost."""
        return self._in_sync

    def table(self, row: type[R]) -> Mapping[Uuid, R]:
        """The rows of a table, live and read-only."""
        return MappingProxyType(cast("dict[Uuid, R]", self._rows[row.TABLE.name]))

    def columns(self, row: type[Row]) -> tuple[str, ...]:
        """The columns that are followed, after `bind`."""
        return self._columns[row.TABLE.name]

    # -- asking ------------------------------------------------------------------------------------------------------

    def bind(self, schema: Database) -> Mapping[str, frozenset[str]]:
        """Chooses the columns that this server has.

        A table or column that it lacks (an older Open vSwitch), or has with another type, keeps its defaults.

        Returns:
            Table → columns that were wanted and are missing.
        """
        missing: dict[str, frozenset[str]] = {}
        chosen: dict[str, tuple[str, ...]] = {}
        for name, watch in self._watches.items():
            known = watch.row.TABLE.columns
            wanted = tuple(known) if watch.columns is None else watch.columns
            there = schema.tables[name].columns if name in schema.tables else {}
            usable = tuple(
                column
                for column in wanted
                if column in there and _same_shape(there[column].type, known[column].type)
            )
            if len(usable) != len(wanted):
                missing[name] = frozenset(wanted) - frozenset(usable)
            if name in schema.tables:
                chosen[name] = usable
        if self._columns and chosen != self._columns:
            # Another server version than before: what we hold lacks columns, ask for everything.
            self.last_txn_id = ZERO_TXN
        self._columns = {name: chosen.get(name, ()) for name in self._watches}
        self._readers = {
            name: TableReader(self._watches[name].row, columns) for name, columns in chosen.items()
        }
        return missing

    def monitor(self) -> Call:
        """The request for this connection; give its reply to `load`."""
        if not self._columns:
            raise LocalProtocolError("bind the replica to the server's schema first")
        self._in_sync = False
        if self._where_unknown:
            # The connection was lost between a change of conditions and its reply.
            self.last_txn_id = ZERO_TXN
            self._where_unknown = False
        self._changing = 0
        if self.method is Method.MONITOR:
            tables: dict[str, object] = {name: {"columns": self._columns[name]} for name in self._readers}
            return requests.monitor(self.database, self.monitor_id, tables)
        tables = {
            name: [{"columns": self._columns[name], "where": self._encoded_where(name)}]
            for name in self._readers
        }
        if self.method is Method.MONITOR_COND:
            return requests.monitor_cond(self.database, self.monitor_id, tables)
        return requests.monitor_cond_since(self.database, self.monitor_id, tables, self.last_txn_id)

    def fall_back(self, error: UnknownMethod) -> Call:
        """The next older way to ask, after the server did not know this one.

        Raises:
            UnknownMethod: there is no older one.
        """
        if self.method is Method.MONITOR:
            raise error
        self.method = Method(self.method - 1)
        return self.monitor()

    def watch(self, row: type[Row], where: Sequence[Condition]) -> Call | None:
        """Changes the conditions of a table; give the reply to `conditions_changed`.

        Returns:
            The request to send, None when nothing has to be sent now (not in sync: the next `monitor` has it).
        """
        name = row.TABLE.name
        before = self._watches[name]
        if before.where == tuple(where):
            return None
        self._watches[name] = msgspec.structs.replace(before, where=tuple(where))
        if not self._in_sync or self.method is Method.MONITOR:
            # A resumed monitor only tells what changed for the conditions it had.
            self.last_txn_id = ZERO_TXN
            return None
        self._changing += 1
        self._where_unknown = True
        return requests.monitor_cond_change(self.monitor_id, {name: [{"where": self._encoded_where(name)}]})

    def conditions_changed(self, reply: Reply) -> None:
        """Takes the reply to a change of conditions; its updates came before it.

        Raises:
            OvsdbError: the server refused.
        """
        reply.value(object)
        self._changing -= 1
        self._where_unknown = self._changing > 0

    def lost(self) -> None:
        """The connection is gone; rows stay, for `load` to start from."""
        self._in_sync = False

    def forget(self) -> None:
        """The next `load` gets everything, whatever the server remembers."""
        self._in_sync = False
        self.last_txn_id = ZERO_TXN

    # -- taking ------------------------------------------------------------------------------------------------------

    def load(self, reply: Reply) -> list[RowChange[Row]]:
        """Takes the reply to `monitor`.

        Raises:
            UnknownMethod: an older server; see `fall_back`.
            OvsdbError: the server refused.
            RemoteProtocolError: the reply is not what was promised.
        """
        if self.method is not Method.MONITOR_COND_SINCE:
            changes = self._replace(reply.value(TableUpdates))
        else:
            found, last, tables = reply.value(tuple[bool, str, TableUpdates])
            changes = self._merge(3, tables) if found else self._replace(tables)
            self.last_txn_id = last
        self._in_sync = True
        return changes

    def apply(self, update: Update) -> list[RowChange[Row]]:
        """Takes an update.

        Raises:
            RemoteProtocolError: it is not of our monitor, or does not fit the rows.
        """
        if update.monitor != self.monitor_id or not self._in_sync or update.version != self.method:
            raise RemoteProtocolError(
                f"update{update.version} of monitor {update.monitor[:60]!r} is not expected"
            )
        changes = self._merge(update.version, update.tables)
        if update.last_txn_id is not None:
            self.last_txn_id = update.last_txn_id
        return changes

    def _merge(self, version: int, tables: TableUpdates) -> list[RowChange[Row]]:
        changes: list[RowChange[Row]] = []
        try:
            for name, updates in tables.items():
                reader = self._reader(name)
                rows = self._rows[name]
                for text, raw in updates.items():
                    uuid = Uuid(text)
                    old = rows.get(uuid)
                    new = reader.read(version, text, raw, old)
                    if new is old:
                        continue
                    if new is None:
                        del rows[uuid]
                    else:
                        rows[uuid] = new
                    changes.append(RowChange(name, uuid, old, new))
        except RemoteProtocolError:
            # Half of it may be done: only a full load makes the rows true again.
            self.forget()
            raise
        return changes

    def _replace(self, tables: TableUpdates) -> list[RowChange[Row]]:
        """All rows anew; what is equal stays the same object."""
        changes: list[RowChange[Row]] = []
        version = 1 if self.method is Method.MONITOR else 2
        fresh: dict[str, dict[Uuid, Row]] = {name: {} for name in self._rows}
        for name, updates in tables.items():
            reader, before, after = self._reader(name), self._rows[name], fresh[name]
            for text, raw in updates.items():
                uuid = Uuid(text)
                old = before.get(uuid)
                new = reader.read(version, text, raw, None)
                if new is None:
                    raise RemoteProtocolError("an initial row is a deletion", subject=f"{name}/{text[:40]}")
                if new == old and old is not None:
                    new = old
                else:
                    changes.append(RowChange(name, uuid, old, new))
                after[uuid] = new
        for name, before in self._rows.items():
            after = fresh[name]
            changes.extend(
                RowChange(name, uuid, old, None) for uuid, old in before.items() if uuid not in after
            )
            # In place: views that `table` gave out stay live.
            before.clear()
            before.update(after)
        return changes

    def _reader(self, name: str) -> TableReader[Row]:
        reader = self._readers.get(name)
        if reader is None:
            raise RemoteProtocolError(f"table {name[:60]!r} was not asked for")
        return reader

    def _encoded_where(self, name: str) -> list[object]:
        watch = self._watches[name]
        return [encode_condition(watch.row.TABLE, condition) for condition in watch.where]


def _same_shape(server: ColumnType, ours: ColumnType) -> bool:
    """Whether our codec reads the server's column: constraints may differ between versions, the form may not."""
    return (
        server.key.type is ours.key.type
        and (server.value is None) == (ours.value is None)
        and (server.value is None or ours.value is None or server.value.type is ours.value.type)
        and server.is_scalar == ours.is_scalar
        and server.is_composite == ours.is_composite
    )
