"""Flows to one switch, and flows read back and adopted, on a real ovs-vswitchd (dummy datapath).

    .venv/bin/python -m bench.flows [--counts 10000 100000] [--runs 3]

* from typed flows to the commit's reply, in one bundle: encoding, sending and the switch's own work;
* the limit: the same bytes, encoded before;
* `ovs-ofctl --bundle add-flows` with the same flows as text;
* adoption, in a process of its own that remembers nothing: dump as bytes, compare with the wanted flows, count what differs.

Each run starts with an empty switch, and `dump-aggregate` checks that all flows are there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from tests.sandbox.ovs import OvsSandbox

from bench.result import Result, runs
from netloom.wire.openflow.actions import Output, Resubmit, SetField
from netloom.wire.openflow.bundle import compose, compose_pieces, xids_needed
from netloom.wire.openflow.connection import Connection, Delivery, Event, Negotiated, Received, Role
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import RawFlow, raw_flows, raw_of
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.messages.barrier import BarrierRequest
from netloom.wire.openflow.messages.bundle import BundleControl
from netloom.wire.openflow.messages.experimenter import RawMultipart
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.messages.flow_stats import AggregateReply, AggregateRequest, FlowStatsRequest
from netloom.wire.openflow.messages.form import Message

VERSION = 5
COMMAND = "python -m bench.flows"


def flows(count: int) -> list[Flow]:
    """Unicast entries of an overlay, about 150 bytes each as messages, in ten tables."""
    reg, tunnel, destination = FIELDS["reg1"], FIELDS["tun_id"], FIELDS["tun_dst"]
    return [
        Flow(
            i % 10,
            100,
            Match.of(metadata=i % 4000, eth_dst=0x020000000000 + i),
            (
                SetField(reg, i % 4000),
                SetField(tunnel, i % 4000),
                SetField(destination, 0x0A000000 + i % 500),
                Output(i % 500 + 1),
                Resubmit(table=30),
            ),
            0x6E6C << 48 | i,
        )
        for i in range(count)
    ]


def as_text(one: Flow) -> str:
    """The flow for ovs-ofctl."""
    i = one.cookie & 0xFFFFFFFF
    mac = f"{0x020000000000 + i:012x}"
    colons = ":".join(mac[k : k + 2] for k in range(0, 12, 2))
    tunnel = f"10.0.{(i % 500) >> 8}.{i % 500 & 255}"
    return (
        f"cookie={one.cookie:#x},table={one.table},priority=100,metadata={i % 4000},dl_dst={colons},"
        f"actions=set_field:{i % 4000}->reg1,set_field:{i % 4000}->tun_id,set_field:{tunnel}->tun_dst,"
        f"output:{i % 500 + 1},resubmit(,30)"
    )


class Peer:
    """A blocking connection to the switch."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.connection = Connection(role=Role.CONTROLLER, versions=frozenset({VERSION}))
        self.inbox: list[Event] = []
        self.wait(None)

    def wait(self, xid: int | None) -> Message:
        """The message with this transaction id; all others in between are dropped."""
        while True:
            while self.inbox:
                event = self.inbox.pop(0)
                if isinstance(event, Negotiated) and xid is None:
                    return BarrierRequest()
                if isinstance(event, Received) and event.xid == xid:
                    return event.message
            self.socket.sendall(self.connection.data_to_send())
            self.inbox += self.connection.receive_data(self.socket.recv(1 << 18))

    def ask(self, message: Message, delivery: Delivery = Delivery.DECODED) -> Message:
        """The reply to a request."""
        return self.wait(self.connection.send(message, delivery=delivery))

    def pump(self, pieces: Iterator[bytes]) -> None:
        """Send pieces, and make the next one while the switch cannot take more, as an event loop would."""
        self.socket.setblocking(False)
        waiting: deque[memoryview] = deque()
        more = True
        while more or waiting:
            piece = next(pieces, None)
            more = piece is not None
            if piece is not None:
                self.connection.send_raw(piece)
                waiting.append(memoryview(self.connection.data_to_send()))
            else:
                select.select([], [self.socket], [])
            with contextlib.suppress(BlockingIOError):
                while waiting:
                    sent = self.socket.send(waiting[0])
                    waiting[0] = waiting[0][sent:]
                    if not waiting[0]:
                        waiting.popleft()
        self.socket.setblocking(True)

    def clear(self) -> None:
        """Delete all flows."""
        self.connection.send(FlowMod(FlowCommand.DELETE, Flow(255, 0, Match(), ())))
        self.ask(BarrierRequest())

    def bundle(self, wanted: list[Flow], first_xid: int) -> tuple[bytes, int]:
        """The bundle's bytes, and its commit's transaction id."""
        changes = [FlowMod(FlowCommand.ADD, one) for one in wanted]
        composed = compose(changes, version=VERSION, bundle_id=1, first_xid=first_xid)
        return composed.data, composed.commit_xid

    def commit(self, data: bytes, commit_xid: int) -> None:
        """Send a bundle and wait for its end."""
        self.connection.send_raw(data)
        reply = self.wait(commit_xid)
        assert isinstance(reply, BundleControl), reply

    def count(self) -> int:
        """How many flows are there."""
        reply = self.ask(AggregateRequest())
        assert isinstance(reply, AggregateReply)
        return reply.flows


