"""Errors out: everything that may be raised, as problem details (RFC 9457) in bytes.

Rule 1: what netloom refuses on purpose is told in full; what it did not foresee is logged and told as `internal-error`.
Rule 2: the body is the contract's `Problem`, absent fields left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from netloom.base.errors import NetloomError, StaleVersion, TooLarge
from netloom.contract.problems import MAX_ERRORS, MEDIA_TYPE, TYPE_PREFIX
from netloom.faces.rest.yaml_door import Malformed


class Mistake(msgspec.Struct, frozen=True, omit_defaults=True):
    """One mistake in a body; see `contract.problems.Mistake`."""

    detail: str
    field: str | None = None
    hint: str | None = None
    document: int | None = None
    line: int | None = None
    column: int | None = None


class Mistakes(NetloomError):
    """Several mistakes in one body, the first is the problem's own. Not empty."""

    code = "invalid-input"
    status = 422

    def __init__(self, mistakes: Sequence[Mistake], *, total: int, code: str | None = None) -> None:
        first = mistakes[0]
        super().__init__(first.detail, code=code, subject=first.field, hint=first.hint)
        self.mistakes = tuple(mistakes[:MAX_ERRORS])
        self.total = total


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body; see `contract.problems.Problem`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    field: str | None = None
    hint: str | None = None
    current: int | None = None
    retry_after: float | None = None
    document: int | None = None
    line: int | None = None
    column: int | None = None
    errors: tuple[Mistake, ...] = ()
    errors_omitted: int = 0


# Statuses that routing and servers answer with by themselves, as netloom's codes.
_HTTP: Final = {
    400: ("malformed-request", "The request is not one that HTTP allows"),
    404: ("no-such-path", "There is nothing at this path"),
    405: ("method-not-allowed", "This path does not take this method"),
    406: ("not-acceptable", "The answer does not come in what Accept asks for"),
    408: ("too-slow", "The body took too long to arrive"),
    413: ("too-large", "The body is too large"),
    414: ("uri-too-long", "The path and query are too long"),
    415: ("unsupported-media-type", "The body is of a type that is not read here"),
    428: ("precondition-required", "A precondition is needed"),
    431: ("headers-too-large", "The headers are too large"),
}
LINGER_SECONDS: Final = 5.0
LINGER_BYTES: Final = 64 * 1024 * 1024

_encode = msgspec.json.Encoder().encode


class HttpProblem(NetloomError):
    """A refusal that only exists in HTTP (408, 415, 431, …)."""

    def __init__(self, status: int, detail: str | None = None, *, hint: str | None = None) -> None:
        code, text = _HTTP.get(status, ("http-error", f"HTTP status {status}"))
        super().__init__(detail or text, code=code, hint=hint)
        self.http_status = status


class Unread(TooLarge):
    """A body that was refused before it was read to its end."""


class _Lingering(Response):
    """An answer to a request whose body was not read to its end.

    Closing a TCP connection with unread data resets it, and the reset overtakes the answer (RFC 9112, section 9.6). So the
    answer goes out whole, then what the client still sends is thrown away for a moment, then the connection is closed.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})
        left = LINGER_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        break
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def problem_of(error: NetloomError, instance: str | None) -> ProblemBody:
    """The problem that an error is; `instance` is the request's id."""
    status = error.http_status if isinstance(error, HttpProblem) else error.status
    mistakes: tuple[Mistake, ...] = ()
    omitted = 0
    document = line = column = None
    if isinstance(error, Mistakes):
        first = error.mistakes[0]
        document, line, column = first.document, first.line, first.column
        mistakes = error.mistakes if error.total > 1 else ()
        omitted = error.total - len(error.mistakes)
    elif isinstance(error, Malformed):
        line, column = error.line, error.column
    return ProblemBody(
        type=TYPE_PREFIX + error.stable_code,
        title=error.stable_code.replace("-", " ").capitalize(),
        status=status,
        detail=error.message,
        code=error.stable_code,
        instance=instance,
        field=error.subject,
        hint=error.hint,
        current=error.current if isinstance(error, StaleVersion) else None,
        retry_after=error.retry_after,
        document=document,
        line=line,
        column=column,
        errors=mistakes,
        errors_omitted=omitted,
    )


def problem_response(error: NetloomError, instance: str | None = None) -> Response:
    """The answer for an error, with the headers that its status asks for."""
    body = problem_of(error, instance)
    headers: dict[str, str] = {}
    if body.status in {429, 503}:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after or 1.0)))
    if body.status == 401:
        headers["www-authenticate"] = 'Bearer realm="netloom"'
    unread = isinstance(error, Unread)
    if unread or body.status == 408:
        headers["connection"] = "close"  # the rest of the body is not read
    kind = _Lingering if unread else Response
    return kind(_encode(body), status_code=body.status, media_type=MEDIA_TYPE, headers=headers)
