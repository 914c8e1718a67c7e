"""What the asynchronous and the synchronous client do alike: build requests, decide on another try, read answers."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Final, TypeVar

import httpx

import netloom
from netloom.base.errors import NetloomError, PeerError
from netloom.client.address import Address
from netloom.client.calls import Call
from netloom.client.errors import NoAnswer, error_of

T = TypeVar("T")

TIMEOUT: Final = 30.0
"""Seconds for an answer, besides what the call lets the server wait."""

TRIES: Final = 4
_FIRST_PAUSE: Final = 0.2
_MOST_PAUSE: Final = 10.0
_TEMPORARY: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Options:
    """How a client behaves; `tries` 1 switches retries off."""

    timeout: float = TIMEOUT
    tries: int = TRIES


def headers_of(address: Address) -> dict[str, str]:
    """Headers of every request."""
    found = {"user-agent": f"netloom/{netloom.__version__}", "accept": "application/json"}
    if address.token is not None and ":" in address.token:  # API key and secret key of a user
        found["authorization"] = "Basic " + base64.b64encode(address.token.encode()).decode()
    elif address.token is not None:
        found["authorization"] = f"Bearer {address.token}"
    return found


def request_of(call: Call[T], address: Address, options: Options) -> dict[str, object]:
    """The keyword arguments of `build_request`, the same for both of httpx's clients."""
    headers = dict(call.headers)
    if call.content is not None:
        headers["content-type"] = call.content_type
    return {
        "method": call.method,
        "url": address.base + call.path,
        "params": call.params or None,
        "headers": headers,
        "content": call.content,
        "timeout": httpx.Timeout(options.timeout, read=options.timeout + call.wait),
    }


def read(call: Call[T], response: httpx.Response) -> T:
    """The answer as the call reads it.

    Raises:
        NetloomError: the server refused, or its answer is not what the contract says.
    """
    if not response.is_success:
        raise error_of(response.status_code, response.content)
    try:
        return call.parse(response.content)
    except ValueError as error:  # pydantic's ValidationError is one
        raise PeerError(
            f"the answer to {call.method} {call.path} is not what the API says: {str(error)[:300]}",
            subject="netloomd",
            hint="is the client older than the server, or is it another server?",
        ) from error


def lost(error: httpx.TransportError, address: Address) -> NoAnswer:
    """What a failed connection means."""
    where = address.base if address.socket is None else f"unix:{address.socket}"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        hint = "is netloomd running? --server or NETLOOM_SERVER tells where it is"
        return NoAnswer(f"cannot connect to {where}: {error}", hint=hint, maybe_done=False)
    if isinstance(error, httpx.TimeoutException):
        return NoAnswer(f"no answer from {where} in time", maybe_done=True)
    return NoAnswer(f"{where} hung up: {error}", maybe_done=True)


def pause_before(
    call: Call[T], error: NetloomError, status: int | None, attempt: int, tries: int
) -> float | None:
    """Seconds to wait before trying again, None when it must not be tried again.

    Args:
        call: what was tried.
        error: how it failed.
        status: of the answer, None when there was none.
        attempt: from 1.
        tries: at most.
    """
    if attempt >= tries:
        return None
    if isinstance(error, NoAnswer):
        if error.maybe_done and not call.repeatable:
            return None
    elif status not in _TEMPORARY or (status != 429 and not call.repeatable):
        return None
    backoff: float = min(_MOST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempt - 1))
    jitter = 0.5 + secrets.randbelow(1_000) / 1_000
    return min(_MOST_PAUSE, max(error.retry_after or 0.0, backoff * jitter))
