"""The store: a database that is migrated, writes in groups, and wakes those who wait for changes.

Rule 1: units of work are synchronous functions; they run where the database wants them, never on the event loop.
Rule 2: open it with `async with`; leaving ends the writer after the batch in hand.
"""

from __future__ import annotations

import pathlib
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, insert, select, update

from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.aio.tasks import TaskKit, finish
from netloom.base.errors import Unavailable
from netloom.base.ids import Uuid
from netloom.model.changes import Change
from netloom.model.kinds import Kind
from netloom.store import tables
from netloom.store.catalog import count
from netloom.store.changelog import DEFAULT_KEPT, read_changes
from netloom.store.cloud.known import Known
from netloom.store.cloud.recalled import Reading, Recalled
from netloom.store.database import PostgresDatabase, SqliteDatabase, open_database
from netloom.store.defaults import add_defaults
from netloom.store.health import Health
from netloom.store.listing import Page, read_page
from netloom.store.migrate import Migration, migrate
from netloom.store.patience import TIMEOUTS, Timeouts
from netloom.store.snapshot import Changed, Snapshot, read_all, read_changed
from netloom.store.sole import Sole
from netloom.store.term import Term, begin_term
from netloom.store.transaction import RandomBits, Transaction
from netloom.store.writer import Writer, WriterCounters

T = TypeVar("T")

POLL_SECONDS = 1.0
"""How often PostgreSQL is asked for what other servers wrote."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """How to keep things.

    `url`: `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`. `changes_kept`: entries of the change log. `timeouts`: how
    long to wait for the database.
    """

    url: str
    changes_kept: int = DEFAULT_KEPT
    timeouts: Timeouts = TIMEOUTS


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """The store for reports: its dialect, schema revision, identity, and how far its log reaches."""

    dialect: str
    schema: str
    store_id: Uuid
    revision: int
    oldest_revision: int
    counts: Mapping[str, int]


class Store:
    """Made by `open_store`."""

    def __init__(
        self,
        database: SqliteDatabase | PostgresDatabase,
        writer: Writer,
        migration: Migration,
        store_id: Uuid,
        recalled: Recalled,
    ) -> None:
        self._recalled = recalled
        self._database = database
        self._writer = writer
        self.migration = migration
        self.store_id = store_id
        self.health = Health()

    @property
    def revision(self) -> int:
        """The revision of the newest change that this process knows to be durable."""
        return self._writer.revision

    def counters(self) -> WriterCounters:
        """The writer, for metrics."""
        return self._writer.counters()

    async def write(self, unit: Callable[[Transaction], T], *, keep: bool = True) -> T:
        """Do a unit of work; durable when this returns. `keep=False` does it, tells the result and undoes it.

        Raises:
            NetloomError: what the unit raised; `Unavailable` (`store-full`, `store-busy`, `store-unavailable`,
                `store-taken`); `TooMany` when too many wait.
        """
        with self.health.heard("writing"):
            return await self._writer.submit(unit, keep=keep)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Read on a snapshot."""
        with self.health.heard("reading"):
            return await self._database.read(work)

    def known(self) -> Known:
        """What a read may take as known; one for each."""
        return Reading(self._recalled)

    async def look(self) -> None:
        """See whether the database can be read and written; raises as `read` and `write` do."""
        await self.write(_touch)
        await self.read(_read_revision)

    async def page(self, kind: Kind, filters: Mapping[str, str], limit: int, cursor: str | None) -> Page:
        """See `listing.read_page`."""
        return await self.read(lambda connection: read_page(connection, kind, filters, limit, cursor))

    async def load_all(self) -> Snapshot:
        """Everything at one revision."""
        return await self.read(read_all)

    async def load_changed(self, since: int, limit: int = 5_000) -> Changed:
        """What changed after a revision, as it is now.

        Raises:
            RevisionCompacted: load everything again.
        """
        return await self.read(lambda connection: read_changed(connection, since, limit))

    async def changes(self, since: int, limit: int = 1_000) -> list[Change]:
        """The change log after a revision.

        Raises:
            RevisionCompacted: it does not reach back that far.
        """
        return await self.read(lambda connection: read_changes(connection, since, limit))

    async def wait_beyond(self, revision: int, seconds: float | None = None) -> bool:
        """Wait until something was written after a revision, at most so long; whether it was."""
        shared = isinstance(self._database, PostgresDatabase)
        while self._writer.revision <= revision:
            pause = min(POLL_SECONDS, seconds if seconds is not None else POLL_SECONDS) if shared else seconds
            if await wait_event(self._writer.committed, pause):
                continue
            if shared:
                self._writer.announce(await self.read(_read_revision))
            if seconds is not None:
                seconds -= pause or 0.0
                if seconds <= 0:
                    break
        return self._writer.revision > revision

    async def facts(self) -> StoreFacts:
        """What reports tell of the store."""
        return await self.read(self._read_facts)

    async def backup(self, path: str) -> None:
        """Copy the database while it is used; SQLite only.

        Raises:
            Unavailable: it could not be copied.
        """
        if not isinstance(self._database, SqliteDatabase):
            raise Unavailable(
                "PostgreSQL has its own backup", code="backup-elsewhere", subject="store", hint="use pg_dump"
            )
        await self._database.backup(pathlib.Path(path))

    def _read_facts(self, connection: Connection) -> StoreFacts:
        row = connection.execute(select(tables.counters.c.revision, tables.counters.c.compacted)).one()
        counts = {kind.value: count(connection, kind) for kind in Kind}
        return StoreFacts(self._database.name, self.migration.after, self.store_id, row[0], row[1], counts)


