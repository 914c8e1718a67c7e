"""One unit of work inside a transaction: the connection, the time, and what is counted.

Rule 1: revisions and numbers are given out here only, under the writers' lock; a unit that fails gives its own back.
Rule 2: each change of an object is recorded with the revision that the object carries.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select, update

from netloom.base.errors import Exhausted
from netloom.base.ids import MAX_NUMBER, Number, Uuid
from netloom.model.changes import Action, Change
from netloom.model.kinds import Kind
from netloom.store import tables
from netloom.store.cloud.known import Known
from netloom.store.cloud.pending import Mark as PendingMark
from netloom.store.cloud.pending import Pending
from netloom.store.cloud.records import Records
from netloom.store.times import to_datetime

RandomBits = Callable[[int], int]
"""So many random bits as a number (`secrets.randbits`)."""


@dataclass(slots=True)
class Hints:
    """Where the last allocation of each pool ended, so that the next looks behind it; lost at a restart without harm."""

    limit: int = 100_000
    _after: dict[tuple[str, str], int] = field(default_factory=dict)

    def get(self, pool: tuple[str, str]) -> int | None:
        """Where to look first."""
        return self._after.get(pool)

    def put(self, pool: tuple[str, str], after: int | None) -> None:
        """Remember (None: forget); the oldest pool is forgotten when there are too many."""
        if after is None:
            self._after.pop(pool, None)
            return
        if pool not in self._after and len(self._after) >= self.limit:
            del self._after[next(iter(self._after))]
        self._after[pool] = after


@dataclass(slots=True)
class Counters:
    """The row of counters, as it is within a transaction; `term` is only read here."""

    revision: int
    compacted: int
    number: int
    term: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a transaction to come back to."""

    revision: int
    number: int
    changes: int
    hints: int
    notes: int
    pending: PendingMark


class Transaction:
    """What a unit of work gets. Times in microseconds since the epoch."""

    def __init__(
        self,
        connection: Connection,
        counters: Counters,
        *,
        now: int,
        random_bits: RandomBits,
        hints: Hints,
        known: Known | None = None,
    ) -> None:
        self.connection = connection
        self.now = now
        self.at = to_datetime(now)
        self._hints = hints
        self._hints_before: list[tuple[tuple[str, str], int | None]] = []
        self.random_bits = random_bits
        self._counters = counters
        self._changes: list[Change] = []
        self._notes: list[dict[str, str | int]] = []
        self.known = Known() if known is None else known
        self.pending = Pending()

    @property
    def revision(self) -> int:
        """The revision of the last change."""
        return self._counters.revision

    def new_id(self) -> Uuid:
        """A random UUID (RFC 9562, version 4)."""
        return Uuid(str(uuid.UUID(int=self.random_bits(128), version=4)))

    def new_number(self) -> Number:
        """A 32-bit number that no object had before.

        Raises:
            Exhausted: four thousand million objects have been made.
        """
        if self._counters.number >= MAX_NUMBER:
            raise Exhausted(
                "all 32-bit object numbers have been used", code="numbers-exhausted", subject="number"
            )
        self._counters.number += 1
        return Number(self._counters.number)

    def hint(self, pool: tuple[str, str]) -> int | None:
        """Where to look first in a pool."""
        return self._hints.get(pool)

    def leave_hint(self, pool: tuple[str, str], after: int) -> None:
        """Where the next allocation shall look first."""
        self._hints_before.append((pool, self._hints.get(pool)))
        self._hints.put(pool, after)

    def record(self, kind: Kind, item_id: Uuid, name: str, action: Action, generation: int) -> int:
        """Note a change; the revision it has."""
        self._counters.revision += 1
        revision = self._counters.revision
        self._changes.append(
            Change(
                revision=revision,
                kind=kind,
                id=item_id,
                name=name,
                action=action,
                generation=generation,
                at=self.at,
            )
        )
        return revision

    def note(self, word: str, item_id: Uuid, name: str) -> None:
        """Note that what is no object of its own has to be read again by whoever plans; watchers do not see it."""
        self._counters.revision += 1
        self._notes.append(
            {
                "revision": self._counters.revision,
                "kind": word,
                "object_id": item_id,
                "name": name,
                "action": Action.UPDATED.value,
                "generation": 0,
                "at": self.now,
            }
        )

    def mark(self) -> Mark:
        """Where a unit begins."""
        return Mark(
            self._counters.revision,
            self._counters.number,
            len(self._changes),
            len(self._hints_before),
            len(self._notes),
            self.pending.mark(),
        )

    def undo(self, mark: Mark) -> None:
        """Take back what a unit counted and noted; its rows are the savepoint's affair."""
        self._counters.revision, self._counters.number = mark.revision, mark.number
        del self._changes[mark.changes :], self._notes[mark.notes :]
        while len(self._hints_before) > mark.hints:
            self._hints.put(*self._hints_before.pop())
        self.pending.undo(mark.pending)
        self.known.clear()

    def flush(self) -> None:
        """Write what all units have left to the end, and their change records."""
        self.pending.write_all(Records(self.connection).insert_many)
        if self._changes:
            self.connection.execute(
                _INSERT_CHANGES,
                [
                    {
                        "revision": change.revision,
                        "kind": change.kind.value,
                        "object_id": change.id,
                        "name": change.name,
                        "action": change.action.value,
                        "generation": change.generation,
                        "at": self.now,
                    }
                    for change in self._changes
                ],
            )
        if self._notes:
            self.connection.execute(_INSERT_CHANGES, self._notes)


_INSERT_CHANGES = insert(tables.changes)


def lock_counters(connection: Connection) -> Counters:
    """Take the writers' lock (SQLite has it since BEGIN IMMEDIATE) and read the counters."""
    c = tables.counters.c
    row = connection.execute(select(c.revision, c.compacted, c.number, c.term).with_for_update()).one()
    return Counters(row[0], row[1], row[2], row[3])


def save_counters(connection: Connection, counters: Counters) -> None:
    """Write the counters back."""
    connection.execute(
        update(tables.counters)
        .where(tables.counters.c.id == 1)
        .values(revision=counters.revision, compacted=counters.compacted, number=counters.number)
    )
