"""The synchronous client: thin, for the command line and scripts; takes the calls of `calls`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import TypeAdapter

from netloom.base.errors import NetloomError
from netloom.client.address import DEFAULT_SOCKET, parse_address
from netloom.client.calls import Call
from netloom.client.errors import NoAnswer, error_of, error_of_problem
from netloom.client.transport import Options, headers_of, lost, pause_before, read, request_of
from netloom.contract.changes import Bookmark, Change, StreamError

T = TypeVar("T")

Trace = Callable[[httpx.Request, httpx.Response | None, float], None]
"""Told of each exchange: request, answer (None when there was none), seconds."""

_line: TypeAdapter[Change | Bookmark | StreamError] = TypeAdapter(Change | Bookmark | StreamError)


class SyncClient:
    """The API of one netloomd, one call at a time.

    Args:
        server: `unix:PATH` or `http(s)://HOST:PORT`.
        token: bearer token; a Unix socket needs none.
        options: timeouts and retries.
        trace: called for each exchange.
    """

    def __init__(
        self,
        server: str = DEFAULT_SOCKET,
        *,
        token: str | None = None,
        options: Options | None = None,
        trace: Trace | None = None,
    ) -> None:
        self._address = parse_address(server, token)
        self._options = options or Options()
        self._trace = trace
        self._http = httpx.Client(
            headers=headers_of(self._address),
            transport=httpx.HTTPTransport(uds=self._address.socket),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Do one call, again where that is safe.

        Raises:
            NetloomError: as the server says, or `NoAnswer`.
        """
        attempt = 0
        while True:
            attempt += 1
            status: int | None = None
            request = self._http.build_request(**request_of(call, self._address, self._options))  # type: ignore[arg-type]
            began = time.monotonic()
            try:
                response = self._http.send(request)
                status = response.status_code
                self._tell(request, response, began)
                return read(call, response)
            except httpx.TransportError as error:
                self._tell(request, None, began)
                failure: NetloomError = lost(error, self._address)
            except NetloomError as error:
                failure = error
            pause = pause_before(call, failure, status, attempt, self._options.tries)
            if pause is None:
                raise failure
            time.sleep(pause)

    def watch(self, since: int | None = None) -> Iterator[Change | Bookmark]:
        """Changes until the connection breaks.

        Raises:
            NetloomError: as the server says, or `NoAnswer`.
        """
        params = {} if since is None else {"since": str(since)}
        timeout = httpx.Timeout(self._options.timeout, read=60.0)
        try:
            with self._http.stream(
                "GET", f"{self._address.base}/v1/watch", params=params, timeout=timeout
            ) as response:
                self._tell(response.request, response, time.monotonic())
                if not response.is_success:
                    raise error_of(response.status_code, response.read())
                for line in response.iter_lines():
                    item = _line.validate_json(line)
                    if isinstance(item, StreamError):
                        raise error_of_problem(item.problem)
                    yield item
        except httpx.TransportError as error:
            raise lost(error, self._address) from error
        raise NoAnswer("the change stream ended", maybe_done=True)

    def _tell(self, request: httpx.Request, response: httpx.Response | None, began: float) -> None:
        if self._trace is not None:
            self._trace(request, response, time.monotonic() - began)