@asynccontextmanager
async def open_store(
    options: StoreOptions,
    *,
    alone: Sole | None = None,
    clock: Clock = SYSTEM_CLOCK,
    random_bits: RandomBits = secrets.randbits,
) -> AsyncIterator[Store]:
    """Open, migrate, fill in the defaults at the first start, and start the writer.

    Args:
        options: which one, and how.
        alone: that this process has it alone. It begins a term then: who has it from before writes nothing any more, and
            is told so. Without, it writes beside whoever else does.
        clock: what times are by.
        random_bits: what identities are made of.

    Raises:
        StoreRefused: newer schema, damaged file, foreign tables, no rights.
        Unavailable: it cannot be reached.
    """
    database = open_database(options.url, options.timeouts)
    try:
        begun = await database.write(
            lambda connection: _begin(connection, random_bits, is_alone=alone is not None),
            options.timeouts.migration,
        )
        recalled = Recalled()
        writer = Writer(
            database,
            clock,
            random_bits,
            keep_changes=options.changes_kept,
            recalled=recalled,
            term=None if alone is None else Term(begun.term, alone.end),
        )
        writer.revision = begun.revision
        async with TaskKit("store") as kit:
            _writing = kit.start(writer.run(), "writer")
            store = Store(database, writer, begun.migration, begun.store_id, recalled)
            await store.write(add_defaults)
            if alone is not None:
                alone.ask(store.look)
            yield store
    finally:
        await finish(database.close())


@dataclass(frozen=True, slots=True)
class _Begun:
    """What was found, or made, when the store was opened."""

    migration: Migration
    store_id: Uuid
    revision: int
    term: int


def _begin(connection: Connection, random_bits: RandomBits, *, is_alone: bool) -> _Begun:
    """Migrate, and begin a term, in one transaction: an earlier owner finds neither the new schema in its own term, nor a
    new term on the old schema.
    """
    migration = migrate(connection)
    c = tables.counters.c
    row = connection.execute(select(c.store_id, c.revision).with_for_update()).one_or_none()
    if row is None:
        store_id, revision = Uuid(str(uuid.UUID(int=random_bits(128), version=4))), 0
        connection.execute(
            insert(tables.counters).values(
                id=1, store_id=store_id, revision=revision, compacted=0, number=0, term=0
            )
        )
    else:
        store_id, revision = Uuid(row[0]), row[1]
    return _Begun(migration, store_id, revision, begin_term(connection, random_bits) if is_alone else 0)


def _touch(tx: Transaction) -> None:
    """Write what is there already."""
    tx.connection.execute(update(tables.counters).values(store_id=tables.counters.c.store_id))


def _read_revision(connection: Connection) -> int:
    revision: int = connection.execute(select(tables.counters.c.revision)).scalar_one()
    return revision
