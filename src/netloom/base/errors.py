"""The root of every error that netloom raises on purpose.

    NetloomError
    ├── InvalidInput      what a caller sent can never be right         (HTTP 400, 422)
    ├── Unauthenticated   who is asking is not known                    (HTTP 401)
    ├── Forbidden         who is asking may not                         (HTTP 403)
    ├── NotFound          the thing named is not there                  (HTTP 404)
    ├── Conflict          it clashes with what is there                 (HTTP 409)
    │   └── StaleVersion  it was changed since the caller read it       (HTTP 412)
    ├── Exhausted         a range, quota or pool has nothing left       (HTTP 409)
    ├── TooLarge          a bound on the input was passed               (HTTP 413)
    ├── TooMany           asked too often, or a queue is full           (HTTP 429)
    ├── Unavailable       a peer or the store cannot be reached now     (HTTP 503)
    └── PeerError         a peer broke its protocol or refused a step   (HTTP 502)

Rule 1: an error tells a person what was wrong (the message), where (`subject`) and what would be right (`hint`).
Rule 2: `code` is stable, kebab-case, and the only part that programs compare.
"""

from __future__ import annotations

import enum
from typing import ClassVar


class Retry(enum.Enum):
    """Whether trying the same thing again can help."""

    NEVER = "never"
    AFTER = "after"  # after `retry_after` seconds
    BACKOFF = "backoff"  # as the caller's own backoff says


class NetloomError(Exception):
    """Something that netloom refuses or could not do, told so that a person can act on it.

    Args:
        message: what was wrong, with the value that was seen.
        code: stable kebab-case identifier; the class's own when not given.
        subject: where: a field path (`spec.cidr`), an object (`network/blue`), a peer (`host/h1`).
        hint: what would be right.
        retry_after: seconds, only with `Retry.AFTER`.
    """

    code: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    retry: ClassVar[Retry] = Retry.NEVER

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        subject: str | None = None,
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.stable_code = code or self.code
        self.subject = subject
        self.hint = hint
        self.retry_after = retry_after

    def __str__(self) -> str:
        where = f"{self.subject}: " if self.subject else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"


class InvalidInput(NetloomError):
    """What a caller sent can never be right."""

    code = "invalid-input"
    status = 422


class Unauthenticated(NetloomError):
    """Who is asking is not known."""

    code = "unauthenticated"
    status = 401


class Forbidden(NetloomError):
    """Who is asking may not."""

    code = "forbidden"
    status = 403


class NotFound(NetloomError):
    """The thing named is not there."""

    code = "not-found"
    status = 404


class Conflict(NetloomError):
    """The request clashes with what is there."""

    code = "conflict"
    status = 409


class StaleVersion(Conflict):
    """The object was changed since the caller read it; `current` is its generation now."""

    code = "stale-version"
    status = 412

    def __init__(self, message: str, *, current: int, subject: str | None = None) -> None:
        super().__init__(message, subject=subject, hint=f"read it again and retry with generation {current}")
        self.current = current


class Exhausted(NetloomError):
    """A range, quota or pool has nothing left."""

    code = "exhausted"
    status = 409


class TooLarge(NetloomError):
    """A bound on the input was passed."""

    code = "too-large"
    status = 413


class TooMany(NetloomError):
    """Asked too often, or a bounded queue is full."""

    code = "too-many"
    status = 429
    retry = Retry.AFTER


class Unavailable(NetloomError):
    """A peer or the store cannot be reached now."""

    code = "unavailable"
    status = 503
    retry = Retry.BACKOFF


class PeerError(NetloomError):
    """A peer broke its protocol, or refused a step."""

    code = "peer-error"
    status = 502
    retry = Retry.BACKOFF
