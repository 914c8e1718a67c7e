"""Flow statistics: the flows that a switch has, with their counters; and the sums over them.

1.5 calls the dump a flow description and writes counters as OXS; Open vSwitch answers so.

Rule 1: a `FlowStats` is the same value whatever version carried it; unknown counters are all ones.
Rule 2: adopting many flows goes another way, as bytes: `Delivery.RAW` and `wire.openflow.flow_stats`.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from netloom.wire.openflow.actions import decode_instructions, encode_instructions
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import Match, decode_match, encode_match
from netloom.wire.openflow.messages.flow_mod import ALL_TABLES, ANY
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import exactly, malformed, need, pack
from netloom.wire.openflow.oxs import UNKNOWN, UNKNOWN_DURATION, Counters, decode_counters, encode_counters
from netloom.wire.openflow.versions import OF13, OF14, OF15

_REQUEST = Struct("!B3xII4xQQ")
_ENTRY = Struct("!HBxIIHHHHH2xQQQ")
_ENTRY15 = Struct("!H2xBxHHHHHQ")
_AGGREGATE = Struct("!QQI4x")


class FlowStatsRequest(Message, frozen=True, gc=False):
    """Asks for the flows that are in `table`, that `match` covers, that send to `out_port` and `out_group`,
    and whose cookie equals `cookie` under `cookie_mask`.
    """

    table: int = ALL_TABLES
    match: Match = Match()
    cookie: int = 0
    cookie_mask: int = 0
    out_port: int = ANY
    out_group: int = ANY


class FlowStats(msgspec.Struct, frozen=True, gc=False):
    """One flow and its counters."""

    flow: Flow
    packets: int = UNKNOWN
    bytes: int = UNKNOWN
    duration_sec: int = UNKNOWN_DURATION
    duration_nsec: int = UNKNOWN_DURATION
    idle_sec: int = UNKNOWN_DURATION


class FlowStatsReply(Message, frozen=True, gc=False):
    """The flows."""

    entries: tuple[FlowStats, ...] = ()


class AggregateRequest(Message, frozen=True, gc=False):
    """Asks for the sums over the flows that a `FlowStatsRequest` of the same fields would list."""

    table: int = ALL_TABLES
    match: Match = Match()
    cookie: int = 0
    cookie_mask: int = 0
    out_port: int = ANY
    out_group: int = ANY


class AggregateReply(Message, frozen=True, gc=False):
    """The sums."""

    packets: int
    bytes: int
    flows: int


def _encode_request(message: FlowStatsRequest | AggregateRequest, version: int) -> bytes:
    head = pack(
        _REQUEST, message.table, message.out_port, message.out_group, message.cookie, message.cookie_mask
    )
    return head + encode_match(message.match, version)


def _request(data: bytes, at: int, end: int) -> tuple[int, Match, int, int, int, int]:
    need(at, end, 40, "flow statistics request")
    table, out_port, out_group, cookie, mask = _REQUEST.unpack_from(data, at)
    match, after = decode_match(data, at + 32, end)
    exactly(after, end, 0, "what follows a flow statistics request")
    return table, match, cookie, mask, out_port, out_group


def _decode_request(data: bytes, at: int, end: int, version: int) -> FlowStatsRequest:
    del version
    return FlowStatsRequest(*_request(data, at, end))


def _decode_aggregate_request(data: bytes, at: int, end: int, version: int) -> AggregateRequest:
    del version
    return AggregateRequest(*_request(data, at, end))


def _encode_entry(entry: FlowStats, version: int) -> bytes:
    flow = entry.flow
    match = encode_match(flow.match, version)
    instructions = encode_instructions(flow.actions, version)
    head = pack(
        _ENTRY,
        48 + len(match) + len(instructions),
        flow.table,
        entry.duration_sec,
        entry.duration_nsec,
        flow.priority,
        flow.idle_timeout,
        flow.hard_timeout,
        flow.flags,
        flow.importance,
        flow.cookie,
        entry.packets,
        entry.bytes,
    )
    return head + match + instructions


def _encode_entry15(entry: FlowStats, version: int) -> bytes:
    flow = entry.flow
    counters = Counters(entry.packets, entry.bytes, entry.duration_sec, entry.duration_nsec, entry.idle_sec)
    rest = (
        encode_match(flow.match, version)
        + encode_counters(counters)
        + encode_instructions(flow.actions, version)
    )
    head = pack(
        _ENTRY15,
        24 + len(rest),
        flow.table,
        flow.priority,
        flow.idle_timeout,
        flow.hard_timeout,
        flow.flags,
        flow.importance,
        flow.cookie,
    )
    return head + rest


def _decode_reply(data: bytes, at: int, end: int, version: int) -> FlowStatsReply:
    entries: list[FlowStats] = []
    append, unpack = entries.append, _ENTRY.unpack_from
    while at < end:
        if end - at < 56:
            raise malformed(f"a flow needs 56 bytes and has {end - at}")
        length, table, sec, nsec, priority, idle, hard, flags, importance, cookie, packets, octets = unpack(
            data, at
        )
        stop = at + length
        if length < 56 or stop > end:
            raise malformed(f"a flow of {length} bytes where {end - at} are left")
        match, after = decode_match(data, at + 48, stop)
        if after > stop:
            raise malformed(f"a flow of {length} bytes ends inside its match")
        actions = decode_instructions(data, after, stop, version)
        flow = Flow(table, priority, match, actions, cookie, idle, hard, flags, importance)
        append(FlowStats(flow, packets, octets, sec, nsec))
        at = stop
    return FlowStatsReply(tuple(entries))


def _decode_reply15(data: bytes, at: int, end: int, version: int) -> FlowStatsReply:
    entries = []
    while at < end:
        need(at, end, 32, "flow")
        length, table, priority, idle, hard, flags, importance, cookie = _ENTRY15.unpack_from(data, at)
        stop = at + length
        if length < 32 or stop > end:
            raise malformed(f"a flow of {length} bytes where {end - at} are left")
        match, after = decode_match(data, at + 24, stop)
        counters, after = decode_counters(data, after, stop)
        actions = decode_instructions(data, after, stop, version)
        flow = Flow(table, priority, match, actions, cookie, idle, hard, flags, importance)
        entries.append(
            FlowStats(
                flow,
                counters.packets,
                counters.bytes,
                counters.duration_sec,
                counters.duration_nsec,
                counters.idle_sec,
            )
        )
        at = stop
    return FlowStatsReply(tuple(entries))


def _encode_aggregate(message: AggregateReply, version: int) -> bytes:
    del version
    return pack(_AGGREGATE, message.packets, message.bytes, message.flows)


def _decode_aggregate(data: bytes, at: int, end: int, version: int) -> AggregateReply:
    del version
    exactly(at, end, 24, "sums over flows")
    return AggregateReply(*_AGGREGATE.unpack_from(data, at))


def _encode_aggregate15(message: AggregateReply, version: int) -> bytes:
    del version
    return encode_counters(Counters(message.packets, message.bytes, flows=message.flows))


def _decode_aggregate15(data: bytes, at: int, end: int, version: int) -> AggregateReply:
    del version
    counters, after = decode_counters(data, at, end)
    exactly(after, end, 0, "what follows the sums over flows")
    return AggregateReply(counters.packets, counters.bytes, counters.flows or 0)


_C, _S = Sender.CONTROLLER, Sender.SWITCH
_OLD, _NEW = (OF13, OF14), (OF15,)
FORMS = (
    Form(FlowStatsRequest, Family.REQUEST, 1, _C, _encode_request, _decode_request),
    Form(FlowStatsReply, Family.REPLY, 1, _S, _encode_entry, _decode_reply, _OLD, entries=True),
    Form(FlowStatsReply, Family.REPLY, 1, _S, _encode_entry15, _decode_reply15, _NEW, entries=True),
    Form(AggregateRequest, Family.REQUEST, 2, _C, _encode_request, _decode_aggregate_request),
    Form(AggregateReply, Family.REPLY, 2, _S, _encode_aggregate, _decode_aggregate, _OLD),
    Form(AggregateReply, Family.REPLY, 2, _S, _encode_aggregate15, _decode_aggregate15, _NEW),
)
