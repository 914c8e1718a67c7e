"""Who has logged in, and how often somebody tried to in vain.

Rule 1: a session is found by its cookie and its key together: a page of somebody else's cannot use the cookie alone.
Rule 2: everything kept here is bounded; what was used longest ago goes first.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from netloom.base.ids import Uuid


@dataclass(frozen=True, slots=True)
class Session:
    """A login that lasts."""

    cookie: str
    key: str
    user_id: Uuid
    mark: str
    """Of the password that was given; with another one the session ends."""


class SessionBook:
    """The sessions of this process."""

    def __init__(self, *, idle: float, limit: int, clock: Callable[[], float]) -> None:
        self._idle = idle
        self._limit = limit
        self._clock = clock
        self._sessions: OrderedDict[str, tuple[Session, float]] = OrderedDict()  # cookie -> session, last use

    def open(self, user_id: Uuid, mark: str) -> Session:
        """A new session."""
        session = Session(secrets.token_hex(20), secrets.token_urlsafe(32), user_id, mark)
        self._sessions[session.cookie] = (session, self._clock())
        while len(self._sessions) > self._limit:
            self._sessions.popitem(last=False)
        return session

    def find(self, cookie: str, key: str) -> Session | None:
        """The session that a cookie and a key belong to; using it keeps it alive."""
        session, used = self._sessions.get(cookie, (None, 0.0))
        if session is None:
            return None
        now = self._clock()
        if now - used > self._idle:
            del self._sessions[cookie]
            return None
        if not hmac.compare_digest(session.key.encode(), key.encode()):
            return None
        self._sessions[cookie] = (session, now)
        self._sessions.move_to_end(cookie)
        return session

    def close(self, cookie: str) -> None:
        """End a session, if there is one."""
        self._sessions.pop(cookie, None)

    def __len__(self) -> int:
        return len(self._sessions)


class LoginThrottle:
    """How long a login has to wait after others failed: nobody is locked out, and guessing is slow."""

    def __init__(
        self, *, free: int, window: float, longest: float, limit: int, clock: Callable[[], float]
    ) -> None:
        self._free = free
        self._window = window
        self._longest = longest
        self._limit = limit
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, *names: str) -> float:
        """Seconds before a login of these names (of a user, of an address) is checked: twice as long each time."""
        failed = max(self._recent(name) for name in names) - self._free
        return 0.0 if failed < 0 else min(self._longest, 0.25 * 2.0 ** min(failed, 16))

    def failed(self, *names: str) -> None:
        """A login of these names failed."""
        for name in names:
            times = self._failures.setdefault(name, deque(maxlen=64))
            times.append(self._clock())
            self._failures.move_to_end(name)
        while len(self._failures) > self._limit:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """A login of this user succeeded: its failures are forgotten, those of its address are not."""
        self._failures.pop(name, None)

    def _recent(self, name: str) -> int:
        times = self._failures.get(name)
        if times is None:
            return 0
        since = self._clock() - self._window
        while times and times[0] < since:
            times.popleft()
        if not times:
            del self._failures[name]
        return len(times)
