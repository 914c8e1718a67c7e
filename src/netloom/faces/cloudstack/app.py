"""The ASGI application of the CloudStack face, for `/client/api`.

Rule 1: here is the request's one broad except: what is not foreseen is 530 and a log line, never a 500.
Rule 2: nothing a client sent is logged but the command's name, if there is such a command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud.cloud import Cloud
from netloom.base.errors import InvalidInput, NetloomError, TooMany
from netloom.faces.cloudstack.authentication import Authentication, Authority, cookie_of, unknown
from netloom.faces.cloudstack.bounds import Bounds, client_of, from_a_page, read_form
from netloom.faces.cloudstack.catalogue import catalogue_of
from netloom.faces.cloudstack.command import Call, Command
from netloom.faces.cloudstack.commands import COMMANDS
from netloom.faces.cloudstack.counts import UNKNOWN, CallCounts, Ending
from netloom.faces.cloudstack.errors import refusal
from netloom.faces.cloudstack.logins import LOGIN, LOGOUT, Answered, Logins
from netloom.faces.cloudstack.protocol.envelopes import (
    UNKNOWN_KEY,
    Refusal,
    Written,
    header_text,
    response_key,
    write,
)
from netloom.faces.cloudstack.protocol.parameters import Parameters, parse
from netloom.faces.cloudstack.sessions import LoginThrottle, SessionBook
from netloom.faces.cloudstack.settings import FaceSettings

_log = structlog.get_logger("netloom.cloudstack")

PATH: Final = "/client/api"
TRUSTED: Final = "netloom.trusted"
"""Set in the scope by doors that only root can open."""
_OWN_FAULT: Final = 500
"""From this status on an error is not the client's."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer."""

    status: int
    written: Written
    ending: Ending
    headers: tuple[tuple[bytes, bytes], ...] = ()


class CloudStackFace:
    """Serves CloudStack's query API; the path is whoever mounts it's to say."""

    def __init__(
        self,
        cloud: Cloud,
        authority: Authority,
        settings: FaceSettings | None = None,
        *,
        registry: CollectorRegistry | None = None,
        commands: Sequence[Command] = COMMANDS,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._settings = settings = settings or FaceSettings()
        self._cloud = cloud
        self._clock = clock
        self._catalogue = catalogue_of(commands)
        self._bounds = Bounds(settings, clock.now)
        sessions = SessionBook(idle=settings.session_idle, limit=settings.max_sessions, clock=clock.now)
        self._authentication = Authentication(authority, sessions, settings, cloud.now)
        throttle = LoginThrottle(
            free=settings.login_free,
            window=settings.login_window,
            longest=settings.login_wait,
            limit=settings.max_clients,
            clock=clock.now,
        )
        self._logins = Logins(authority, sessions, throttle, settings, clock)
        registry = CollectorRegistry() if registry is None else registry
        self._counts = CallCounts(registry, self._catalogue.commands)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            return
        began = self._clock.now()
        name, reply = await self._reply(scope, receive)
        self._counts.observe(name, reply.status, reply.ending, self._clock.now() - began)
        await _send(send, reply, body=scope["method"] != "HEAD")

    async def _reply(self, scope: Scope, receive: Receive) -> tuple[str, Reply]:
        """The known command's name (or `-`) and the answer."""
        as_json = b"response=json" in scope["query_string"].lower()
        key, name = UNKNOWN_KEY, UNKNOWN
        headers: tuple[tuple[bytes, bytes], ...] = ()
        given: Parameters | None = None
        try:
            given = await self._read(scope, receive)
            as_json = given.wants_json
            with self._bounds.place():
                command = given.command.lower()
                if command in self._catalogue.table or command in {LOGIN, LOGOUT}:
                    key, name = response_key(command), command
                answered = await self._answer(command, given, scope)
                written = write(key, answered.content, as_json=as_json)
                return name, Reply(200, written, Ending.DONE, answered.headers)
        except NetloomError as error:
            told = refusal(error, name, {} if given is None else given.values)
            ending = Ending.REFUSED if error.status < _OWN_FAULT else Ending.FAILED
            if isinstance(error, TooMany) and error.retry_after is not None:
                headers = ((b"retry-after", str(max(1, round(error.retry_after))).encode()),)
        except Exception:  # noqa: BLE001 - the request door: it fails alone
            _log.exception("request failed", command=name)
            told = Refusal(530, 4250, "netloom failed on this request; its log tells why")
            ending = Ending.FAILED
        written = write(key, told.fields(), as_json=as_json)
        described = (b"x-description", header_text(told.text))
        return name, Reply(told.status, written, ending, (*headers, described))

    async def _read(self, scope: Scope, receive: Receive) -> Parameters:
        method, client, form = scope["method"], client_of(scope), b""
        self._bounds.admit(client)
        if method not in {"GET", "POST", "HEAD"}:
            raise InvalidInput(f"method {method[:16]}", code="method-not-allowed", hint="GET or POST")
        if method == "POST":
            with self._bounds.reading(client):
                form = await read_form(scope, receive, self._settings.body_seconds)
            self._bounds.weigh(client, len(form))
        return parse(scope["query_string"], form)

    async def _answer(self, command: str, given: Parameters, scope: Scope) -> Answered:
        cookie = cookie_of(scope["headers"])
        if command == LOGIN:
            return await self._logins.login(given, scope)
        if command == LOGOUT:
            return self._logins.logout(cookie, given)
        trusted = scope.get(TRUSTED) is True and not from_a_page(scope)
        caller = await self._authentication.caller(given, cookie, trusted=trusted)
        api = self._catalogue.table.get(command)
        if api is None:
            if trusted and "signature" not in given.values:
                raise InvalidInput(
                    f"there is no command {given.command[:64]!r}" if command else "no command was given",
                    code="unsupported-command",
                    hint="command=listApis lists what there is",
                )
            # CloudStack tells a caller who may not use a command the same as one who is not known.
            raise unknown("command not known")
        called = self._catalogue.commands[command]
        call = Call(called, api, given, caller, self._cloud, self._catalogue)
        try:
            self._catalogue.check(command, given)
            return Answered(await called.answer.give(call, await called.run(call)))
        except InvalidInput:
            await call.permitted()  # who may not give a command is told that, not what is wrong with the call
            raise


async def _send(send: Send, reply: Reply, *, body: bool) -> None:
    content = reply.written.body
    headers = [
        (b"content-type", reply.written.content_type.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": content if body else b""})
