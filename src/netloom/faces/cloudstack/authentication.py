"""Who is asking: a signature, a session, or a door that only root can reach.

Rule 1: whoever is not known is told CloudStack's one sentence and nothing of what was wrong; the log tells operators.
Rule 2: a key that is not known is checked against a secret of nobody's: it costs what a wrong signature costs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog

from netloom.app.cloud.identity import LoggedIn, Signer
from netloom.base.errors import Unauthenticated
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.errors import UNKNOWN_SIGNER
from netloom.faces.cloudstack.protocol.parameters import Parameters
from netloom.faces.cloudstack.protocol.signature import api_key, check_expiry, is_signed
from netloom.faces.cloudstack.sessions import SessionBook
from netloom.faces.cloudstack.settings import FaceSettings
from netloom.model.cloud.identity import Caller

_log = structlog.get_logger("netloom.cloudstack")
_NOBODY: Final = secrets.token_urlsafe(48)


class Authority(Protocol):
    """What is known of users; what it says is true now, not when a session began."""

    async def signer(self, key: str) -> Signer | None:
        """Who signs with an API key; None when nobody does (any more), or may not."""
        ...

    async def by_password(self, username: str, password: str, domain: str) -> LoggedIn | None:
        """Who logs in; a domain is a path (`/acme/`) or an id; as slow when there is no such user."""
        ...

    async def user(self, user_id: Uuid, mark: str) -> Caller | None:
        """A user by id; None when there is none (any more), it may not log in, or its password is not the marked one."""
        ...

    async def root(self) -> Caller:
        """The root administrator."""
        ...


@dataclass(frozen=True, slots=True)
class Authentication:
    """Finds the caller of a request."""

    authority: Authority
    sessions: SessionBook
    settings: FaceSettings
    now: Callable[[], datetime]

    async def caller(self, given: Parameters, cookie: str | None, *, trusted: bool) -> Caller:
        """Who asks.

        Raises:
            Unauthenticated: nobody who is known.
        """
        if "signature" in given.values or "apikey" in given.values:
            return await self._signed(given)
        if cookie is not None and "sessionkey" in given.values:
            return await self._in_session(cookie, given.values["sessionkey"])
        if trusted:
            return await self.authority.root()
        raise unknown("neither signed nor in a session")

    async def _signed(self, given: Parameters) -> Caller:
        signer = await self.authority.signer(api_key(given))
        right = is_signed(_NOBODY if signer is None else signer.secret, given)
        if signer is None or not right:
            raise unknown("key not known" if signer is None else "signature does not fit")
        try:
            check_expiry(given, self.now(), self.settings.expires_ahead)
        except Unauthenticated as error:
            raise unknown(str(error)) from error
        return signer.caller

    async def _in_session(self, cookie: str, key: str) -> Caller:
        session = self.sessions.find(cookie, key)
        if session is None:
            raise unknown("session not known")
        caller = await self.authority.user(session.user_id, session.mark)
        if caller is None:
            self.sessions.close(cookie)
            raise unknown("session of a user that may not log in, or whose password was changed")
        return caller


def unknown(reason: str) -> Unauthenticated:
    """The error for whoever is not known; the reason goes to the log only."""
    _log.info("not authenticated", reason=reason)
    return Unauthenticated(UNKNOWN_SIGNER)


def cookie_of(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The session's cookie of a request."""
    for name, value in headers:
        if name == b"cookie":
            for part in value.split(b";"):
                key, _, found = part.strip().partition(b"=")
                if key == b"JSESSIONID" and found:
                    return found.strip(b'"').decode("latin-1")[:128]
    return None
