"""One database behind one face: a function over a SQLAlchemy connection goes in, its result comes out, durable.

Rule 1: work on the database is plain synchronous code over `Connection`, the same for both databases; only here is it
known how it gets off the event loop.
Rule 2: whoever writes holds the lock of all writers from its first statement on, so what it read
stays true until its commit.
Rule 3: no wait is without end: not for a lock, a connection, an answer, or a disk (`patience`).

SQLite runs in threads of its own through the standard library's driver: measured here, five statements in a savepoint cost
0.29 ms that way and 2.1 ms through aiosqlite, which crosses threads several times for each statement (decision 0041).
PostgreSQL runs on asyncpg. Each statement is a round trip, so none is spent on asking whether a connection still lives: a
transaction whose first statement finds it dead begins again on a new one (decision 0205).
"""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from netloom.base.errors import InvalidInput, Unavailable
from netloom.store.errors import map_error, silent
from netloom.store.patience import (
    TIMEOUTS,
    Timeouts,
    Watch,
    WatchedConnection,
    cuttable,
    milliseconds,
    server_settings,
    watching,
)

T = TypeVar("T")
Work = Callable[[Connection], T]

_READERS = 2
_POSTGRES_POOL = 5
_STATEMENTS: Final = 1_000
"""How many statements are remembered, compiled in the process and prepared on each connection; netloom has some hundreds."""

_BEGIN_WRITING: Final = "BEGIN"
_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_CLOSE_SECONDS: Final = 2.0
"""For a server to let go of a connection when the store is closed."""


class Database(Protocol):
    """What the store needs of a database. All methods raise errors of `netloom.base.errors` only."""

    @property
    def name(self) -> str:
        """`sqlite` or `postgresql`."""
        ...

    async def write(self, work: Work[T], seconds: float | None = None) -> T:
        """Run in a transaction that excludes other writers; durable when this returns.

        `seconds`: how long it may take where that is longer than usual (`Timeouts.answer`).
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Run on a snapshot; nothing can be written."""
        ...

    async def close(self) -> None:
        """End all connections; work that is running ends first."""
        ...


class SqliteDatabase:
    """A file, one thread that writes, a few that read (WAL lets them read meanwhile)."""

    name = "sqlite"

    def __init__(self, path: pathlib.Path, timeouts: Timeouts = TIMEOUTS) -> None:
        self.path = path
        self._seconds = 2 * timeouts.answer
        url = URL.create("sqlite", database=str(path))
        self._writing = _sqlite_engine(url, timeouts, read_only=False)
        self._reading = _sqlite_engine(url, timeouts, read_only=True)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")

    async def write(self, work: Work[T], seconds: float | None = None) -> T:
        """Run in a transaction that excludes other writers; durable when this returns."""
        return await self._in_thread(self._writer, self._writing, work, seconds)

    async def read(self, work: Work[T]) -> T:
        """Run on a snapshot; nothing can be written."""
        return await self._in_thread(self._readers, self._reading, work, None)

    async def _in_thread(
        self, threads: ThreadPoolExecutor, engine: Engine, work: Work[T], seconds: float | None
    ) -> T:
        """Run in a thread, and wait for it only so long: a thread that a disk holds up cannot be stopped.

        What has not begun by then never does; what has may still be kept. The next one waits for its end, in the thread.
        """
        limit = self._seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(limit):
                return await asyncio.get_running_loop().run_in_executor(threads, _run, engine, work)
        except TimeoutError as error:
            raise silent(f"the file {self.path} was not ready with it within {limit:g} s") from error

    async def backup(self, target: pathlib.Path) -> None:
        """Copy the database as it is at one instant, while it is being used (SQLite's online backup)."""
        await asyncio.get_running_loop().run_in_executor(self._readers, self._backup, target)

    async def close(self) -> None:
        """End all connections; work that is running ends first."""
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _backup(self, target: pathlib.Path) -> None:
        try:
            source, copy = sqlite3.connect(self.path), sqlite3.connect(target)
            try:
                source.backup(copy)
            finally:
                copy.close()
                source.close()
        except sqlite3.Error as error:
            raise Unavailable(
                f"the backup failed: {error}", code="backup-failed", subject=str(target), hint="room? rights?"
            ) from error

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()


