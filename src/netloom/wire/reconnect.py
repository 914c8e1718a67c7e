"""When to connect, probe and give up: one machine for every connection that should always be there (OVSDB, OpenFlow).

After the ideas of Open vSwitch's `reconnect` module: the machine does no I/O and has no clock; the owner says what happened
and when, and asks what to do.

    now            what happened             machine says
    enable(0)                                tick(0) → CONNECT
    connected(1)                             deadline() == 6: five quiet seconds
                                             tick(6) → PROBE (send an echo), and again five seconds
    received(7)    the echo's answer         deadline() == 12
    disconnected(8, "reset by peer")         deadline() == 8 + backoff; tick(…) → CONNECT

Rule 1: what follows what stands in `TABLE`; the methods only measure time and choose the signal. A pair that is missing
changes nothing: reports may come late or twice.
Rule 2: times are seconds of one monotonic clock that the caller owns, jitter is a number from the caller.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping


class State(enum.Enum):
    """Of a connection that should be there."""

    VOID = "void"  # not wanted, or given up
    BACKOFF = "backoff"
    CONNECTING = "connecting"
    LISTENING = "listening"  # the peer dials in
    ACTIVE = "active"
    IDLE = "idle"  # a probe was sent, nothing came since
    DROPPING = "dropping"  # we want to hang up


class Action(enum.Enum):
    """What the owner must do now."""

    CONNECT = "connect"
    PROBE = "probe"
    DISCONNECT = "disconnect"


class Signal(enum.Enum):
    """What happens."""

    ENABLE = "enable"
    LISTEN = "listen"
    DISABLE = "disable"
    CONNECTED = "connected"
    RECEIVED = "received"
    RETRY = "lost, try again"
    GIVE_UP = "lost, no tries left"
    FORCE = "force"
    EXPIRED = "the deadline passed"
    OVERSLEPT = "the deadline passed long ago: it was us who did not look"


_S, _A = State, Action

TABLE: Mapping[State, Mapping[Signal, tuple[State, Action | None]]] = {
    _S.VOID: {
        Signal.ENABLE: (_S.BACKOFF, None),
        Signal.LISTEN: (_S.LISTENING, None),
    },
    _S.BACKOFF: {
        Signal.EXPIRED: (_S.CONNECTING, _A.CONNECT),
        Signal.OVERSLEPT: (_S.CONNECTING, _A.CONNECT),
        Signal.DISABLE: (_S.VOID, None),
    },
    _S.CONNECTING: {
        Signal.CONNECTED: (_S.ACTIVE, None),
        Signal.RETRY: (_S.BACKOFF, None),
        Signal.GIVE_UP: (_S.VOID, None),
        Signal.FORCE: (_S.DROPPING, None),
        Signal.EXPIRED: (_S.DROPPING, None),
        Signal.OVERSLEPT: (_S.DROPPING, None),
        Signal.DISABLE: (_S.VOID, None),
    },
    _S.LISTENING: {
        Signal.CONNECTED: (_S.ACTIVE, None),
        Signal.DISABLE: (_S.VOID, None),
    },
    _S.ACTIVE: {
        Signal.RECEIVED: (_S.ACTIVE, None),
        Signal.EXPIRED: (_S.IDLE, _A.PROBE),
        Signal.OVERSLEPT: (_S.IDLE, _A.PROBE),
        Signal.RETRY: (_S.BACKOFF, None),
        Signal.LISTEN: (_S.LISTENING, None),
        Signal.GIVE_UP: (_S.VOID, None),
        Signal.FORCE: (_S.DROPPING, None),
        Signal.DISABLE: (_S.VOID, None),
    },
    _S.IDLE: {
        Signal.RECEIVED: (_S.ACTIVE, None),
        Signal.EXPIRED: (_S.DROPPING, None),
        # The answer may wait in a buffer that we did not look at: ask once more.
        Signal.OVERSLEPT: (_S.IDLE, _A.PROBE),
        Signal.RETRY: (_S.BACKOFF, None),
        Signal.LISTEN: (_S.LISTENING, None),
        Signal.GIVE_UP: (_S.VOID, None),
        Signal.FORCE: (_S.DROPPING, None),
        Signal.DISABLE: (_S.VOID, None),
    },
    _S.DROPPING: {
        Signal.RETRY: (_S.BACKOFF, None),
        Signal.LISTEN: (_S.LISTENING, None),
        Signal.GIVE_UP: (_S.VOID, None),
        Signal.DISABLE: (_S.VOID, None),
    },
}

UP = frozenset({State.ACTIVE, State.IDLE})


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """How patient the machine is, in seconds.

    Args:
        min_backoff: wait after the first failure; each further one doubles it.
        max_backoff: longest wait.
        connect_timeout: how long an attempt may take, TLS included.
        probe_interval: quiet time before a probe, and the time for its answer; None never probes.
        max_tries: failures in a row before giving up; None never gives up.
        passive: the peer dials in: the machine waits instead of connecting.
        spread: part of a wait that jitter decides, so that many hosts do not come back at once.
    """

    min_backoff: float = 1.0
    max_backoff: float = 8.0
    connect_timeout: float = 10.0
    probe_interval: float | None = 5.0
    max_tries: int | None = None
    passive: bool = False
    spread: float = 0.5


class Reconnect:
    """The machine of one connection.

    Args:
        settings: how patient it is.
        jitter: gives a number from 0 (shortest wait) to 1 (longest); the caller's random source.
        now: the time at which it is made.
    """

    def __init__(self, settings: Settings, *, jitter: Callable[[], float], now: float) -> None:
        self._settings = settings
        self._jitter = jitter
        self._state = State.VOID
        self._entered = now
        self._active_at = now
        self._connected_at: float | None = None
        self._backoff = 0.0
        self._wait = 0.0
        self._failures = 0
        self._last_error: str | None = None

    # -- what an owner may ask ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    @property
    def since(self) -> float:
        """When it entered this state."""
        return self._entered

    @property
    def is_up(self) -> bool:
        """Whether there is a connection."""
        return self._state in UP

    @property
    def connected_since(self) -> float | None:
        """When the connection was made that is up now."""
        return self._connected_at

    @property
    def failures(self) -> int:
        """Failures since the last connection that proved good."""
        return self._failures

    @property
    def last_error(self) -> str | None:
        """Why the last connection or attempt ended."""
        return self._last_error

    def deadline(self) -> float | None:
        """When to call `tick` next, if nothing happens before; None: not at all."""
        probe = self._settings.probe_interval
        if self._state is State.BACKOFF:
            return self._entered + self._wait
        if self._state is State.CONNECTING:
            return self._entered + self._settings.connect_timeout
        if self._state is State.DROPPING:
            return self._entered
        if self._state is State.ACTIVE and probe is not None:
            return self._active_at + probe
        if self._state is State.IDLE and probe is not None:
            return self._entered + probe
        return None

    # -- what happened -----------------------------------------------------------------------------------------------

    def enable(self, now: float) -> None:
        """The connection is wanted; the first attempt is due at once."""
        if self._state is State.VOID:
            self._backoff = self._wait = 0.0
            self._failures = 0
        self._signal(Signal.LISTEN if self._settings.passive else Signal.ENABLE, now, only=State.VOID)

    def disable(self, now: float) -> None:
        """It is not wanted any more; the owner closes what it has."""
        self._signal(Signal.DISABLE, now)
        self._connected_at = None

    def connected(self, now: float) -> None:
        """An attempt succeeded, or the peer dialled in."""
        if self._signal(Signal.CONNECTED, now):
            self._connected_at = now
            self._active_at = now

    def received(self, now: float) -> None:
        """Bytes came: the peer lives."""
        if self._state in UP:
            self._active_at = now
            if self._state is State.IDLE:
                self._signal(Signal.RECEIVED, now)

    def disconnected(self, now: float, error: str | None) -> None:
        """The connection or the attempt is over; `error` for people to read, None when it was meant."""
        if self._state in (State.VOID, State.BACKOFF, State.LISTENING):
            return
        self._last_error = error
        if self._connected_at is not None and self._active_at - self._connected_at >= self._backoff:
            # It held longer than we had waited for it: it was good, start over with short waits.
            self._backoff = 0.0
            self._failures = 0
        self._connected_at = None
        self._failures += 1
        most = self._settings.max_tries
        if self._settings.passive:
            self._signal(Signal.LISTEN, now)
        elif most is not None and self._failures >= most:
            self._signal(Signal.GIVE_UP, now)
        else:
            self._backoff = min(
                max(self._backoff * 2, self._settings.min_backoff), self._settings.max_backoff
            )
            self._wait = self._backoff * (1 - self._settings.spread * (1 - self._jitter()))
            self._signal(Signal.RETRY, now)

    def force(self, now: float) -> None:
        """Hang up and connect anew: the next `tick` says DISCONNECT."""
        self._signal(Signal.FORCE, now)

    def tick(self, now: float) -> Action | None:
        """What to do now. After DISCONNECT the owner closes the connection; the machine already waits for the next try."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return None
        before = self._state
        if before is not State.DROPPING:
            late = now - deadline > (self._settings.probe_interval or 0.0)
            signal = Signal.OVERSLEPT if late else Signal.EXPIRED
            following, action = TABLE[before][signal]
            self._enter(following, now)
            if following is not State.DROPPING:
                return action
        reason = {
            State.CONNECTING: f"no connection within {self._settings.connect_timeout:g} s",
            State.IDLE: f"no answer to a probe within {self._settings.probe_interval or 0:g} s",
        }.get(before)
        self.disconnected(now, reason)
        return Action.DISCONNECT

    def _signal(self, signal: Signal, now: float, *, only: State | None = None) -> bool:
        """Follows the table; whether it had something to say."""
        entry = TABLE[self._state].get(signal)
        if entry is None or (only is not None and self._state is not only):
            return False
        self._enter(entry[0], now)
        return True

    def _enter(self, state: State, now: float) -> None:
        self._state = state
        self._entered = now
