"""Flows as bytes: comparing 100,000 of them with what a switch reports, without making an object of each part.

A switch reports a flow in one canonical form; `raw_of` writes a wanted flow in the same form, so equal bytes mean
equal flows, and only differing ones need `flow_of` to see what differs.

Rule 1: equality of bytes proves equality; inequality proves nothing until both are decoded.
Rule 2: an entry's lengths are all checked before its parts are cut out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from netloom.wire.openflow.actions import decode_instructions, encode_instructions
from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.flow import NO_BYTE_COUNTS, NO_PACKET_COUNTS, SEND_FLOW_REM, Flow
from netloom.wire.openflow.match import decode_match, encode_match

REPORTED_FLAGS: Final = SEND_FLOW_REM | NO_PACKET_COUNTS | NO_BYTE_COUNTS
"""The flags that a switch keeps and reports; the others only steer how a flow is added."""


class RawFlow(msgspec.Struct, frozen=True, gc=False):
    """A flow with its match (`struct ofp_match` with padding) and its instructions as bytes."""

    table: int
    priority: int
    cookie: int
    flags: int
    idle_timeout: int
    hard_timeout: int
    importance: int
    match: bytes
    instructions: bytes

    @property
    def key(self) -> tuple[int, int, bytes]:
        """What tells it apart from all others on a switch."""
        return (self.table, self.priority, self.match)


def raw_of(flow: Flow, version: int) -> RawFlow:
    """The flow as a switch would report it in an OpenFlow wire version (4, 5, 6).

    Raises:
        LocalProtocolError: the flow cannot be said in that version.
    """
    if not 0 <= flow.table <= 0xFE or not 0 <= flow.priority <= 0xFFFF:
        raise LocalProtocolError(f"table {flow.table}, priority {flow.priority} is out of range")
    return RawFlow(
        flow.table,
        flow.priority,
        flow.cookie,
        flow.flags & REPORTED_FLAGS,
        flow.idle_timeout,
        flow.hard_timeout,
        flow.importance if version >= 5 else 0,
        encode_match(flow.match, version),
        encode_instructions(flow.actions, version),
    )


def flow_of(raw: RawFlow, version: int) -> Flow:
    """The flow behind the bytes.

    Raises:
        RemoteProtocolError: match or instructions break a rule.
    """
    match, _ = decode_match(raw.match, 0)
    return Flow(
        raw.table,
        raw.priority,
        match,
        decode_instructions(raw.instructions, 0, len(raw.instructions), version),
        raw.cookie,
        raw.idle_timeout,
        raw.hard_timeout,
        raw.flags,
        raw.importance,
    )


# struct ofp_flow_stats: length, table, duration (s, ns), priority, idle, hard, flags, importance (1.4), cookie, counters,
# then the type and length of its match.
_STATS: Final = struct.Struct(">HBx8xHHHHH2xQ16xHH")
# struct ofp_flow_desc of OpenFlow 1.5: length, table, priority, idle, hard, flags, importance, cookie, match header.
_DESC: Final = struct.Struct(">H2xBxHHHHHQHH")


def raw_flows(body: bytes, version: int, offset: int = 0, end: int | None = None) -> Iterator[RawFlow]:
    """The entries of a flow multipart reply's body (OFPMP_FLOW, in OpenFlow 1.5 OFPMP_FLOW_DESC).

    Raises:
        RemoteProtocolError: an entry is cut short or its parts do not fit.
    """
    entries = _described if version >= 6 else _counted
    return entries(body, version, offset, len(body) if end is None else end)


def _counted(body: bytes, version: int, offset: int, end: int) -> Iterator[RawFlow]:
    unpack, fixed = _STATS.unpack_from, 48
    while offset < end:
        if offset + 56 > end:
            raise _short(end - offset)
        length, table, priority, idle, hard, flags, importance, cookie, kind, match_length = unpack(
            body, offset
        )
        stop = offset + length
        start = offset + fixed
        middle = start + (match_length + 7 & ~7)
        if kind != 1 or match_length < 4 or middle > stop or stop > end:
            raise _misfit(length, kind, match_length)
        yield RawFlow(
            table,
            priority,
            cookie,
            flags,
            idle,
            hard,
            importance if version >= 5 else 0,
            body[start:middle],
            body[middle:stop],
        )
        offset = stop


def _described(body: bytes, _version: int, offset: int, end: int) -> Iterator[RawFlow]:
    unpack, fixed = _DESC.unpack_from, 24
    while offset < end:
        if offset + 32 > end:
            raise _short(end - offset)
        length, table, priority, idle, hard, flags, importance, cookie, kind, match_length = unpack(
            body, offset
        )
        stop = offset + length
        start = offset + fixed
        middle = start + (match_length + 7 & ~7)
        if kind != 1 or match_length < 4 or middle + 4 > stop or stop > end:
            raise _misfit(length, kind, match_length)
        # struct ofp_stats: reserved, length; the counters are not compared.
        stats_length = body[middle + 2] << 8 | body[middle + 3]
        instructions = middle + (stats_length + 7 & ~7)
        if stats_length < 4 or instructions > stop:
            raise RemoteProtocolError(f"statistics of {stats_length} bytes do not fit in a flow of {length}")
        yield RawFlow(
            table,
            priority,
            cookie,
            flags,
            idle,
            hard,
            importance,
            body[start:middle],
            body[instructions:stop],
        )
        offset = stop


def _short(left: int) -> RemoteProtocolError:
    return RemoteProtocolError(f"{left} bytes are too few for a flow entry")


def _misfit(length: int, kind: int, match_length: int) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"a flow entry of {length} bytes cannot hold a match of type {kind} and {match_length} bytes"
    )
