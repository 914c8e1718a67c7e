"""Flow-removed: a flow that asked for it (flag SEND_FLOW_REM) has gone, with what it counted.

Rule 1: 1.5's form is another structure; the value is the same.
Rule 2: the match is as strict as in any message: it is one of a flow.
"""

from __future__ import annotations

import enum
from struct import Struct

from netloom.wire.openflow.match import Match, decode_match, encode_match
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import exactly, malformed, need, pack
from netloom.wire.openflow.oxs import UNKNOWN, UNKNOWN_DURATION, Counters, decode_counters, encode_counters
from netloom.wire.openflow.versions import OF13, OF14, OF15

_BODY = Struct("!QHBBIIHHQQ")
_BODY15 = Struct("!BBHHHQ")


class FlowRemovedReason(enum.IntEnum):
    """`ofp_flow_removed_reason`."""

    IDLE_TIMEOUT = 0
    HARD_TIMEOUT = 1
    DELETE = 2
    GROUP_DELETE = 3
    METER_DELETE = 4
    EVICTION = 5


class FlowRemoved(Message, frozen=True, gc=False):
    """A flow has gone."""

    table: int
    priority: int
    match: Match
    reason: FlowRemovedReason
    cookie: int = 0
    idle_timeout: int = 0
    hard_timeout: int = 0
    packets: int = UNKNOWN
    bytes: int = UNKNOWN
    duration_sec: int = UNKNOWN_DURATION
    duration_nsec: int = UNKNOWN_DURATION


def _encode(message: FlowRemoved, version: int) -> bytes:
    match = encode_match(message.match, version)
    if version < OF15:
        head = pack(
            _BODY,
            message.cookie,
            message.priority,
            message.reason,
            message.table,
            message.duration_sec,
            message.duration_nsec,
            message.idle_timeout,
            message.hard_timeout,
            message.packets,
            message.bytes,
        )
        return head + match
    counters = Counters(message.packets, message.bytes, message.duration_sec, message.duration_nsec)
    head = pack(
        _BODY15,
        message.table,
        message.reason,
        message.priority,
        message.idle_timeout,
        message.hard_timeout,
        message.cookie,
    )
    return head + match + encode_counters(counters)


def _reason(number: int) -> FlowRemovedReason:
    try:
        return FlowRemovedReason(number)
    except ValueError:
        raise malformed(f"{number} is no reason of a flow-removed") from None


def _decode(data: bytes, at: int, end: int, version: int) -> FlowRemoved:
    del version
    need(at, end, 48, "flow-removed")
    cookie, priority, reason, table, sec, nsec, idle, hard, packets, octets = _BODY.unpack_from(data, at)
    match, after = decode_match(data, at + 40, end)
    exactly(after, end, 0, "what follows a flow-removed's match")
    return FlowRemoved(
        table, priority, match, _reason(reason), cookie, idle, hard, packets, octets, sec, nsec
    )


def _decode15(data: bytes, at: int, end: int, version: int) -> FlowRemoved:
    del version
    need(at, end, 28, "flow-removed")
    table, reason, priority, idle, hard, cookie = _BODY15.unpack_from(data, at)
    match, after = decode_match(data, at + 16, end)
    counters, after = decode_counters(data, after, end)
    exactly(after, end, 0, "what follows a flow-removed's counters")
    return FlowRemoved(
        table,
        priority,
        match,
        _reason(reason),
        cookie,
        idle,
        hard,
        counters.packets,
        counters.bytes,
        counters.duration_sec,
        counters.duration_nsec,
    )


FORMS = (
    Form(FlowRemoved, Family.PLAIN, 11, Sender.SWITCH, _encode, _decode, (OF13, OF14)),
    Form(FlowRemoved, Family.PLAIN, 11, Sender.SWITCH, _encode, _decode15, (OF15,)),
)
