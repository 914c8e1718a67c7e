"""Encoding and decoding of flow_mod, packet_in and flow statistics, beside os-ken, in processor time.

    .venv/bin/python -m bench.codec [--count 5000] [--runs 5]

Both sides make and take the same bytes (checked first): typed values to bytes, and bytes to typed values with all
checks on. Every message is another one (addresses, ports and cookies count up), as a cloud's flows are: nothing is
won by having seen the same message in an earlier run; within one run actions repeat as they do in a cloud.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Sequence

from os_ken.ofproto import ofproto_parser, ofproto_protocol, ofproto_v1_3, ofproto_v1_3_parser

from bench.result import Result, runs
from netloom.wire.openflow import codec
from netloom.wire.openflow.actions import GotoTable, Output
from netloom.wire.openflow.connection import Connection, Role
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.messages.flow_stats import FlowStats, FlowStatsReply
from netloom.wire.openflow.messages.hello import Hello
from netloom.wire.openflow.messages.packet_in import PacketIn

VERSION = 4
FRAME = bytes.fromhex("02000000000102000000000208004500003c00004000400100000a0000010a000002") + bytes(30)


class Peer:
    """os-ken's side."""

    def __init__(self) -> None:
        self.datapath = ofproto_protocol.ProtocolDesc(version=VERSION)
        self.parser = ofproto_v1_3_parser
        self.ofproto = ofproto_v1_3

    def encode(self, message: object) -> bytes:
        message.serialize()  # type: ignore[attr-defined]
        return bytes(message.buf)  # type: ignore[attr-defined]

    def decode(self, data: bytes) -> object:
        version, kind, length, xid = ofproto_parser.header(data)
        return ofproto_parser.msg(self.datapath, version, kind, length, xid, data)


def flow(i: int) -> Flow:
    """Flow number `i`: an exact address, a port, a next table."""
    match = Match.of(in_port=i % 200 + 1, eth_type=0x0800, ip_dst=0x0A000000 + i)
    return Flow(5, 100, match, (Output(i % 500 + 1), GotoTable(30)), i)


def peer_flow_mod(peer: Peer, i: int) -> object:
    """The same flow mod as os-ken's own objects: as a program that uses it would make it."""
    p, o = peer.parser, peer.ofproto
    match = p.OFPMatch(
        in_port=i % 200 + 1, eth_type=0x0800, ipv4_dst=f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"
    )
    instructions = [
        p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, [p.OFPActionOutput(i % 500 + 1, 0)]),
        p.OFPInstructionGotoTable(30),
    ]
    return p.OFPFlowMod(
        peer.datapath,
        cookie=i,
        table_id=5,
        priority=100,
        out_port=o.OFPP_ANY,
        out_group=o.OFPG_ANY,
        match=match,
        instructions=instructions,
    )


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run, with the collector as a program has it: on, and tidy before."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(
    name: str, what: str, rounds: list[tuple[Callable[[], object], Callable[[], object]]], count: int
) -> None:
    """One result: each round is our work and the peer's, on values that no round before had."""
    mine, peers = [], []
    for ours, theirs in rounds:
        mine.append(count / seconds(ours))
        peers.append(count / seconds(theirs))
    Result(
        name=f"codec-{name}",
        what=what,
        ours=runs(mine),
        peer=runs(peers),
        peer_name="os-ken",
        unit="messages/CPU-second",
        target=">= 15",
        command="python -m bench.codec",
    ).write()


def encode(flows: Sequence[Flow]) -> list[bytes]:
    """Flow mods of flows that exist, as the switch sessions do it."""
    return [codec.encode(FlowMod(FlowCommand.ADD, one), version=VERSION, xid=one.cookie) for one in flows]


def receive(stream: bytes) -> None:
    """A whole connection, fed in chunks of 64 KiB."""
    connection = Connection(role=Role.CONTROLLER, versions=frozenset({VERSION}))
    connection.receive_data(codec.encode(Hello(VERSION, frozenset({VERSION})), version=VERSION, xid=1))
    for i in range(0, len(stream), 65536):
        connection.receive_data(stream[i : i + 65536])


def packet_in(i: int) -> bytes:
    """Packet-in number `i`."""
    pipeline = Match.of(in_port=i % 200 + 1, metadata=i % 50, tun_id=i % 1000)
    return codec.encode(PacketIn(FRAME, pipeline, 1, 5, i, len(FRAME)), version=VERSION, xid=0)


def dump(flows: Sequence[Flow]) -> list[bytes]:
    """The messages of a flow dump."""
    reply = FlowStatsReply(tuple(FlowStats(one, 5, 500, 7, 8) for one in flows))
    data, parts, at = codec.encode(reply, version=VERSION, xid=9), [], 0
    while at < len(data):
        length = int.from_bytes(data[at + 2 : at + 4])
        parts.append(data[at : at + length])
        at += length
    return parts


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=5000)
    arguments.add_argument("--runs", type=int, default=5)
    chosen = arguments.parse_args()
    count = chosen.count
    spans = [range(i * count, (i + 1) * count) for i in range(chosen.runs)]
    peer = Peer()
    for i in range(50):
        same_meaning(peer, peer.encode(peer_flow_mod(peer, i)), encode([flow(i)])[0])

    def build(span: range) -> tuple[Callable[[], object], Callable[[], object]]:
        return (
            lambda: encode([flow(i) for i in span]),
            lambda: [peer.encode(peer_flow_mod(peer, i)) for i in span],
        )

    def ready(span: range) -> tuple[Callable[[], object], Callable[[], object]]:
        flows, messages = [flow(i) for i in span], [peer_flow_mod(peer, i) for i in span]
        return lambda: encode(flows), lambda: [peer.encode(message) for message in messages]

    def decoding(messages: list[bytes]) -> tuple[Callable[[], object], Callable[[], object]]:
        stream = b"".join(messages)
        return lambda: receive(stream), lambda: [peer.decode(message) for message in messages]

    def flow_mods(span: range) -> tuple[Callable[[], object], Callable[[], object]]:
        messages = encode([flow(i) for i in span])
        return lambda: [codec.decode(m) for m in messages], lambda: [peer.decode(m) for m in messages]

    measure("flow-mod-encode", "flow_mod messages from flows that exist", [ready(s) for s in spans], count)
    measure(
        "flow-mod-build-encode",
        "flow_mod messages from names and numbers: match, actions and flow are made and checked, then encoded",
        [build(s) for s in spans],
        count,
    )
    measure("flow-mod-decode", "flow_mod messages from bytes, checked", [flow_mods(s) for s in spans], count)
    measure(
        "packet-in-decode",
        "packet_in messages through a whole connection; os-ken decodes message by message",
        [decoding([packet_in(i) for i in s]) for s in spans],
        count,
    )
    measure(
        "flow-stats-decode",
        "entries of a flow dump through a whole connection; os-ken decodes message by message",
        [decoding(dump([flow(i) for i in s])) for s in spans],
        count,
    )


def same_meaning(peer: Peer, theirs: bytes, ours: bytes) -> None:
    """Both say the same: os-ken reads ours as it reads its own."""
    one, other = (peer.decode(data).to_jsondict() for data in (theirs, ours))  # type: ignore[attr-defined]
    assert one == other, (one, other)


if __name__ == "__main__":
    main()
