"""Statements that are made once and asked often.

SQLAlchemy needs longer to build a statement and to recognise it than SQLite needs to answer it: a request for one NIC spent
half its time there. A prepared one is recognised at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, bindparam

from netloom.store.among import among

T = TypeVar("T")
Value = str | int

CHUNK = 500
"""Values in one IN list: below SQLite's oldest limit of 999 variables."""

_NONE: Mapping[str, Value] = {}


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The items in pieces."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Lookup:
    """The rows of a select whose column has one of some values; the select may have parameters of its own."""

    def __init__(self, statement: Select[*tuple[Any, ...]], column: Column[Any]) -> None:
        self._one = statement.where(column == bindparam("value"))
        self._many = statement.where(among(column, parameter="values"))

    def rows(
        self, connection: Connection, values: Sequence[Value], fixed: Mapping[str, Value] = _NONE
    ) -> Iterator[Row[*tuple[Any, ...]]]:
        """The rows, in no order."""
        if len(values) == 1:
            yield from connection.execute(self._one, {"value": values[0], **fixed}).all()
            return
        if values:
            yield from connection.execute(self._many, {"values": values, **fixed}).all()