class PostgresDatabase:
    """A PostgreSQL server; several netloom servers may share it."""

    name = "postgresql"

    def __init__(self, url: URL, timeouts: Timeouts = TIMEOUTS) -> None:
        self._seconds = timeouts.answer
        self._engine: AsyncEngine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=_POSTGRES_POOL,
            max_overflow=0,
            pool_timeout=timeouts.answer,
            isolation_level="AUTOCOMMIT",  # transactions are begun below, not guessed by the driver
            query_cache_size=_STATEMENTS,
            connect_args={
                "timeout": timeouts.connect,
                "connection_class": WatchedConnection,
                "server_settings": server_settings(timeouts),
                "prepared_statement_cache_size": _STATEMENTS,
                "statement_cache_size": _STATEMENTS,
            },
        )
        event.listen(self._engine.sync_engine, "before_cursor_execute", _sent)

    async def write(self, work: Work[T], seconds: float | None = None) -> T:
        """Run in a transaction that excludes other writers; durable when this returns."""
        return await self._run(_BEGIN_WRITING, work, self._seconds if seconds is None else seconds)

    async def read(self, work: Work[T]) -> T:
        """Run on a snapshot; nothing can be written."""
        return await self._run(_BEGIN_READING, work, self._seconds)

    async def _run(self, begin: str, work: Work[T], seconds: float) -> T:
        with Watch(seconds) as watch:
            try:
                async with self._transaction(begin, watch) as connection:
                    return await connection.run_sync(work)
            except (SQLAlchemyError, OSError) as error:
                if watch.was_silent:
                    raise silent(f"PostgreSQL said nothing for {seconds:g} s") from error
                raise map_error(error) from error

    @asynccontextmanager
    async def _transaction(self, begin: str, watch: Watch) -> AsyncIterator[AsyncConnection]:
        """A transaction until the block ends; undone when it raises."""
        connection = await self._begun(begin, watch)
        try:
            yield connection
            await connection.exec_driver_sql("COMMIT")
        except Exception:
            if not connection.invalidated:
                await _roll_back(connection)
            raise
        except BaseException:  # stopped within a statement: nobody may have this connection after us
            await connection.invalidate()
            raise
        finally:
            await connection.close()

    async def _begun(self, begin: str, watch: Watch) -> AsyncConnection:
        """A connection in a transaction; one that has died in the pool is found out here, and all of them are replaced."""
        try:
            return await self._begun_on_any(begin, watch)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return await self._begun_on_any(begin, watch)

    async def _begun_on_any(self, begin: str, watch: Watch) -> AsyncConnection:
        connection = await self._engine.connect()
        try:
            watch.connection = cuttable(connection)
            await connection.exec_driver_sql(begin)
        except BaseException:
            if not connection.invalidated:
                await connection.invalidate()
            await connection.close()
            raise
        return connection

    async def close(self) -> None:
        """End all connections; one whose server does not let go of it is cut."""
        for _ in range(_POSTGRES_POOL):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._engine.dispose()
                return


def open_database(url: str, timeouts: Timeouts = TIMEOUTS) -> SqliteDatabase | PostgresDatabase:
    """The database of a URL: `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`. Nothing is connected yet.

    Raises:
        InvalidInput: another scheme, or no path.
    """
    hint = "sqlite:///PATH or postgresql://USER@HOST/DATABASE"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInput(f"{url!r} is not a database URL", subject="store.url", hint=hint) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise InvalidInput("a database in memory keeps nothing", subject="store.url", hint=hint)
        return SqliteDatabase(pathlib.Path(parsed.database), timeouts)
    if backend == "postgresql":
        return PostgresDatabase(parsed, timeouts)
    raise InvalidInput(f"netloom does not keep its state in {backend}", subject="store.url", hint=hint)


async def _roll_back(connection: AsyncConnection) -> None:
    """Undo a transaction; a connection on which even that fails is given up, and with it the transaction."""
    try:
        await connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError:
        if not connection.invalidated:
            await connection.invalidate()


def _run(engine: Engine, work: Work[T]) -> T:
    try:
        with engine.begin() as connection:
            return work(connection)
    except (SQLAlchemyError, OSError) as error:
        raise map_error(error) from error


def _sent(*_told: object) -> None:
    watch = watching()
    if watch is not None:
        watch.sent()


def _sqlite_engine(url: URL, timeouts: Timeouts, *, read_only: bool) -> Engine:
    engine = create_engine(url, pool_size=1 if not read_only else _READERS, max_overflow=0)

    def connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        for pragma in _pragmas(timeouts, read_only=read_only):
            connection.execute(pragma)

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _pragmas(timeouts: Timeouts, *, read_only: bool) -> list[str]:
    pragmas = [
        f"PRAGMA busy_timeout={milliseconds(timeouts.lock)}",
        "PRAGMA foreign_keys=ON",
        "PRAGMA temp_store=MEMORY",
        "PRAGMA cache_size=-65536",  # KiB
    ]
    if read_only:
        return [*pragmas, "PRAGMA query_only=ON"]
    return [
        *pragmas,
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",  # the WAL is on the disk before a commit returns
        "PRAGMA journal_size_limit=67108864",
    ]


def lock_migrations(connection: Connection) -> None:
    """Exclude other servers' migrations until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7660)"))
