"""Flows as bytes: what a switch reports equals what was wanted, and broken entries are refused."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.openflow.corpus import flows

from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import RawFlow, flow_of, raw_flows, raw_of
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.text import parse_flow

FLOWS = [parse_flow(line) for line in flows()]


def entry(raw: RawFlow, version: int) -> bytes:
    """An entry as a switch writes it."""
    times = (raw.idle_timeout, raw.hard_timeout, raw.flags, raw.importance if version > 4 else 0)
    if version >= 6:
        stats = b"\x80\x02\x00\x08" + bytes(8)
        stats = b"\0\0" + (4 + len(stats)).to_bytes(2) + stats
        stats += bytes(-len(stats) % 8)
        body = struct.pack(">BxHHHHHQ", raw.table, raw.priority, *times, raw.cookie) + raw.match + stats
        body += raw.instructions
        return struct.pack(">H2x", 4 + len(body)) + body
    body = struct.pack(">BxIIHHHHH2xQQQ", raw.table, 5, 6, raw.priority, *times, raw.cookie, 7, 8)
    body += raw.match + raw.instructions
    return struct.pack(">H", 2 + len(body)) + body


@pytest.mark.parametrize("version", [4, 5, 6])
def test_what_a_switch_reports_is_what_was_wanted(version: int) -> None:
    wanted = [raw_of(flow, version) for flow in FLOWS]
    body = b"".join(entry(raw, version) for raw in wanted)
    assert list(raw_flows(body, version)) == wanted
    assert [raw_of(flow_of(raw, version), version) for raw in wanted] == wanted
    assert len({raw.key for raw in wanted}) == len(FLOWS)


def test_flags_that_only_steer_are_not_compared() -> None:
    flow = Flow(0, 1, Match(), (), flags=7)
    assert raw_of(flow, 4).flags == 1


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("size", range(80))
def test_a_cut_entry_is_refused(version: int, size: int) -> None:
    whole = entry(raw_of(parse_flow("in_port=1 actions=output:1"), version), version)
    if 0 < size < len(whole):
        with pytest.raises(RemoteProtocolError):
            list(raw_flows(whole[:size], version))


@given(st.sampled_from(FLOWS), st.sampled_from([4, 5, 6]), st.data())
def test_changed_bytes_give_entries_or_a_protocol_error(
    flow: Flow, version: int, data: st.DataObject
) -> None:
    body = bytearray(entry(raw_of(flow, version), version) * 2)
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(RemoteProtocolError):
        for raw in raw_flows(bytes(body), version):
            flow_of(raw, version)


@given(st.binary(max_size=200), st.sampled_from([4, 5, 6]))
def test_any_bytes_give_entries_or_a_protocol_error(body: bytes, version: int) -> None:
    with suppress(RemoteProtocolError):
        list(raw_flows(body, version))


def test_a_table_or_priority_out_of_range_is_refused() -> None:
    for flow in (Flow(255, 1, Match(), ()), Flow(0, 65536, Match(), ())):
        with pytest.raises(LocalProtocolError):
            raw_of(flow, 4)
