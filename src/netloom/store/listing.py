"""Lists in pages by keyset: the next page starts behind the last number seen, however much was added or removed meanwhile.

Rule 1: a page costs what it holds, not what lies before it.
Rule 2: a cursor is opaque and tied to its kind and filters; another list's cursor is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from netloom.base.errors import InvalidInput
from netloom.base.ids import is_uuid
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import Object
from netloom.model.states import NetworkState, NicState
from netloom.store import tables
from netloom.store.rows import TABLES, labels_text, make_object, select_objects, surroundings

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000

_LABEL = "label."
_REFERENCES: Mapping[str, Kind] = {
    "zone": Kind.ZONE,
    "physical_network": Kind.PHYSICAL_NETWORK,
    "network": Kind.NETWORK,
    "host": Kind.HOST,
}
_FILTERS: Mapping[Kind, tuple[str, ...]] = {
    Kind.ZONE: ("name",),
    Kind.PHYSICAL_NETWORK: ("name", "zone"),
    Kind.HOST: ("name", "zone", "tunnel_ip", "system_id"),
    Kind.NETWORK: ("name", "zone", "physical_network", "isolation", "segment", "state"),
    Kind.NIC: ("name", "network", "host", "device", "mac", "ipv4", "ipv6", "identity", "state"),
}
_CHOICES: Mapping[tuple[Kind, str], tuple[str, ...]] = {
    (Kind.NETWORK, "isolation"): tuple(i.value for i in Isolation),
    (Kind.NETWORK, "state"): tuple(s.value for s in NetworkState),
    (Kind.NIC, "state"): tuple(s.value for s in NicState),
}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `next_cursor` None: the last. `revision`: following changes from there misses nothing."""

    items: tuple[Object, ...]
    next_cursor: str | None
    revision: int


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where to go on, and in which list."""

    tag: str
    after: int


def read_page(
    connection: Connection, kind: Kind, filters: Mapping[str, str], limit: int, cursor: str | None
) -> Page:
    """A page of objects in the order in which they were made.

    Args:
        connection: a snapshot.
        kind: what to list.
        filters: exact values; references take a name or an id; `label.KEY` compares a label.
        limit: 1 to 1000.
        cursor: `next_cursor` of the page before.

    Raises:
        InvalidInput: unknown filter, bad limit, a cursor of another list.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"a page of {limit}", subject="limit", hint=f"1 to {MAX_LIMIT}")
    if not all((name + value).isprintable() for name, value in filters.items()):
        raise InvalidInput("a filter that cannot be printed", subject="filter")
    tag = _tag(kind, filters)
    table = TABLES[kind]
    statement = select_objects(kind).order_by(table.c.number).limit(limit + 1)
    for name, value in filters.items():
        statement = statement.where(_condition(connection, kind, name, value))
    if cursor is not None:
        statement = statement.where(table.c.number > _read_cursor(cursor, tag))
    around = surroundings(connection, kind)
    rows = connection.execute(statement).all()
    items = tuple(make_object(kind, row, around) for row in rows[:limit])
    following = _write_cursor(_Cursor(tag, items[-1].number)) if len(rows) > limit else None
    revision = connection.execute(select(tables.counters.c.revision)).scalar_one()
    return Page(items, following, revision)


def _condition(connection: Connection, kind: Kind, name: str, value: str) -> ColumnElement[bool]:
    table = TABLES[kind]
    if name.startswith(_LABEL) and len(name) > len(_LABEL):
        pair = labels_text({name[len(_LABEL) :]: value})[1:-1]
        position = func.strpos if connection.dialect.name == "postgresql" else func.instr
        return position(table.c.labels, pair) > 0
    if name not in _FILTERS[kind]:
        known = ", ".join((*_FILTERS[kind], "label.KEY"))
        raise InvalidInput(f"{kind.title}s have no filter {name!r}", subject=name, hint=f"one of {known}")
    choices = _CHOICES.get((kind, name))
    if choices is not None and value not in choices:
        raise InvalidInput(f"{value!r} is no {name}", subject=name, hint=f"one of {', '.join(choices)}")
    if name in _REFERENCES:
        target = TABLES[_REFERENCES[name]]
        column = target.c.id if is_uuid(value) else target.c.name
        wanted = select(target.c.id).where(column == (value.lower() if is_uuid(value) else value))
        return table.c[f"{name}_id"] == wanted.scalar_subquery()
    if name == "segment":
        if not value.isdecimal() or len(value) > 10:
            raise InvalidInput(f"{value!r} is no segment", subject=name, hint="a number")
        return table.c.segment == int(value)
    return table.c[name] == value


def _tag(kind: Kind, filters: Mapping[str, str]) -> str:
    text = msgspec.json.encode([kind.value, sorted(filters.items())])
    return hashlib.blake2b(text, digest_size=6).hexdigest()


def _write_cursor(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read_cursor(text: str, tag: str) -> int:
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        cursor = msgspec.json.decode(data, type=_Cursor)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise InvalidInput(
            "this is no cursor", code="bad-cursor", subject="cursor", hint="pass next_cursor as it was given"
        ) from error
    if cursor.tag != tag:
        raise InvalidInput(
            "the cursor is of another list",
            code="bad-cursor",
            subject="cursor",
            hint="keep the filters the same, or start without a cursor",
        )
    return cursor.after
