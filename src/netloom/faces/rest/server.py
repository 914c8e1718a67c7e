"""HTTP over sockets: uvicorn with bounds on what comes before the application sees a request.

uvicorn has no limit on the size of headers with httptools, and none on the time they take; here they are.

Rule 1: a connection that has not sent a whole request head in time, or in bounds, is closed.
Rule 2: nothing here knows a route.
"""

from __future__ import annotations

import asyncio
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
MAX_HEAD: Final = 65_536
KEEP_ALIVE_SECONDS: Final = 75
MAX_CONNECTIONS: Final = 4_096
"""Connections of one door; more are answered 503 at once."""
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a bound on the bytes and the seconds of a request's head."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected: its first request's head is awaited."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of heads and bodies; those of a head are counted."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_timer is None:  # the next request of a connection that was idle
                self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_late)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD:
            self._refuse(_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._head_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there; what comes next is another head."""
        self._in_head = True
        super().on_message_complete()

    def _head_late(self) -> None:
        self._head_timer = None
        if self._in_head:
            self._refuse(_TOO_SLOW)

    def _refuse(self, answer: bytes) -> None:
        self._stop_timer()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def server_config(api: ASGIApp, *, certificate: str = "", key: str = "") -> uvicorn.Config:
    """How netloom runs uvicorn; sockets are handed to `Server.serve(sockets=[...])`.

    Args:
        api: as `create_api` made it, or `auth.trusted` of it.
        certificate: file of the certificate with its chain, for HTTPS; empty: HTTP.
        key: file of its key.
    """
    return uvicorn.Config(
        api,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=3,
        ssl_certfile=certificate or None,
        ssl_keyfile=key or None,
    )
