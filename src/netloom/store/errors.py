"""What the databases say, in netloom's errors. The only place that knows their codes.

Rule 1: an error that passes by itself (busy, connection lost, disk full) is `Unavailable`; one that needs a person first
is `StoreRefused`.
Rule 2: a broken constraint becomes the `Conflict` that `conflicts.py` has words for.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from netloom.base.errors import NetloomError, Unavailable
from netloom.store.conflicts import conflict_of_columns, conflict_of_constraint

FATAL_CODES = frozenset(
    {"store-full", "store-busy", "store-corrupt", "store-unavailable", "store-read-only", "store-taken"}
)
"""After these the transaction as a whole is lost, whatever savepoints there were."""


class StoreRefused(NetloomError):
    """The database is there but netloom will not use it until a person did something."""

    code = "store-refused"
    status = 503


def store_full() -> Unavailable:
    """The error for a full disk or quota."""
    return Unavailable(
        "the store's disk is full; nothing of this request was kept",
        code="store-full",
        subject="store",
        hint="make room on the file system of the database; it goes on by itself then",
    )


def silent(how: str) -> Unavailable:
    """The error for a database that did not answer in time; `how`: which, and for how long."""
    return Unavailable(
        f"the database does not answer: {how}",
        code="store-unavailable",
        subject="store",
        hint="what was being written may or may not have been kept: read it again",
    )


def map_error(error: SQLAlchemyError | OSError) -> NetloomError:
    """The error that callers see."""
    if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
        return _sqlite(error.orig)
    if isinstance(error, DBAPIError):
        return _postgres(error)
    if isinstance(error, OSError):
        return _unreachable(error)
    if isinstance(error, NoConnectionFree):
        return Unavailable("all connections to the database are in use", code="store-busy", subject="store")
    return NetloomError(f"the store failed: {error}", code="store-failed", subject="store")


def _sqlite(error: sqlite3.Error) -> NetloomError:
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith("SQLITE_CONSTRAINT"):
        return conflict_of_columns(str(error))
    if name in {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}:
        return store_full()
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable(
            "the database is locked by another process",
            code="store-busy",
            subject="store",
            hint="two daemons on one file? backups by copying? use `netloomd backup`",
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreRefused(
            f"the database file is damaged ({error})",
            code="store-corrupt",
            subject="store",
            hint="stop netloomd and restore a backup; hosts keep forwarding meanwhile",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreRefused(
            f"the database cannot be written ({error})",
            code="store-read-only",
            subject="store",
            hint="check owner and mode of the file and its directory",
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return Unavailable(
            f"the database file cannot be used ({error})",
            code="store-unavailable",
            subject="store",
            hint="check that its directory exists, is writable and on a local disk",
        )
    return NetloomError(f"the store failed: {error}", code="store-failed", subject="store")


def _postgres(error: DBAPIError) -> NetloomError:
    original = error.orig
    state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
    cause = getattr(original, "__cause__", None)
    if state.startswith("23") or isinstance(error, IntegrityError):
        return conflict_of_constraint(str(getattr(cause, "constraint_name", "") or ""), str(original))
    if state.startswith("53100"):
        return store_full()
    if state in {"40001", "40P01", "55P03"}:
        return Unavailable("the database is busy", code="store-busy", subject="store")
    if state.startswith(("28", "3D")):
        return StoreRefused(
            f"PostgreSQL refuses us: {original}",
            code="store-refused",
            subject="store",
            hint="check store.url",
        )
    if state == "25006":
        return StoreRefused("the database is read-only", code="store-read-only", subject="store")
    if state.startswith(("08", "57P")) or error.connection_invalidated or isinstance(error, InterfaceError):
        return _unreachable(original or error)
    return NetloomError(f"the store failed: {original}", code="store-failed", subject="store")


def _unreachable(error: BaseException) -> Unavailable:
    return Unavailable(
        f"the database cannot be reached: {error}",
        code="store-unavailable",
        subject="store",
        hint="what was being written may or may not have been kept: read it again",
    )
