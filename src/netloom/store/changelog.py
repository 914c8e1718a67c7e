"""The change log: what watchers and the planner follow, bounded by compaction.

Rule 1: revisions are unique and become visible in order, because writers exclude each other.
Rule 2: a reader that is behind what was compacted is told so; it reads everything again instead of missing something.
Rule 3: beside changes of objects there are notes (`Transaction.note`): the planner reads what they name again, watchers do
    not see them.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.changes import Action, Change
from netloom.model.kinds import Kind
from netloom.store import tables
from netloom.store.times import to_datetime
from netloom.store.transaction import Counters

DEFAULT_KEPT = 100_000
_SLACK = 1_000
"""Changes beyond what is kept before the oldest are removed: one delete for many commits."""

_OBJECTS = [kind.value for kind in Kind]


class RevisionCompacted(Conflict):
    """A reader asked for changes that are no longer kept; `oldest` is where it may start."""

    code = "revision-compacted"
    status = 410

    def __init__(self, since: int, oldest: int) -> None:
        super().__init__(
            f"changes since revision {since} are no longer kept",
            subject="since",
            hint=f"read everything again, then follow from there (the oldest kept is {oldest})",
        )
        self.since = since
        self.oldest = oldest


def read_changes(connection: Connection, since: int, limit: int) -> list[Change]:
    """The changes after a revision, oldest first, at most `limit`.

    Raises:
        RevisionCompacted: some of them are gone, or the revision is of another database's future.
    """
    _check_kept(connection, since)
    c = tables.changes.c
    rows = connection.execute(
        select(c.revision, c.kind, c.object_id, c.name, c.action, c.generation, c.at)
        .where(c.revision > since, c.kind.in_(_OBJECTS))
        .order_by(c.revision)
        .limit(limit)
    )
    return [
        Change(
            revision=r[0],
            kind=Kind(r[1]),
            id=Uuid(r[2]),
            name=r[3],
            action=Action(r[4]),
            generation=r[5],
            at=to_datetime(r[6]),
        )
        for r in rows
    ]


def read_touched(connection: Connection, since: int, limit: int) -> list[tuple[int, str, Uuid]]:
    """Revision, kind and id of the changes and notes after a revision, oldest first, at most `limit`.

    Raises:
        RevisionCompacted: as `read_changes`.
    """
    _check_kept(connection, since)
    c = tables.changes.c
    rows = connection.execute(
        select(c.revision, c.kind, c.object_id).where(c.revision > since).order_by(c.revision).limit(limit)
    )
    return [(row[0], row[1], Uuid(row[2])) for row in rows]


def _check_kept(connection: Connection, since: int) -> None:
    row = connection.execute(select(tables.counters.c.compacted, tables.counters.c.revision)).one()
    compacted, revision = row[0], row[1]
    if since < compacted or since > revision:
        raise RevisionCompacted(since, compacted)


def compact(connection: Connection, counters: Counters, keep: int) -> None:
    """Forget the oldest changes when there are clearly more than are kept; notes it in the counters."""
    oldest = counters.revision - keep
    if oldest - counters.compacted < _SLACK:
        return
    connection.execute(delete(tables.changes).where(tables.changes.c.revision <= oldest))
    counters.compacted = oldest
