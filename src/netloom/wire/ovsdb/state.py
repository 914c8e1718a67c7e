"""The states of a connection, of its monitors and of its locks, as tables.

Rule 1: everything that decides whether something is allowed now stands in these tables; `connection` only reads them.
Rule 2: this file knows no bytes and no JSON. A pair that is missing is forbidden: our own doing is `LocalProtocolError`, the
peer's is `RemoteProtocolError`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeVar


class _Member(enum.Enum):
    """A member is one object, so its identity is its hash: the tables are read for every message."""

    __hash__ = object.__hash__


class Phase(_Member):
    """Of a connection."""

    OPEN = "open"
    PEER_CLOSED = "peer closed"
    CLOSED = "closed"
    FAILED = "failed"  # the peer broke the protocol


class Signal(_Member):
    """What happens to a connection."""

    SEND = "send"
    RECEIVE = "receive"
    END = "end of the stream"
    CLOSE = "close"
    BREACH = "breach of the protocol"


CONNECTION: Mapping[Phase, Mapping[Signal, Phase]] = {
    Phase.OPEN: {
        Signal.SEND: Phase.OPEN,
        Signal.RECEIVE: Phase.OPEN,
        Signal.END: Phase.PEER_CLOSED,
        Signal.CLOSE: Phase.CLOSED,
        Signal.BREACH: Phase.FAILED,
    },
    Phase.PEER_CLOSED: {Signal.END: Phase.PEER_CLOSED, Signal.CLOSE: Phase.CLOSED},
    Phase.CLOSED: {Signal.CLOSE: Phase.CLOSED, Signal.END: Phase.CLOSED},
    Phase.FAILED: {Signal.CLOSE: Phase.CLOSED, Signal.END: Phase.FAILED},
}


class Monitor(_Member):
    """Of one monitor of ours."""

    ABSENT = "absent"
    REQUESTED = "requested"
    ACTIVE = "active"
    CANCELLING = "cancelling"


class MonitorSignal(_Member):
    """What happens to a monitor."""

    REQUEST = "monitor request"
    REPLY = "reply to monitor"
    REFUSAL = "error reply to monitor"
    UPDATE = "update"
    CHANGE = "condition change"
    CANCEL = "monitor_cancel request"
    CANCEL_REPLY = "reply to monitor_cancel"
    CANCELED = "monitor_canceled"


MONITOR: Mapping[Monitor, Mapping[MonitorSignal, Monitor]] = {
    Monitor.ABSENT: {MonitorSignal.REQUEST: Monitor.REQUESTED, MonitorSignal.CANCEL_REPLY: Monitor.ABSENT},
    Monitor.REQUESTED: {
        MonitorSignal.REPLY: Monitor.ACTIVE,
        MonitorSignal.REFUSAL: Monitor.ABSENT,
        # The database may be converted between our request and its reply.
        MonitorSignal.CANCELED: Monitor.ABSENT,
    },
    Monitor.ACTIVE: {
        MonitorSignal.UPDATE: Monitor.ACTIVE,
        MonitorSignal.CHANGE: Monitor.ACTIVE,
        MonitorSignal.CANCEL: Monitor.CANCELLING,
        MonitorSignal.CANCELED: Monitor.ABSENT,
    },
    Monitor.CANCELLING: {
        # Updates that were under way when we cancelled.
        MonitorSignal.UPDATE: Monitor.CANCELLING,
        MonitorSignal.CANCEL_REPLY: Monitor.ABSENT,
        MonitorSignal.CANCELED: Monitor.ABSENT,
    },
}


class Lock(_Member):
    """Of one lock that we asked for (RFC 7047 4.1.8)."""

    ABSENT = "absent"
    REQUESTED = "requested"
    WAITING = "waiting"
    HELD = "held"
    RELEASING = "releasing"


class LockSignal(_Member):
    """What happens to a lock."""

    REQUEST = "lock or steal request"
    GRANTED = "reply: locked"
    QUEUED = "reply: not locked"
    REFUSAL = "error reply"
    LOCKED = "locked notification"
    STOLEN = "stolen notification"
    RELEASE = "unlock request"
    RELEASED = "reply to unlock"


LOCK: Mapping[Lock, Mapping[LockSignal, Lock]] = {
    Lock.ABSENT: {LockSignal.REQUEST: Lock.REQUESTED},
    Lock.REQUESTED: {
        LockSignal.GRANTED: Lock.HELD,
        LockSignal.QUEUED: Lock.WAITING,
        LockSignal.REFUSAL: Lock.ABSENT,
    },
    Lock.WAITING: {LockSignal.LOCKED: Lock.HELD, LockSignal.RELEASE: Lock.RELEASING},
    # Who is robbed stays in the queue, and gets the lock back when the thief lets go.
    Lock.HELD: {LockSignal.STOLEN: Lock.WAITING, LockSignal.RELEASE: Lock.RELEASING},
    Lock.RELEASING: {
        LockSignal.LOCKED: Lock.RELEASING,
        LockSignal.STOLEN: Lock.RELEASING,
        LockSignal.RELEASED: Lock.ABSENT,
    },
}

S = TypeVar("S", bound=enum.Enum)
T = TypeVar("T", bound=enum.Enum)


def step(table: Mapping[S, Mapping[T, S]], state: S, signal: T) -> S | None:
    """The next state, or None where the table forbids it."""
    return table[state].get(signal)
