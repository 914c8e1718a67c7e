"""Which records of the cloud stand on an object of the switches' own intent.

Rule 1: it follows from the tables alone: a record type that names an object in `natives` is a user of it, its facet too.
Rule 2: asking costs one statement while there is none: deleting a NIC is frequent.
"""

from __future__ import annotations

import functools
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, union_all
from sqlalchemy.sql.selectable import CompoundSelect

from netloom.store.cloud.schema import BY_WORD, STORED


def users_in_cloud(connection: Connection, table: str, item_id: str, limit: int) -> tuple[list[str], int]:
    """The first few records that refer to an object of a table as `word/name`, and how many there are."""
    counts = _counts(table)
    if counts is None:
        return [], 0
    names: list[str] = []
    total = 0
    for row in connection.execute(counts, {"the_id": item_id}):
        word, column, number = str(row[0]), str(row[1]), int(row[2])
        if not number:
            continue
        total += number
        if len(names) < limit:
            t = BY_WORD[word].table
            title = t.c.get("name", t.c.id)
            rows = connection.execute(
                select(title).where(t.c[column] == item_id).order_by(t.c.number).limit(limit - len(names))
            )
            names += [f"{word}/{named[0]}" for named in rows]
    return names, total


@functools.cache
def _counts(table: str) -> CompoundSelect[Any] | None:
    parts = [
        select(literal(stored.spec.word), literal(column), func.count()).where(
            stored.table.c[column] == bindparam("the_id")
        )
        for stored in STORED.values()
        for column, referred in stored.spec.natives.items()
        if referred == table
    ]
    return union_all(*parts) if parts else None
