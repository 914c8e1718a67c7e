"""What can be set about the CloudStack face, with the bounds that hold by default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """Settings of the face.

    Attributes:
        max_requests: served at the same time; more are answered 503.
        rate, burst: requests per second and client address, and how many may come at once; 0 switches it off.
        max_forms_of_one: forms of one client address that may be on their way at the same time.
        max_clients: client addresses that are remembered.
        body_seconds: time in which a form has to be there, in whole.
        expires_ahead: how far ahead a request's `expires` may lie.
        session_idle: after so long without a request a session ends.
        max_sessions: the one that was idle longest ends when one more would be too many.
        login_free: failed logins of a name or an address before it is made to wait.
        login_window: seconds after which a failed login is forgotten.
        login_wait: seconds that it waits at most.
        max_logins: logins that are being checked or wait at the same time,
        max_logins_of_address: of these from one client address,
        max_logins_of_user: and of one user: who guesses keeps others from nothing.
    """

    max_requests: int = 256
    rate: float = 2_000.0
    burst: int = 4_000
    max_forms_of_one: int = 64
    max_clients: int = 10_000
    body_seconds: float = 30.0
    expires_ahead: timedelta = timedelta(hours=1)
    session_idle: float = 1_800.0
    max_sessions: int = 10_000
    login_free: int = 5
    login_window: float = 600.0
    login_wait: float = 8.0
    max_logins: int = 32
    max_logins_of_address: int = 16
    max_logins_of_user: int = 4
