"""How much one client, and all of them together, may ask at a time, and how long a form may take.

Rule 1: what is too much is refused at once and said how much would not be; nothing waits in a queue inside.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope

from netloom.base.errors import InvalidInput, TooLarge, TooMany, Unavailable
from netloom.faces.cloudstack.protocol.parameters import MAX_BYTES
from netloom.faces.cloudstack.settings import FaceSettings


class Bounds:
    """The bounds of one face."""

    def __init__(self, settings: FaceSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> requests left, at
        self.served = 0

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """A place for a request.

        Raises:
            TooMany: the client asks too often.
            Unavailable: all places are taken.
        """
        self._take(client)
        if self.served >= self._settings.max_requests:
            raise Unavailable(
                f"{self.served} requests are being served", code="too-many-at-once", hint="try again shortly"
            )
        self.served += 1
        try:
            yield
        finally:
            self.served -= 1

    def _take(self, client: str) -> None:
        rate, burst = self._settings.rate, float(self._settings.burst)
        if not rate:
            return
        now = self._clock()
        left, at = self._level.get(client, (burst, now))
        left = min(burst, left + (now - at) * rate)
        self._level[client] = (max(0.0, left - 1.0), now)
        self._level.move_to_end(client)
        if len(self._level) > self._settings.max_clients:
            self._level.popitem(last=False)
        if left < 1.0:
            raise TooMany(
                "requests come faster than they are taken",
                code="rate-limited",
                hint=f"at most {rate:g} a second",
                retry_after=(1.0 - left) / rate,
            )


def client_of(scope: Scope) -> str:
    """Whom the rate counts for: the remote address; one client for all of a Unix socket."""
    client = scope.get("client")
    return client[0] if client else "unix"


async def read_form(scope: Scope, receive: Receive, seconds: float) -> bytes:
    """The body of a POST, which has to be a form.

    Raises:
        InvalidInput: it is none, is not there in time, or broke off.
        TooLarge: it is larger than is read.
    """
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:16]) > MAX_BYTES:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise InvalidInput("the client hung up", code="malformed-request")
                part = message.get("body", b"")
                size += len(part)
                if size > MAX_BYTES:
                    raise _too_large()
                parts.append(part)
                if not message.get("more_body", False):
                    break
    except TimeoutError as error:
        raise InvalidInput(
            f"{size} bytes of the form in {seconds:g} seconds",
            code="malformed-request",
            hint="send it faster",
        ) from error
    body = b"".join(parts)
    if body.strip() and kind not in {b"application/x-www-form-urlencoded", b""}:
        raise InvalidInput(
            f"a body of the type {kind[:64].decode('latin-1')}",
            code="malformed-request",
            hint="application/x-www-form-urlencoded",
        )
    return body


def _too_large() -> TooLarge:
    return TooLarge("a form that large", code="request-too-large", hint=f"at most {MAX_BYTES} bytes")
