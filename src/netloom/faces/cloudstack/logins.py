"""Logging in and out.

Rule 1: a wrong password answers 531, as slow as a user that does not exist, and slower the more often it was wrong.
Rule 2: who guesses has a part of the places for logins, never all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
        self._checking: Counter[str] = Counter()  # by client address, by user, and in all (an empty name)

    async def login(self, given: Parameters, scope: Scope) -> Answered:
        """Open a session.

        Raises:
            Forbidden: `login-failed`.
            TooMany: too many log in at the same time.
            InvalidInput: a parameter is missing.
        """
        username, password = _needed(given, "username"), _needed(given, "password")
        domain = given.values.get("domain") or given.values.get("domainid") or "/"
        address, user = f"from {client_of(scope)}", f"user {domain.lower()} {username}"
        with self._place(address, user):
            await self._clock.sleep(self._throttle.wait(address, user))
            found = await self._authority.by_password(username, password, domain)
        if found is None:
            self._throttle.failed(address, user)
            raise Forbidden(
                "Failed to authenticate the user; please provide valid credentials", code="login-failed"
            )
        self._throttle.succeeded(user)
        session = self._sessions.open(found.user.id, found.mark)
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"JSESSIONID={session.cookie}; Path=/client; HttpOnly; SameSite=Strict{secure}"
        return Answered(self._told(found, session), ((b"set-cookie", cookie.encode()),))

    def logout(self, cookie: str | None, given: Parameters) -> Answered:
        """End the session, if there is one. CloudMonkey sends no key; a wrong one ends nothing."""
        key = given.values.get("sessionkey")
        if cookie is None or (key is not None and self._sessions.find(cookie, key) is None):
            return Answered({"description": "success"})
        self._sessions.close(cookie)
        return Answered(
            {"description": "success"},
            ((b"set-cookie", b"JSESSIONID=; Path=/client; HttpOnly; SameSite=Strict; Max-Age=0"),),
        )

    @contextmanager
    def _place(self, address: str, user: str) -> Iterator[None]:
        """While a login waits and is checked."""
        settings = self._settings
        bounds = {
            "": settings.max_logins,
            address: settings.max_logins_of_address,
            user: settings.max_logins_of_user,
        }
        if any(self._checking[name] >= most for name, most in bounds.items()):
            raise TooMany(
                "too many are logging in", code="too-many-logins", hint="try again shortly", retry_after=1.0
            )
        self._checking.update(bounds.keys())
        try:
            yield
        finally:
            self._checking.subtract(bounds.keys())
            self._checking = +self._checking

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
