"""How long the store waits for its database, and how it goes on when the database says nothing.

A server that is partitioned away, or stopped without being ended, closes nothing: whoever waits for it would wait for ever,
and behind the one writer everybody who wants to write.

Rule 1: what is limited is silence: the time without an answer to one statement, however many a transaction has.
Rule 2: a silent connection is cut, never asked to end politely: it is then lost like any other, and what was being written
    may or may not have been kept.
"""

from __future__ import annotations

import asyncio
import contextvars
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

_log = structlog.get_logger("netloom.store")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, as the settings say (section `store`).

    Attributes:
        answer: for the answer to a statement on PostgreSQL; for a transaction on SQLite twice that, waiting for a thread
            included.
        connect: for a connection to PostgreSQL to come about.
        lock: for a lock that somebody else holds.
        migration: for the answer to a statement of a migration; for all of it on SQLite.
    """

    answer: float = 30.0
    connect: float = 10.0
    lock: float = 10.0
    migration: float = 3600.0


TIMEOUTS: Final = Timeouts()

IDLE_SECONDS: Final = 30.0
"""How long PostgreSQL keeps a transaction, and with it the lock of all writers, whose client says nothing."""
KEEPALIVE: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""After so many seconds of silence a connection that waits is tried, so often, so many times, before it is given up."""


class Cuttable(Protocol):
    """A connection of the driver."""

    def terminate(self) -> None:
        """End it now; whoever waits for an answer hears that it was lost."""
        ...


class Watch:
    """Cuts the connection of a transaction when its server says nothing for so long.

    The timer is not moved for each statement: when it goes off it looks when the last one was sent.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.connection: Cuttable | None = None
        self.was_silent = False
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._token: contextvars.Token[Watch | None] | None = None

    def __enter__(self) -> Self:
        self._token = _watch.set(self)
        self._last = self._loop.time()
        self._timer = self._loop.call_at(self._last + self.seconds, self._look)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._token is not None:
            _watch.reset(self._token)
        self.connection = None

    def sent(self) -> None:
        """A statement is on its way: the server has its time again."""
        self._last = self._loop.time()

    def _look(self) -> None:
        now = self._loop.time()
        if now < self._last + self.seconds:
            self._timer = self._loop.call_at(self._last + self.seconds, self._look)
            return
        self._last = now
        self._timer = self._loop.call_at(now + self.seconds, self._look)
        if self.connection is not None:
            self.was_silent = True
            _log.error("database is silent", seconds=self.seconds)
            self.connection.terminate()


_watch: contextvars.ContextVar[Watch | None] = contextvars.ContextVar("store-watch", default=None)


def watching() -> Watch | None:
    """The watch of the transaction that this is, if there is one."""
    return _watch.get()


class WatchedConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that is watched from when it is being set up, and that the system too finds dead in time."""

    def __init__(self, protocol: object, transport: asyncio.BaseTransport, *rest: object) -> None:
        super().__init__(protocol, transport, *rest)
        watch = watching()
        if watch is not None:
            watch.connection = self
        seconds = TIMEOUTS.answer if watch is None else min(TIMEOUTS.answer, watch.seconds)
        _keep_alive(transport.get_extra_info("socket"), seconds)


def cuttable(connection: AsyncConnection) -> Cuttable | None:
    """The driver's connection under SQLAlchemy's; None: it has none (any more)."""
    held = connection.sync_connection
    if held is None or held.closed or held.invalidated:
        return None
    found: Cuttable | None = held.connection.driver_connection
    return found


def server_settings(timeouts: Timeouts) -> dict[str, str]:
    """What PostgreSQL is told for each connection: a client that is gone must not keep the lock of all writers."""
    return {
        "application_name": "netloom",
        "lock_timeout": milliseconds(timeouts.lock),
        "idle_in_transaction_session_timeout": milliseconds(IDLE_SECONDS),
        "tcp_keepalives_idle": str(KEEPALIVE["TCP_KEEPIDLE"]),
        "tcp_keepalives_interval": str(KEEPALIVE["TCP_KEEPINTVL"]),
        "tcp_keepalives_count": str(KEEPALIVE["TCP_KEEPCNT"]),
        "tcp_user_timeout": milliseconds(timeouts.answer),
    }


def milliseconds(seconds: float) -> str:
    """A time as databases want it; never 0, which would be without end."""
    return str(max(1, round(seconds * 1_000)))


def _keep_alive(found: socket.socket, seconds: float) -> None:
    if found.family not in (socket.AF_INET, socket.AF_INET6):
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(milliseconds(seconds)))
    for name, value in KEEPALIVE.items():
        found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
