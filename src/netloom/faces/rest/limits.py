"""How much one client, and all of them together, may ask at a time.

Rule 1: a bound refuses at once (429, 431, 414) and says when to come back; nothing waits in a queue inside.
Rule 2: what holds a place long (waits, streams, files) has places of its own, so that it cannot starve short requests.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from netloom.base.errors import TooMany
from netloom.faces.rest.problems import HttpProblem
from netloom.faces.rest.settings import RestSettings


class TokenBucket:
    """Allows `rate` per second and `burst` at once, per client; the least recent client is forgotten first."""

    def __init__(self, rate: float, burst: int, max_clients: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._max_clients = max_clients
        self._clock = clock
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> tokens, at

    def take(self, client: str) -> float:
        """Takes one token: 0 when there was one, else the seconds until there is one again."""
        now = self._clock()
        tokens, at = self._level.get(client, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        allowed = tokens >= 1.0
        self._level[client] = (tokens - 1.0 if allowed else tokens, now)
        self._level.move_to_end(client)
        if len(self._level) > self._max_clients:
            self._level.popitem(last=False)
        return 0.0 if allowed else (1.0 - tokens) / self._rate

    def __len__(self) -> int:
        return len(self._level)


class Places:
    """A bound on how many of a sort are served at the same time."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.taken = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds a place.

        Raises:
            TooMany: all are taken.
        """
        if self.taken >= self.limit:
            raise TooMany(
                f"{self.limit} {self.name} are being served",
                code="too-many-at-once",
                hint="try again shortly",
                retry_after=1.0,
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Limits:
    """All bounds that are checked before a request is routed."""

    def __init__(self, settings: RestSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._bucket = (
            TokenBucket(settings.rate, settings.burst, settings.max_clients, clock)
            if settings.rate > 0
            else None
        )
        self.requests = Places("requests", settings.max_requests)
        self.waits = Places("waiting requests", settings.max_waits)
        self.streams = Places("watches", settings.max_streams)
        self.files = Places("apply and plan requests", settings.max_files)

    def check(self, scope: Scope) -> None:
        """Size of path, query and headers, and the client's rate.

        Raises:
            HttpProblem: 414 or 431.
            TooMany: 429 with the time to wait.
        """
        settings = self._settings
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > settings.max_url:
            raise HttpProblem(414, hint=f"at most {settings.max_url} bytes")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > settings.max_headers:
            raise HttpProblem(431, hint=f"at most {settings.max_headers} bytes")
        if self._bucket is not None:
            wait = self._bucket.take(client_of(scope))
            if wait:
                raise TooMany(
                    "requests come faster than they are taken",
                    code="rate-limited",
                    hint=f"at most {settings.rate:g} a second",
                    retry_after=wait,
                )

    def places(self, scope: Scope) -> Places:
        """The sort of request that this is."""
        path: str = scope["path"]
        if path == "/v1/watch":
            return self.streams
        if path in {"/v1/apply", "/v1/plan"}:
            return self.files
        return self.waits if _asks(scope["query_string"], "wait") else self.requests


def _asks(query: bytes, name: str) -> bool:
    """Whether a parameter is in a query, however its name is written (RFC 3986, section 2.1)."""
    names = (part.partition(b"=")[0] for part in query.split(b"&"))
    return any(unquote_to_bytes(found.replace(b"+", b" ")).decode("latin-1") == name for found in names)


def client_of(scope: Scope) -> str:
    """Whom the rate counts for: the remote address; one client for all of a Unix socket."""
    client = scope.get("client")
    return client[0] if client else "unix"
