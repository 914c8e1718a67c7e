"""One netloomd a store: who has it holds a lock that the kernel, or PostgreSQL, takes back when its process is gone.

Two on one store would each run the other's jobs, and each take the other's flows for drift.

Rule 1: the lock is taken before the store is opened, and is no row: a crash leaves nothing of it, and no clock counts.
Rule 2: what loses it (PostgreSQL was restarted, or silent) takes it again; when somebody else keeps it from then on, this
    process ends. For a while that may be our own lost session, of which PostgreSQL has not heard yet.
Rule 3: whether somebody else had the store meanwhile is said by its term (`term`): then this process ends at once, also when
    it could have the lock again.

SQLite: `flock` on a file beside the database, which stays. PostgreSQL: an advisory lock of a session that does nothing else;
the server finds out within half a minute when the machine at its other end is gone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

import structlog
from sqlalchemy import NullPool, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import NetloomError
from netloom.store.errors import StoreRefused, map_error
from netloom.store.patience import TIMEOUTS, Watch, WatchedConnection, cuttable

_log = structlog.get_logger("netloom.store")

KEY: Final = 7661
"""The number of the advisory lock; 7660 is that of whoever writes."""
PATIENCE: Final = 5.0
"""Seconds for a predecessor that is just ending to be gone."""
AGAIN: Final = 0.1
"""Seconds between two tries."""
EVERY: Final = 5.0
"""Seconds between two looks at a session that may be lost, and for its answer."""
ENDURE: Final = 20.0
"""Seconds in which it may be our own lost session that has it: PostgreSQL tries a silent one after 10 s, and every 5 s."""
CLOSE: Final = 2.0
"""Seconds for PostgreSQL to let go of a session."""
_KEEPALIVE: Final = {
    "application_name": "netloomd (sole)",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


class _Lock(Protocol):
    async def take(self) -> bool:
        """Take it, unless somebody has it."""
        ...

    async def is_held(self) -> bool:
        """Whether it is still ours."""
        ...

    async def release(self) -> None:
        """Let go of it."""
        ...

    @property
    def hint(self) -> str:
        """How to find out who has it."""
        ...


class _FileLock:
    """A lock file; held for as long as the process has it open."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._handle: int | None = None
        self.hint = f"`fuser {path}` tells which process"

    async def take(self) -> bool:
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreRefused(
                f"{self._path} cannot be opened: {error.strerror}",
                code="store-unavailable",
                subject="store",
                hint="the directory of the database has to be there, and netloomd's to write",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    async def is_held(self) -> bool:
        return True  # nobody but this process can take it away

    async def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class _SessionLock:
    """An advisory lock of a session of its own."""

    hint = f"pg_locks, with locktype advisory and objid {KEY}, tells which session"

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "timeout": TIMEOUTS.connect,
                "connection_class": WatchedConnection,
                "server_settings": _KEEPALIVE,
            },
        )
        self._connection: AsyncConnection | None = None

    async def take(self) -> bool:
        with Watch(TIMEOUTS.connect):
            try:
                connection = await self._engine.connect()
                if await connection.scalar(text(f"SELECT pg_try_advisory_lock({KEY})")):
                    self._connection = connection
                    return True
                await connection.close()
            except (SQLAlchemyError, OSError) as error:
                raise map_error(error) from error
        return False

    async def is_held(self) -> bool:
        if self._connection is None:
            return False
        with Watch(EVERY) as watch:
            watch.connection = cuttable(self._connection)
            try:
                await self._connection.exec_driver_sql("SELECT 1")
            except (SQLAlchemyError, OSError):
                await self.release()
                return False
        return True

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with Watch(CLOSE) as watch, contextlib.suppress(SQLAlchemyError, OSError):
            watch.connection = cuttable(connection)
            if watch.connection is not None:
                await connection.invalidate()
            await connection.close()


class Sole:
    """That this process alone has a store. Made by `sole`."""

    def __init__(self, lock: _Lock, lost: Callable[[], None], clock: Clock) -> None:
        self._lock = lock
        self._lost = lost
        self._clock = clock
        self._is_away = False
        self._is_over = False
        self._refused_since: float | None = None
        self._look: Callable[[], Awaitable[None]] | None = None

    def ask(self, look: Callable[[], Awaitable[None]]) -> None:
        """Have the store looked at when the lock was lost: whoever finds there that the term is over calls `end`."""
        self._look = look

    def end(self, why: str) -> None:
        """Somebody else has the store: have this process end, once."""
        if self._is_over:
            return
        self._is_over = True
        _log.critical("another netloomd has the store: this one ends", why=why, hint=self._lock.hint)
        self._lost()

    async def run(self) -> None:
        """Keep it, until cancelled, or until somebody else has it."""
        while await self.step():
            await self._clock.sleep(EVERY)
        self.end("it keeps the lock")

    async def step(self) -> bool:
        """Look whether it is still ours, and take it again if it is not; False: somebody else has it, and keeps it."""
        if self._is_over:
            return False
        if await self._lock.is_held():
            self._refused_since = None
            return True
        try:
            taken = await self._lock.take()
        except NetloomError as error:
            if not self._is_away:
                _log.warning("store not locked", code=error.stable_code, error=str(error))
            self._is_away = True
            return True
        self._is_away = False
        if await self._is_another_term():
            return False
        if taken:
            self._refused_since = None
            _log.info("store locked again")
            return True
        now = self._clock.now()
        if self._refused_since is None:
            self._refused_since = now
            _log.warning("store locked by somebody else", hint=self._lock.hint, endured=ENDURE)
        return now - self._refused_since < ENDURE

    async def _is_another_term(self) -> bool:
        """Ask the store; one that does not answer now is asked at the next step, or by its next writer."""
        if self._look is not None:
            with contextlib.suppress(NetloomError):
                await self._look()
        return self._is_over


@asynccontextmanager
async def sole(
    url: str,
    *,
    lost: Callable[[], None],
    patience: float = PATIENCE,
    clock: Clock = SYSTEM_CLOCK,
) -> AsyncIterator[Sole]:
    """Have a store for this process alone.

    Args:
        url: as `StoreOptions` has it, checked before.
        lost: what to do when somebody else has it.
        patience: seconds to wait for whoever has it.
        clock: what counts them.

    Raises:
        StoreRefused: another process has it (`store-in-use`), or its place is not there.
        Unavailable: PostgreSQL cannot be reached.
    """
    lock = _lock_of(make_url(url))
    until = clock.now() + patience
    while not await lock.take():
        if clock.now() >= until:
            raise StoreRefused(
                "another netloomd has this store",
                code="store-in-use",
                subject="store",
                hint=f"one netloomd a store: stop the other one; {lock.hint}",
            )
        await clock.sleep(AGAIN)
    try:
        yield Sole(lock, lost, clock)
    finally:
        await lock.release()


def _lock_of(url: URL) -> _Lock:
    if url.get_backend_name() == "sqlite":
        return _FileLock(pathlib.Path(f"{url.database}.lock"))
    return _SessionLock(url)