def typed(peer: Peer, wanted: list[Flow]) -> float:
    """Flows/s from typed flows."""
    peer.clear()
    start = time.perf_counter()
    first = peer.connection.new_xids(xids_needed(len(wanted)))
    changes = [FlowMod(FlowCommand.ADD, one) for one in wanted]
    peer.pump(compose_pieces(changes, version=VERSION, bundle_id=1, first_xid=first))
    reply = peer.wait(first + len(wanted) + 1)
    assert isinstance(reply, BundleControl), reply
    rate = len(wanted) / (time.perf_counter() - start)
    assert peer.count() == len(wanted)
    return rate


def limit(peer: Peer, wanted: list[Flow]) -> float:
    """Flows/s of bytes that are there already."""
    peer.clear()
    data, commit_xid = peer.bundle(wanted, peer.connection.new_xids(xids_needed(len(wanted))))
    start = time.perf_counter()
    peer.commit(data, commit_xid)
    rate = len(wanted) / (time.perf_counter() - start)
    assert peer.count() == len(wanted)
    return rate


def ofctl(ovs: OvsSandbox, peer: Peer, path: Path, count: int) -> float:
    """Flows/s of ovs-ofctl from a file."""
    peer.clear()
    start = time.perf_counter()
    ovs.ofctl("-OOpenFlow14", "--bundle", "add-flows", "br0", str(path))
    rate = count / (time.perf_counter() - start)
    assert peer.count() == count
    return rate


def adopt(path: Path, count: int) -> dict[str, float]:
    """What a process that has just started spends on finding that all is right already."""
    wanted = flows(count)
    peer = Peer(path)
    start, cpu = time.perf_counter(), time.process_time()
    desired: dict[tuple[int, int, bytes], RawFlow] = {}
    for one in wanted:
        raw = raw_of(one, VERSION)
        desired[raw.key] = raw
    reply = peer.ask(FlowStatsRequest(cookie=0x6E6C << 48, cookie_mask=0xFFFF << 48), Delivery.RAW)
    assert isinstance(reply, RawMultipart)
    wrong = 0
    for part in reply.parts:
        for actual in raw_flows(part, VERSION):
            wrong += desired.pop(actual.key, None) != actual
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - start,
        "flow_mods": wrong + len(desired),
    }


def measure(ovs: OvsSandbox, path: Path, count: int, repeats: int) -> None:
    """All results for one number of flows."""
    text = ovs.directory / f"flows-{count}"
    text.write_text("".join(as_text(one) + "\n" for one in flows(count)))
    peer = Peer(path)
    ours, bytes_only, theirs = [], [], []
    for _ in range(repeats):
        ours.append(typed(peer, flows(count)))
        bytes_only.append(limit(peer, flows(count)))
        theirs.append(ofctl(ovs, peer, text, count))
    what = f"{count:,} flows to one switch in one bundle, from typed flows to the commit's reply"
    Result(
        f"flows-{count}-of-the-limit",
        f"{what}, beside the same bytes encoded before",
        runs(ours),
        "flows/s",
        COMMAND,
        ">= 0.5",
        runs(bytes_only),
        "pre-encoded bytes",
    ).write()
    Result(
        f"flows-{count}-beside-ofctl",
        f"{what}, beside ovs-ofctl with the same flows as text",
        runs(ours),
        "flows/s",
        COMMAND,
        ">= 1.5",
        runs(theirs),
        "ovs-ofctl --bundle",
    ).write()
    spent = []
    for _ in range(repeats):
        words = (sys.executable, "-m", "bench.flows", "--adopt", str(path), "--counts", str(count))
        spent.append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    assert all(one["flow_mods"] == 0 for one in spent), spent
    Result(
        f"flows-{count}-adoption",
        f"{count:,} right flows read back and compared by a process that has just started; no flow_mod follows",
        runs([one["cpu"] for one in spent]),
        "CPU s",
        COMMAND,
        "<= 1",
        notes=f"wall {min(one['wall'] for one in spent):.2f} s at best, most of it the switch's",
    ).write()


def main() -> None:
    """Measure, or adopt for a measurement."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--adopt", type=Path)
    chosen = arguments.parse_args()
    if chosen.adopt is not None:
        print(json.dumps(adopt(chosen.adopt, chosen.counts[0])))
        return
    with OvsSandbox.started() as ovs:
        path = ovs.bridge("br0")
        for count in chosen.counts:
            measure(ovs, path, count, chosen.runs)


if __name__ == "__main__":
    main()
