"""A real Open vSwitch as the judge: it takes what we encode, and reports it in the very bytes that we expect."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.sandbox.ovs import OvsSandbox
from tests.wire.openflow.corpus import flows
from tests.wire.openflow.strategies import matches

from netloom.wire.openflow import codec
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import RawFlow, flow_of, raw_flows, raw_of
from netloom.wire.openflow.match import FieldMatch, Match
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.text import format_flow, parse_flow

pytestmark = pytest.mark.oracle

NAMES = {4: "OpenFlow13", 5: "OpenFlow14", 6: "OpenFlow15"}
TLVS = "{class=0x102,type=0,len=4}->tun_metadata0,{class=0x102,type=1,len=8}->tun_metadata1"


class Client:
    """Just enough OpenFlow to add and list flows, independent of the product's own connection."""

    def __init__(self, path: Path, version: int) -> None:
        self.version = version
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        self._send(0, b"")
        self._receive(0)

    def _send(self, kind: int, body: bytes, xid: int = 1) -> None:
        self._socket.sendall(struct.pack(">BBHI", self.version, kind, 8 + len(body), xid) + body)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self._socket.recv(size - len(data)) or pytest.fail("the switch closed the connection")
        return data

    def _receive(self, kind: int) -> bytes:
        while True:
            head = self._exactly(8)
            body = self._exactly(int.from_bytes(head[2:4]) - 8)
            if head[1] == 1:
                pytest.fail(f"the switch refused message {head[4:].hex()}: {body.hex()}")
            if head[1] == kind:
                return body

    def add(self, flow: Flow) -> None:
        raw = raw_of(flow, self.version)
        head = struct.pack(
            ">QQBBHHHIIIHH",
            *(flow.cookie, 0, flow.table, 0, flow.idle_timeout, flow.hard_timeout, flow.priority),
            *(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, flow.flags, 0),
        )
        self._send(14, head + raw.match + raw.instructions)

    def barrier(self) -> None:
        self._send(20, b"")
        self._receive(21)

    def dump(self) -> list[RawFlow]:
        head = struct.pack(">HH4xB3xII4xQQ", 1, 0, 0xFF, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0)
        self._send(18, head + bytes.fromhex("0001000400000000"))
        found: list[RawFlow] = []
        more = True
        while more:
            body = self._receive(19)
            more = bool(body[3] & 1)
            found += raw_flows(body, self.version, 8)
        return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def switch() -> Iterator[OvsSandbox]:
    with OvsSandbox.started() as ovs:
        for name in ("theirs", "ours"):
            ovs.bridge(name)
            ovs.ofctl("add-tlv-map", name, TLVS)
            ovs.ofctl("-O", "OpenFlow13", "add-meter", name, "meter=1,pktps,band=type=drop,rate=1")
            ovs.ofctl("-O", "OpenFlow13", "add-group", name, "group_id=1,type=all,bucket=output:1")
        yield ovs


@pytest.fixture(params=[4, 5, 6], ids=NAMES.values())
def version(request: pytest.FixtureRequest, switch: OvsSandbox) -> int:
    number: int = request.param
    for name in ("theirs", "ours"):
        switch.ofctl("del-flows", name)
    switch.ofctl("-O", NAMES[number], "add-flows", "theirs", "-", stdin="\n".join(flows()) + "\n")
    return number


def _reported(switch: OvsSandbox, bridge: str, version: int) -> list[RawFlow]:
    client = Client(switch.mgmt_path(bridge), version)
    try:
        return client.dump()
    finally:
        client.close()


def _lines(switch: OvsSandbox, bridge: str, version: int) -> list[str]:
    text = switch.ofctl("-O", NAMES[version], "--no-stats", "--no-names", "--sort", "dump-flows", bridge)
    return [line.strip() for line in text.splitlines() if "actions=" in line]


# Open vSwitch 3.1 reports a mask of the value's own bits for these, whatever was sent.
_QUIRKS = ("tun_erspan",)


def test_what_it_reports_is_decoded_and_encoded_to_the_same_bytes(switch: OvsSandbox, version: int) -> None:
    reported = _reported(switch, "theirs", version)
    assert len(reported) == len(flows())
    for raw in reported:
        flow = flow_of(raw, version)
        if not any(name in format_flow(flow) for name in _QUIRKS):
            assert raw_of(flow, version) == raw, format_flow(flow)


def test_it_takes_what_we_encode_and_shows_the_same_flows(switch: OvsSandbox, version: int) -> None:
    reported = _reported(switch, "theirs", version)
    client = Client(switch.mgmt_path("ours"), version)
    for raw in reported:
        client.add(flow_of(raw, version))
    client.barrier()
    assert set(client.dump()) == set(reported)
    client.close()
    assert _lines(switch, "ours", version) == _lines(switch, "theirs", version)


def test_every_flow_that_it_prints_is_read_and_means_the_same(switch: OvsSandbox, version: int) -> None:
    by_priority = {raw.priority: raw for raw in _reported(switch, "theirs", version)}
    for line in _lines(switch, "theirs", version):
        flow = parse_flow(line)
        # Printed without what text cannot say: an option's mapped length, a max_len of other ports than CONTROLLER.
        if not any(name in line for name in (*_QUIRKS, "tun_metadata", "set_queue")):
            assert raw_of(flow, version) == by_priority[flow.priority], line


def test_we_write_every_flow_as_it_does(switch: OvsSandbox, version: int) -> None:
    by_priority = {raw.priority: raw for raw in _reported(switch, "theirs", version)}
    for line in _lines(switch, "theirs", version):
        flow = flow_of(by_priority[parse_flow(line).priority], version)
        if not any(name in line for name in (*_QUIRKS, "tun_metadata1")):
            assert format_flow(flow) == line


def test_text_from_a_person_becomes_the_bytes_that_it_makes_of_it(switch: OvsSandbox, version: int) -> None:
    by_priority = {raw.priority: raw for raw in _reported(switch, "theirs", version)}
    for line in flows():
        flow = parse_flow(line)
        if not any(name in line for name in (*_QUIRKS, "tun_metadata")):
            assert raw_of(flow, version) == by_priority[flow.priority], line


@settings(max_examples=8, phases=[Phase.generate])
@given(st.lists(matches(), min_size=20, max_size=40))
def test_its_printer_accepts_and_agrees_with_every_match(parts: list[list[FieldMatch]]) -> None:
    found = []
    for entries in parts:
        with suppress(LocalProtocolError):
            found.append(Flow(0, 5, Match.build(entries), ()))
    data = b"".join(codec.encode(FlowMod(FlowCommand.ADD, flow), version=4, xid=1) for flow in found)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        text = subprocess.run(
            ["ovs-ofctl", "ofp-parse", file.name], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    lines = [line for line in text.splitlines() if line.startswith("OFPT_")]
    assert len(lines) == len(found)
    for line, flow in zip(lines, found, strict=True):
        assert "decode error" not in line, (line, format_flow(flow))
        # It leaves out, or writes without their masks, what its printer was never taught.
        # It writes low IPv6 addresses with a dotted IPv4 tail.
        if not any(word in format_flow(flow) for word in _UNPRINTED) and not re.search(r":\d+\.\d", line):
            assert line.split("ADD ", 1)[1] == format_flow(flow)


_UNPRINTED = (
    "packet_type",
    "recirc_id",
    "tun_erspan",
    "tun_metadata",
    "gtpu",
    "nsh",
    "ct_tp",
    "nw_frag=0x",
    "tun_gbp_flags",
)
