"""The life of an OpenFlow connection as a table.

    WAITING  our hello is queued, theirs has not come
       │ a hello with a version in common      │ anything that is wrong
       ▼                                       ▼
     OPEN ────────── anything wrong ───────▶ BROKEN
       │ end of stream, or close
       ▼
    CLOSED

Rule 1: everything about what is allowed when is in `TRANSITIONS`; there is no other flag.
Rule 2: a pair that is not in the table is an error of whoever caused the input: the peer, or us.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class State(enum.Enum):
    """Where a connection is in its life."""

    WAITING = "waiting for the peer's hello"
    OPEN = "open"
    CLOSED = "closed"
    BROKEN = "broken by the peer"


class Input(enum.Enum):
    """What can happen to it. The last two come from us, the others from the peer."""

    HELLO = "a hello with a version in common"
    REFUSAL = "an error message"
    MESSAGE = "any other message"
    END = "the end of the stream, between two messages"
    VIOLATION = "bytes that break the protocol, or a hello with no version in common"
    SEND = "a message to send"
    CLOSE = "our wish to close"


LOCAL_INPUTS = frozenset({Input.SEND, Input.CLOSE})

TRANSITIONS: Mapping[State, Mapping[Input, State]] = {
    State.WAITING: {
        Input.HELLO: State.OPEN,
        Input.REFUSAL: State.WAITING,  # a peer that refuses our hello says so, then closes
        Input.END: State.CLOSED,
        Input.VIOLATION: State.BROKEN,
        Input.CLOSE: State.CLOSED,
    },
    State.OPEN: {
        Input.HELLO: State.OPEN,  # a second hello means nothing (OpenFlow 1.5.1, section 6.3.1)
        Input.REFUSAL: State.OPEN,
        Input.MESSAGE: State.OPEN,
        Input.END: State.CLOSED,
        Input.VIOLATION: State.BROKEN,
        Input.SEND: State.OPEN,
        Input.CLOSE: State.CLOSED,
    },
    State.CLOSED: {Input.CLOSE: State.CLOSED},
    State.BROKEN: {Input.CLOSE: State.BROKEN},
}


def after(state: State, event: Input) -> State | None:
    """The state that follows, or None when the input is not allowed."""
    return TRANSITIONS[state].get(event)
