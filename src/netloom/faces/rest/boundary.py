"""The request boundary: everything enters and leaves here: bounds, authentication, request ids, metrics, the last catch.

Rule 1: this is the request's one broad except; what gets here unforeseen is logged with its trace and told as a problem.
Rule 2: nothing a client sent is logged but method, path and sizes, each cut; tokens never.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from netloom.base.errors import NetloomError
from netloom.faces.rest.auth import OPEN_PATHS, Gate
from netloom.faces.rest.limits import Limits, client_of
from netloom.faces.rest.metrics import RestMetrics
from netloom.faces.rest.problems import problem_response

_log = structlog.get_logger("netloom.rest")
REQUEST_ID: Final = "netloom.request_id"


class Boundary:
    """Wraps the routed application."""

    def __init__(
        self, api: ASGIApp, *, gate: Gate, limits: Limits, metrics: RestMetrics, clock: Callable[[], float]
    ) -> None:
        self._api = api
        self._gate = gate
        self._limits = limits
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "lifespan":
            await self._api(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:  # websockets: refused before they are accepted
            await send({"type": "websocket.close", "code": 1000})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = self._clock()
        request_id = secrets.token_hex(8)
        scope[REQUEST_ID] = request_id
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        self._metrics.active.inc()
        try:
            await self._serve(scope, receive, send_with_id)
        except NetloomError as error:  # refused before routing; routes have their own handler
            await problem_response(error, request_id)(scope, receive, send_with_id)
        except Exception:  # noqa: BLE001 - the request door: it fails alone
            # The routed application has answered 500 by now, or cannot any more.
            _log.exception(
                "request failed", request_id=request_id, method=scope["method"], path=scope["path"][:256]
            )
        finally:
            seconds = self._clock() - began
            self._metrics.active.dec()
            route = getattr(scope.get("route"), "path", "unrouted")
            self._metrics.observe(scope["method"] if route != "unrouted" else "-", route, status, seconds)
            _log.debug(
                "request",
                request_id=request_id,
                client=client_of(scope),
                method=scope["method"],
                path=scope["path"][:256],
                status=status,
                seconds=round(seconds, 4),
            )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in OPEN_PATHS:  # also while all places are taken: overload is not ill health
            await self._api(scope, receive, send)
            return
        self._limits.check(scope)
        await self._gate.check(scope)
        with self._limits.places(scope).held():
            await self._api(scope, receive, send)
