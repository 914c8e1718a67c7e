"""What can go wrong between netloom and an OVSDB peer, by whose fault it is.

    NetloomError
    ├── LocalProtocolError          we asked for what the protocol forbids: a bug here, nothing was sent
    ├── InvalidInput
    │   └── InvalidValue            a value does not fit its column (type, range, enumeration, number of elements)
    └── PeerError
        ├── RemoteProtocolError     the peer broke RFC 7047: this connection is over
        └── OvsdbError              the server answered with an error: the connection lives on
            ├── UnknownMethod       an older server; a caller may fall back
            ├── UnknownDatabase
            └── OperationError      one operation, or the commit, of a transaction failed (RFC 7047 5.2)
                ├── ConstraintViolation, ReferentialIntegrityViolation, DomainError, RangeError
                ├── GuardFailed     a `wait` did not hold: somebody changed the row first; read again and retry
                ├── Aborted         by our own `abort`
                ├── Canceled        by our `cancel`, or the database went away
                ├── NotOwner        an `assert` of a lock that is not held
                ├── NotAllowed      the server's role rules (RBAC) or a read-only replica forbid it
                └── ResourcesExhausted, IoError

Rule 1: code below raises `LocalProtocolError` when we misuse it, and only `Connection.receive_data` and `Replica`
turn bad input of the peer into `RemoteProtocolError`; nothing else ever leaves them, whatever the bytes were.
Rule 2: errors that the server reports become types here, in `operation_error`, and nowhere else.
"""

from __future__ import annotations

from netloom.base.errors import InvalidInput, NetloomError, PeerError, Retry


class LocalProtocolError(NetloomError):
    """We used the connection against its rules; a bug in netloom."""

    code = "ovsdb-misuse"


class InvalidValue(InvalidInput):
    """A value does not fit the column it is meant for."""

    code = "ovsdb-invalid-value"


class RemoteProtocolError(PeerError):
    """The peer broke the protocol; the connection cannot be used any more."""

    code = "ovsdb-protocol-error"


class OvsdbError(PeerError):
    """The server answered with an error.

    Args:
        error: the server's word for it, such as `constraint violation`.
        details: the server's sentence, may be empty.
        operation: index in the transaction, None when it is about the whole of it or about another request.
    """

    code = "ovsdb-error"
    retry = Retry.NEVER

    def __init__(self, error: str, details: str = "", *, operation: int | None = None) -> None:
        where = None if operation is None else f"operation {operation}"
        super().__init__(f"{error}: {details}" if details else error, subject=where)
        self.error = error
        self.details = details
        self.operation = operation


class UnknownMethod(OvsdbError):
    """The server does not know the request's method."""

    code = "ovsdb-unknown-method"


class UnknownDatabase(OvsdbError):
    """The server has no database of this name."""

    code = "ovsdb-unknown-database"


class OperationError(OvsdbError):
    """An operation of a transaction, or its commit, failed; nothing of the transaction was done."""

    code = "ovsdb-operation-failed"


class ConstraintViolation(OperationError):
    """A value is out of its column's bounds, a row is not unique, a table is full."""

    code = "ovsdb-constraint-violation"


class ReferentialIntegrityViolation(OperationError):
    """A reference to a row that does not exist, or the removal of one that is referred to."""

    code = "ovsdb-referential-integrity-violation"


class DomainError(OperationError):
    """A division by zero in a mutation."""

    code = "ovsdb-domain-error"


class RangeError(OperationError):
    """The result of a mutation does not fit."""

    code = "ovsdb-range-error"


class GuardFailed(OperationError):
    """A `wait` did not hold in its time: the database is not what we believed. Read again and retry."""

    code = "ovsdb-guard-failed"
    retry = Retry.BACKOFF


class Aborted(OperationError):
    """Our own `abort` operation ended the transaction."""

    code = "ovsdb-aborted"


class Canceled(OperationError):
    """The transaction was cancelled: by our `cancel`, or because its database was closed or converted."""

    code = "ovsdb-canceled"
    retry = Retry.BACKOFF


class NotOwner(OperationError):
    """The transaction asserts a lock that this connection does not hold."""

    code = "ovsdb-not-owner"


class NotAllowed(OperationError):
    """The server's access rules forbid it."""

    code = "ovsdb-not-allowed"


class ResourcesExhausted(OperationError):
    """The server ran out of memory or space."""

    code = "ovsdb-resources-exhausted"
    retry = Retry.BACKOFF


class IoError(OperationError):
    """The server could not write its database file."""

    code = "ovsdb-io-error"
    retry = Retry.BACKOFF


_REPLY_ERRORS: dict[str, type[OvsdbError]] = {
    "unknown method": UnknownMethod,
    "unknown database": UnknownDatabase,
    "canceled": Canceled,
}

# RFC 7047 5.2 names these words; `permission error` and `not allowed` are OVS's (ovsdb/execution.c, ovsdb/rbac.c).
_OPERATION_ERRORS: dict[str, type[OperationError]] = {
    "constraint violation": ConstraintViolation,
    "referential integrity violation": ReferentialIntegrityViolation,
    "domain error": DomainError,
    "range error": RangeError,
    "timed out": GuardFailed,
    "aborted": Aborted,
    "canceled": Canceled,
    "not owner": NotOwner,
    "not allowed": NotAllowed,
    "permission error": NotAllowed,
    "resources exhausted": ResourcesExhausted,
    "I/O error": IoError,
}


def _words(raw: object) -> tuple[str, str]:
    """The server's word and sentence, from any JSON it may put into an `error` member (RFC 7047 3.1 leaves it free)."""
    if isinstance(raw, dict):
        error, details = raw.get("error"), raw.get("details", "")
        if isinstance(error, str):
            return error[:200], details[:2000] if isinstance(details, str) else ""
    if isinstance(raw, str):
        return raw[:200], ""
    return "error", repr(raw)[:200]


def reply_error(raw: object) -> OvsdbError:
    """The typed error of a reply's `error` member."""
    error, details = _words(raw)
    return _REPLY_ERRORS.get(error, OvsdbError)(error, details)


def operation_error(raw: object, operation: int | None) -> OperationError:
    """The typed error of one element of a `transact` result."""
    error, details = _words(raw)
    return _OPERATION_ERRORS.get(error, OperationError)(error, details, operation=operation)
