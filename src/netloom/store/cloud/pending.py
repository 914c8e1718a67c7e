"""Records that a commit's units leave to its end: events, audit entries, spans of usage, all of a kind in one statement.

Rule 1: only for kinds that nothing refers to by constraint and that units hardly read; who does read has them written
    first.
Rule 2: a unit that is undone takes its own back; what was written for others within its savepoint is written again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from netloom.model.cloud.record import Record

Write = Callable[[Sequence[Record]], None]
Mark = Mapping[type[Record], tuple[int, int]]
"""How many of each kind there are, and how many of these are written."""


class Pending:
    """What a transaction has still to write."""

    def __init__(self) -> None:
        self._records: dict[type[Record], list[Record]] = {}
        self._written: dict[type[Record], int] = {}

    def add(self, record: Record) -> None:
        """Leave a record to the end."""
        self._records.setdefault(type(record), []).append(record)

    def write(self, record_type: type[Record], write: Write) -> None:
        """Write what there is of a kind: somebody is about to look."""
        records = self._records.get(record_type)
        if records is None:
            return
        done = self._written.get(record_type, 0)
        if done < len(records):
            self._written[record_type] = len(records)
            write(records[done:])

    def write_all(self, write: Write) -> None:
        """The end."""
        for record_type in self._records:
            self.write(record_type, write)

    def mark(self) -> Mark:
        """Where a unit begins."""
        return {kind: (len(records), self._written.get(kind, 0)) for kind, records in self._records.items()}

    def undo(self, mark: Mark) -> None:
        """Back to where a unit began."""
        for kind, records in self._records.items():
            there, written = mark.get(kind, (0, 0))
            del records[there:]
            self._written[kind] = written
