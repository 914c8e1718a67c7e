"""One record of every owned kind for an account, made from the types alone: what is added to the store is here at once.

For tests of who sees what. The records hang together as the tables' references demand, and mean nothing.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Mapping
from datetime import datetime
from types import UnionType

import msgspec
from sqlalchemy import BigInteger, Boolean, Integer, insert, select

from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.record import Owned, Record
from netloom.store import tables
from netloom.store.cloud.schema import BY_WORD, STORED, Stored

ALIVE = ("RUNNING", "ALLOCATED", "ACTIVE", "ENABLED", "SUCCEEDED")
TEXTS = {
    "cidr": "10.9.0.0/24",
    "address": "10.9.0.5",
    "ipv4": "10.9.0.5",
    "ipv6": "2001:db8::5",
    "gateway": "10.9.0.1",
    "mac": "02:00:00:00:00:09",
    "clients": "10.1.2.1-10.1.2.8",
}


NATIVES = {"isolation": "vxlan", "state": "Allocated", "labels": "{}", "mac": TEXTS["mac"]}
SHARED = {"networks": "network", "nics": "instance_nic"}
"""The records whose native rows others refer to."""


def one_of_each(work: Work, account: Account) -> dict[str, Uuid]:
    """The ids by the words of their tables."""
    maker = _Maker(work, account)
    for stored in STORED.values():
        if issubclass(stored.spec.record, Owned):
            maker.record(stored.spec.word)
    return {word: record.id for word, record in maker.made.items() if isinstance(record, Owned)}


class _Maker:
    def __init__(self, work: Work, account: Account) -> None:
        self._work = work
        self._account = account
        self.made: dict[str, Record] = {}
        self._making: set[str] = set()

    def record(self, word: str) -> Record:
        """The one of a kind."""
        if word not in self.made:
            stored = BY_WORD[word]
            found = (
                None
                if issubclass(stored.spec.record, Owned)
                else self._work.records.first(stored.spec.record)
            )
            if found is None:
                self._making.add(word)
                found = self._make(stored)
                self._work.records.insert(found)
            self.made[word] = found
        return self.made[word]

    def _make(self, stored: Stored) -> Record:
        record_type, spec = stored.spec.record, stored.spec
        values: dict[str, object] = dict(
            self._work.owned(self._account) if issubclass(record_type, Owned) else self._work.birth()
        )
        hints = typing.get_type_hints(record_type)
        for field in msgspec.structs.fields(record_type):
            name = field.encode_name
            if name in spec.natives and name != "id" and spec.natives[name] in SHARED:
                values[name] = self.record(SHARED[spec.natives[name]]).id
            elif name in spec.natives and (name == "id" or field.required):
                values[name] = self._native(spec.natives[name], values["id"])
            elif name in values:
                continue
            elif name in spec.references and spec.references[name] not in self._making - set(self.made):
                values[name] = self.record(spec.references[name]).id
            elif not field.required:
                continue
            elif _is_optional(hints[name]):
                values[name] = None
            else:
                values[name] = self._value(name, hints[name])
        return record_type(**values)

    def _native(self, table_name: str, wanted: object) -> object:
        """A row of the switches' own intent: the first of what every store has, else a new one."""
        table = tables.metadata.tables[table_name]
        connection = self._work.tx.connection
        if table_name in {"zones", "physical_networks"}:
            return connection.execute(select(table.c.id)).scalars().first()
        number = self._work.tx.new_number()
        row: dict[str, object] = {"id": wanted, "number": number, "revision": number}
        for column in table.c:
            if column.name in row or column.nullable:
                continue
            foreign = next(iter(column.foreign_keys), None)
            if foreign is not None:
                parent = foreign.column.table.name
                row[column.name] = (
                    self.record("network").id if parent == "networks" else self._native(parent, wanted)
                )
            elif isinstance(column.type, BigInteger | Integer):
                row[column.name] = number
            elif isinstance(column.type, Boolean):
                row[column.name] = False
            else:
                row[column.name] = NATIVES.get(column.name, f"native-{wanted}-{column.name}")
        connection.execute(insert(table).values(row))
        return wanted

    def _value(self, name: str, hint: object) -> object:
        while isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        if hint is str:
            return TEXTS.get(name, f"{name}-{self._work.tx.new_number()}")
        if hint in (int, bool):
            return hint(1)
        if hint is datetime:
            return self._work.at
        origin = typing.get_origin(hint) or hint
        if origin in (typing.Union, UnionType):
            return self._value(name, typing.get_args(hint)[0])
        if isinstance(origin, type) and issubclass(origin, enum.Enum):
            return next((each for each in origin if each.name in ALIVE), next(iter(origin)))
        if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
            hints = typing.get_type_hints(origin)
            return origin(
                **{
                    field.name: None
                    if _is_optional(hints[field.name])
                    else self._value(field.name, hints[field.name])
                    for field in msgspec.structs.fields(origin)
                    if field.required
                }
            )
        if isinstance(origin, type) and issubclass(origin, tuple | frozenset):
            return origin()
        if origin in (Mapping, dict) or origin is typing.get_origin(Mapping[str, str]):
            return {}
        raise TypeError(f"{name}: no value for {hint}")


def _is_optional(hint: object) -> bool:
    return typing.get_origin(hint) in (typing.Union, UnionType) and type(None) in typing.get_args(hint)
