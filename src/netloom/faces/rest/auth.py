"""Who is asking. Bearer tokens over TCP are the operator's; API keys are their users'; on the daemon's Unix socket the
file's permissions have decided already.

Rule 1: a listener is untrusted unless its application was wrapped in `trusted`: forgetting it refuses, never lets in.
Rule 2: tokens and secrets are compared as digests in constant time, every token each time; a key that is not known costs
    the same as a wrong secret.
Rule 3: users reach the cloud's kinds and nothing else: the switches' intent is the operator's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Protocol

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from netloom.app.cloud.identity_seed import first_administrator
from netloom.base.errors import Forbidden, Unauthenticated
from netloom.model.cloud.identity import Caller

_TRUSTED: Final = "netloom.trusted"
_CALLER: Final = "netloom.caller"
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""Served to anybody who can connect: they tell nothing but up or not."""

EVERYBODYS: Final = frozenset({"/v1/openapi.json", "/docs"})
"""Served to whoever is known."""


class Signs(Protocol):
    """Whose key it is, and the secret that goes with it."""

    @property
    def caller(self) -> Caller:
        """The user."""
        ...

    @property
    def secret(self) -> str:
        """What has to be shown with the key."""
        ...


Signers = Callable[[str], Awaitable[Signs | None]]
"""Finds who has an API key; None: nobody, or somebody who may not come in."""


def trusted(api: ASGIApp) -> ASGIApp:
    """The same application for a listener whose peers need no token (a Unix socket with file permissions)."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await api({**scope, _TRUSTED: True}, receive, send)

    return serve


def caller_of(request: Request) -> Caller:
    """Who asks: the operator unless an API key was shown."""
    found = request.scope.get(_CALLER)
    return found if isinstance(found, Caller) else first_administrator()


class Gate:
    """Checks the Authorization header.

    Args:
        tokens: the operator's.
        signers: how users are found by API key; None: nobody comes in by one.
        collections: path segments under `/v1` that users reach.
    """

    def __init__(
        self, tokens: Iterable[str], signers: Signers | None = None, collections: Iterable[str] = ()
    ) -> None:
        self._digests = tuple(_digest(token.encode()) for token in tokens)
        self._signers = signers
        self._collections = frozenset(collections)

    async def check(self, scope: Scope) -> None:
        """Lets pass or raises; who it is stands in the scope from then on.

        Raises:
            Unauthenticated: no token or key, or not one that is known.
            Forbidden: a user asks for what is the operator's.
        """
        if scope["path"] in OPEN_PATHS:
            return
        header = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        if header is not None and header[:6].lower() == b"basic " and self._signers is not None:
            caller = await self._user(self._signers, header[6:].strip())
            if not caller.is_root:
                self._check_path(scope["path"], caller)
            scope[_CALLER] = caller
            return
        if scope.get(_TRUSTED) is True:
            return
        if header is None:
            raise Unauthenticated("no token", hint="send Authorization: Bearer TOKEN")
        scheme, _, token = header.partition(b" ")
        digest = _digest(token.strip())
        # All are compared, whatever the first says: the time tells nothing about which one is near.
        found = [hmac.compare_digest(digest, ours) for ours in self._digests]
        if scheme.lower() != b"bearer" or not any(found):
            raise Unauthenticated(
                "the token is not known", hint="the admin token stands in the daemon's token file"
            )

    async def _user(self, signers: Signers, encoded: bytes) -> Caller:
        try:
            key, sign, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Unauthenticated(
                "no API key and secret in it", hint="send Basic base64(KEY:SECRET)"
            ) from error
        found = await signers(key) if sign and key.isprintable() and len(key) <= 255 else None
        ours = _digest(b"" if found is None else found.secret.encode())
        if not hmac.compare_digest(_digest(secret.encode()), ours) or found is None:
            raise Unauthenticated("the API key is not known, or its secret is another")
        return found.caller

    def _check_path(self, path: str, caller: Caller) -> None:
        parts = path.split("/")
        if path in EVERYBODYS or (len(parts) > 2 and parts[1] == "v1" and parts[2] in self._collections):
            return
        raise Forbidden(
            f"{path[:128]} is the operator's; {caller.name} is none", code="operators-only",
            hint="the cloud's kinds are under /v1 too: /v1/openapi.json lists them",
        )  # fmt: skip


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
