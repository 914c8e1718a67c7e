"""Who is asking. Bearer tokens over TCP; on the daemon's Unix socket the file's permissions have decided already.

Rule 1: a listener is untrusted unless its application was wrapped in `trusted`: forgetting it refuses, never lets in.
Rule 2: tokens are compared as digests in constant time, every token each time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from netloom.base.errors import Unauthenticated

_TRUSTED: Final = "netloom.trusted"
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""Served to anybody who can connect: they tell nothing but up or not."""


def trusted(api: ASGIApp) -> ASGIApp:
    """The same application for a listener whose peers need no token (a Unix socket with file permissions)."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await api({**scope, _TRUSTED: True}, receive, send)

    return serve


class Gate:
    """Checks the Authorization header of untrusted listeners."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._digests = tuple(hashlib.sha256(token.encode()).digest() for token in tokens)

    def check(self, scope: Scope) -> None:
        """Lets pass or raises.

        Raises:
            Unauthenticated: no token, or not one of ours.
        """
        if scope.get(_TRUSTED) is True or scope["path"] in OPEN_PATHS:
            return
        header = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        if header is None:
            raise Unauthenticated("no token", hint="send Authorization: Bearer TOKEN")
        scheme, _, token = header.partition(b" ")
        digest = hashlib.sha256(token.strip()).digest()
        # All are compared, whatever the first says: the time tells nothing about which one is near.
        found = [hmac.compare_digest(digest, ours) for ours in self._digests]
        if scheme.lower() != b"bearer" or not any(found):
            raise Unauthenticated(
                "the token is not known", hint="the admin token stands in the daemon's token file"
            )
