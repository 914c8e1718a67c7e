"""How much one client, and all of them together, may ask at a time, and how long a form may take.

Rule 1: what is too much is refused at once and said how much would not be; nothing waits in a queue inside.
Rule 2: a form that is still coming takes no place of those that are served, and one client has but some of those that come:
    who sends slowly holds up nobody else.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter, OrderedDict
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
        self._coming: Counter[str] = Counter()  # client -> forms that are being read
        self.served = 0

    def admit(self, client: str) -> None:
        """Count a request that came.

        Raises:
            TooMany: the client asks too often.
        """
        self._take(client, 1.0)

    @contextmanager
    def reading(self, client: str) -> Iterator[None]:
        """While a form comes.

        Raises:
            TooMany: too many of this client's are on their way.
            Unavailable: too many are on their way.
        """
        if self._coming[client] >= self._settings.max_forms_of_one:
            raise TooMany(
                f"{self._coming[client]} forms of this client are still coming",
                code="too-many-forms",
                hint="send them faster",
                retry_after=1.0,
            )
        if self._coming.total() >= self._settings.max_requests:
            raise Unavailable("too many forms are coming", code="too-many-at-once", hint="try again shortly")
        self._coming[client] += 1
        try:
            yield
        finally:
            self._coming[client] -= 1
            if not self._coming[client]:
                del self._coming[client]

    def weigh(self, client: str, size: int) -> None:
        """Count the bytes of a form: one of 64 KiB is worth 64 requests.

        Raises:
            TooMany: the client sends too much.
        """
        if size >= 1_024:
            self._take(client, min(size / 1_024, self._settings.burst / 2))

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for a request that is there as a whole.

        Raises:
            Unavailable: all places are taken.
        """
        if self.served >= self._settings.max_requests:
            raise Unavailable(
                f"{self.served} requests are being served", code="too-many-at-once", hint="try again shortly"
            )
        self.served += 1
        try:
            yield
        finally:
            self.served -= 1

    def _take(self, client: str, weight: float) -> None:
        rate, burst = self._settings.rate, float(self._settings.burst)
        if not rate:
            return
        now = self._clock()
        left, at = self._level.get(client, (burst, now))
        left = min(burst, left + (now - at) * rate)
        self._level[client] = (max(0.0, left - weight), now)
        self._level.move_to_end(client)
        if len(self._level) > self._settings.max_clients:
            self._level.popitem(last=False)
        if left < weight:
            raise TooMany(
                "requests come faster than they are taken",
                code="rate-limited",
                hint=f"at most {rate:g} a second",
                retry_after=(weight - left) / rate,
            )


def from_a_page(scope: Scope) -> bool:
    """Whether a browser sent the request for a page of somebody else's, or for a name that is not this machine's.

    A door that asks nobody who they are is still not for the pages that its user happens to look at.
    """
    headers = dict(scope["headers"])
    if headers.get(b"sec-fetch-site", b"none") not in {b"none", b"same-origin"} or b"origin" in headers:
        return True
    host = headers.get(b"host", b"").decode("latin-1")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return scope.get("client") is not None and not _is_loopback(name.strip("[]"))


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower() in {"localhost", ""}


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
