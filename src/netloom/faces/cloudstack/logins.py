"""Logging in and out.

Rule 1: a wrong password answers 531, as slow as a user that does not exist, and slower the more often it was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from netloom.aio.clock import Clock
from netloom.app.cloud.identity import LoggedIn
from netloom.base.errors import Forbidden, InvalidInput, TooMany
from netloom.faces.cloudstack.authentication import Authority
from netloom.faces.cloudstack.bounds import client_of
from netloom.faces.cloudstack.protocol.parameters import Parameters
from netloom.faces.cloudstack.sessions import LoginThrottle, Session, SessionBook
from netloom.faces.cloudstack.settings import FaceSettings
from netloom.faces.cloudstack.table import INVALID
from netloom.model.cloud.identity import ACCOUNT_NUMBERS

LOGIN: Final = "login"
LOGOUT: Final = "logout"
MAX_PASSWORD: Final = 1_024


@dataclass(frozen=True, slots=True)
class Answered:
    """The content of an answer, and headers that go with it."""

    content: Mapping[str, object]
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Logins:
    """Opens and closes sessions."""

    def __init__(
        self,
        authority: Authority,
        sessions: SessionBook,
        throttle: LoginThrottle,
        settings: FaceSettings,
        clock: Clock,
    ) -> None:
        self._authority = authority
        self._sessions = sessions
        self._throttle = throttle
        self._settings = settings
        self._clock = clock
        self._checking = 0

    async def login(self, given: Parameters, scope: Scope) -> Answered:
        """Open a session.

        Raises:
            Forbidden: `login-failed`.
            TooMany: too many log in at the same time.
            InvalidInput: a parameter is missing.
        """
        username, password = _needed(given, "username"), _needed(given, "password")
        domain = given.values.get("domain") or given.values.get("domainid") or "/"
        if self._checking >= self._settings.max_logins:
            raise TooMany(
                "too many are logging in", code="too-many-logins", hint="try again shortly", retry_after=1.0
            )
        address, user = f"from {client_of(scope)}", f"user {domain} {username}"
        self._checking += 1
        try:
            await self._clock.sleep(self._throttle.wait(address, user))
            found = await self._authority.by_password(username, password, domain)
        finally:
            self._checking -= 1
        if found is None:
            self._throttle.failed(address, user)
            raise Forbidden(
                "Failed to authenticate the user; please provide valid credentials", code="login-failed"
            )
        self._throttle.succeeded(user)
        session = self._sessions.open(found.user.id)
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"JSESSIONID={session.cookie}; Path=/client; HttpOnly; SameSite=Lax{secure}"
        return Answered(self._told(found, session), ((b"set-cookie", cookie.encode()),))

    def logout(self, cookie: str | None) -> Answered:
        """End the session, if there is one."""
        if cookie is not None:
            self._sessions.close(cookie)
        return Answered(
            {"description": "success"},
            ((b"set-cookie", b"JSESSIONID=; Path=/client; HttpOnly; SameSite=Lax; Max-Age=0"),),
        )

    def _told(self, found: LoggedIn, session: Session) -> dict[str, object]:
        user, account = found.user, found.account
        return {
            "username": user.username,
            "userid": user.id,
            "domainid": found.domain.id,
            "timeout": int(self._settings.session_idle),
            "account": account.name,
            "firstname": user.first_name,
            "lastname": user.last_name,
            "type": str(ACCOUNT_NUMBERS[account.type]),
            "timezone": user.timezone or "UTC",
            "timezoneoffset": "0.0",
            "registered": "false",
            "sessionkey": session.key,
            "is2faenabled": "false",
            "is2faverified": "true",
        }


def _needed(given: Parameters, name: str) -> str:
    value = given.values.get(name)
    if not value or len(value) > MAX_PASSWORD:
        raise InvalidInput(
            f"Unable to execute API command login due to missing parameter {name}", code=INVALID
        )
    return value
