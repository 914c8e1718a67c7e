"""Against a real ovs-vswitchd (dummy datapath) in 1.3, 1.4 and 1.5."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from tests.sandbox.ovs import OvsSandbox

from netloom.wire.openflow import ports
from netloom.wire.openflow.actions import Controller, Group, Output, Resubmit
from netloom.wire.openflow.bundle import compose, xids_needed
from netloom.wire.openflow.connection import Connection, Delivery, Event, Negotiated, Received, Role
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import raw_of
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.messages.async_config import AsyncMasks, GetAsyncReply, GetAsyncRequest, SetAsync
from netloom.wire.openflow.messages.barrier import BarrierReply, BarrierRequest
from netloom.wire.openflow.messages.bundle import BundleControl, BundleStep
from netloom.wire.openflow.messages.config import GetConfigReply, GetConfigRequest, SetConfig
from netloom.wire.openflow.messages.description import DescReply, DescRequest
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.experimenter import RawMultipart
from netloom.wire.openflow.messages.features import FeaturesReply, FeaturesRequest
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.messages.flow_monitor import (
    FlowEvent,
    FlowMonitor,
    FlowMonitorReply,
    FlowMonitorRequest,
    MonitorFlags,
)
from netloom.wire.openflow.messages.flow_removed import FlowRemoved, FlowRemovedReason
from netloom.wire.openflow.messages.flow_stats import (
    AggregateReply,
    AggregateRequest,
    FlowStatsReply,
    FlowStatsRequest,
)
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.group import (
    Bucket,
    GroupCommand,
    GroupDesc,
    GroupDescReply,
    GroupDescRequest,
    GroupMod,
    GroupStatsReply,
    GroupStatsRequest,
    GroupType,
)
from netloom.wire.openflow.messages.meter import (
    Band,
    BandType,
    MeterCommand,
    MeterConfig,
    MeterConfigReply,
    MeterConfigRequest,
    MeterFlags,
    MeterMod,
    MeterStatsReply,
    MeterStatsRequest,
)
from netloom.wire.openflow.messages.nicira import PacketInFormat, SetPacketInFormat
from netloom.wire.openflow.messages.packet_in import PacketIn, PacketIn2, Resume
from netloom.wire.openflow.messages.packet_out import PacketOut
from netloom.wire.openflow.messages.port import PortDescReply, PortDescRequest, PortReason, PortStatus
from netloom.wire.openflow.messages.port_mod import PortMod
from netloom.wire.openflow.messages.role import ControllerRole, RoleReply, RoleRequest, RoleStatus
from netloom.wire.openflow.messages.table import TableFeaturesReply, TableFeaturesRequest
from netloom.wire.openflow.messages.tlv_table import (
    TlvCommand,
    TlvMap,
    TlvTableMod,
    TlvTableReply,
    TlvTableRequest,
)

pytestmark = pytest.mark.oracle
M = TypeVar("M", bound=Message)
FRAME = bytes.fromhex("02000000000102000000000208004500") + bytes(48)
FLOWS = [
    Flow(0, 100 + i, Match.of(in_port=1, eth_type=0x0800, ip_dst=i + 1), (Output(1), Resubmit(table=3)), i)
    for i in range(2000)
]


class Peer:
    """One connection to a switch, blocking."""

    def __init__(self, path: Path, version: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(str(path))
        self.connection = Connection(role=Role.CONTROLLER, versions=frozenset({version}))
        self.version = version
        self.inbox: list[Event] = []
        assert self.wait(lambda event: isinstance(event, Negotiated)) == Negotiated(version)

    def close(self) -> None:
        self._socket.close()

    def wait(self, wanted: Callable[[Event], bool]) -> Event:
        while True:
            for i, event in enumerate(self.inbox):
                if wanted(event):
                    return self.inbox.pop(i)
            self._socket.sendall(self.connection.data_to_send())
            self.inbox += self.connection.receive_data(self._socket.recv(65536))

    def reply(self, xid: int) -> Message:
        event = self.wait(lambda event: isinstance(event, Received) and event.xid == xid)
        assert isinstance(event, Received)
        return event.message

    def ask(self, message: Message, kind: type[M], *, delivery: Delivery = Delivery.DECODED) -> M:
        reply = self.reply(self.connection.send(message, delivery=delivery))
        assert isinstance(reply, kind), reply
        return reply

    def next(self, kind: type[M]) -> M:
        event = self.wait(lambda event: isinstance(event, Received) and isinstance(event.message, kind))
        assert isinstance(event, Received)
        assert isinstance(event.message, kind)
        return event.message

    def do(self, *messages: Message) -> None:
        """Send, and see that nothing was refused."""
        for message in messages:
            self.connection.send(message)
        self.ask(BarrierRequest(), BarrierReply)
        errors = [
            e.message for e in self.inbox if isinstance(e, Received) and isinstance(e.message, ErrorMessage)
        ]
        assert errors == [], [str(e) for e in errors]

    def bundle(self, changes: list[Message]) -> Message:
        composed = compose(
            changes,
            version=self.version,
            bundle_id=9,
            first_xid=self.connection.new_xids(xids_needed(len(changes))),
        )
        self.connection.send_raw(composed.data)
        return self.reply(composed.commit_xid)


@pytest.fixture(scope="module")
def switch() -> Iterator[OvsSandbox]:
    with OvsSandbox.started() as ovs:
        ovs.bridge("br0")
        for name in ("p1", "p2"):
            ovs.vsctl(
                "add-port",
                "br0",
                name,
                "--",
                "set",
                "interface",
                name,
                "type=dummy",
                f"ofport_request={name[1]}",
            )
        yield ovs


@pytest.fixture(params=[4, 5, 6], ids=["1.3", "1.4", "1.5"])
def peer(switch: OvsSandbox, request: pytest.FixtureRequest) -> Iterator[Peer]:
    one = Peer(switch.mgmt_path("br0"), request.param)
    one.do(
        FlowMod(FlowCommand.DELETE, Flow(255, 0, Match(), ())),
        GroupMod(GroupCommand.DELETE, GroupType.ALL, 0xFFFFFFFC),
        MeterMod(MeterCommand.DELETE, 0xFFFFFFFF),
    )
    yield one
    one.close()


def test_who_it_is(peer: Peer) -> None:
    assert peer.ask(FeaturesRequest(), FeaturesReply).tables == 254
    assert peer.ask(DescRequest(), DescReply).hardware == "Open vSwitch"
    found = {port.name: port.number for port in peer.ask(PortDescRequest(), PortDescReply).entries}
    assert found == {"br0": ports.LOCAL, "p1": 1, "p2": 2}
    assert len(peer.ask(TableFeaturesRequest(), TableFeaturesReply).entries) == 254


def test_configuration(peer: Peer) -> None:
    peer.do(SetConfig(0, 99))
    assert peer.ask(GetConfigRequest(), GetConfigReply) == GetConfigReply(0, 99)
    peer.do(SetAsync(AsyncMasks(3, 7, 15), AsyncMasks(0, 4, 0)))
    reply = peer.ask(GetAsyncRequest(), GetAsyncReply)
    assert (reply.primary.port_status, reply.secondary.port_status) == (7, 4)


def test_flows_in_a_bundle(peer: Peer, switch: OvsSandbox) -> None:
    done = peer.bundle([FlowMod(FlowCommand.ADD, flow) for flow in FLOWS])
    assert isinstance(done, BundleControl)
    assert done.step is BundleStep.COMMIT_REPLY
    reply = peer.ask(FlowStatsRequest(), FlowStatsReply)
    assert {entry.flow for entry in reply.entries} == set(FLOWS)
    assert all(entry.packets == 0 for entry in reply.entries)
    some = peer.ask(FlowStatsRequest(0, Match.of(in_port=1), cookie=7, cookie_mask=0xFFFF), FlowStatsReply)
    assert [entry.flow for entry in some.entries] == [FLOWS[7]]
    assert peer.ask(AggregateRequest(), AggregateReply) == AggregateReply(0, 0, 2000)
    assert "nw_dst=0.0.0.5" in switch.ofctl("-OOpenFlow13", "dump-flows", "br0")


def test_the_dump_as_bytes_has_our_own_spelling(peer: Peer) -> None:
    peer.do(FlowMod(FlowCommand.ADD, FLOWS[3]))
    reply = peer.ask(FlowStatsRequest(), RawMultipart, delivery=Delivery.RAW)
    raw = raw_of(FLOWS[3], peer.version)
    [body] = reply.parts
    assert raw.match in body
    assert body.endswith(raw.instructions)


def test_a_refused_bundle_changes_nothing_and_says_which(peer: Peer) -> None:
    bad = Flow(0, 1, Match(), (Group(77),))
    changes: list[Message] = [FlowMod(FlowCommand.ADD, flow) for flow in (FLOWS[0], bad, FLOWS[1])]
    first = peer.connection.new_xids(xids_needed(3))
    composed = compose(changes, version=peer.version, bundle_id=3, first_xid=first)
    peer.connection.send_raw(composed.data)
    error = peer.reply(first + 2)
    assert isinstance(error, ErrorMessage)
    assert error.name == "OFPBAC_BAD_OUT_GROUP"
    assert composed.place_of(first + 2) == 1
    failed = peer.reply(composed.commit_xid)
    assert isinstance(failed, ErrorMessage)
    assert failed.name == "OFPBFC_MSG_FAILED"
    assert peer.ask(FlowStatsRequest(), FlowStatsReply).entries == ()


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (FlowMod(FlowCommand.ADD, Flow(0, 1, Match(), (Group(77),))), "OFPBAC_BAD_OUT_GROUP"),
        (GroupMod(GroupCommand.MODIFY, GroupType.ALL, 5), "OFPGMFC_UNKNOWN_GROUP"),
        (MeterMod(MeterCommand.MODIFY, 9), "OFPMMFC_UNKNOWN_METER"),
        (PortMod(77, 1, 0, 0), "OFPPMFC_BAD_PORT"),
        (TlvTableMod(TlvCommand.ADD, (TlvMap(1, 1, 3, 0),)), "NXTTMFC_BAD_OPT_LEN"),
        (PacketOut((), b"", 1, buffer_id=5), "OFPBRC_BUFFER_UNKNOWN"),
    ],
)
def test_errors_by_name(peer: Peer, message: Message, name: str) -> None:
    error = peer.ask(message, ErrorMessage)
    assert error.name == name
    assert error.refused[1] in (4, 13, 14, 15, 16, 29)  # the offending message's type


def test_groups(peer: Peer) -> None:
    buckets = (Bucket((Output(1),), 10), Bucket((Output(2),), 20))
    peer.do(GroupMod(GroupCommand.ADD, GroupType.SELECT, 5, buckets))
    [group] = peer.ask(GroupDescRequest(), GroupDescReply).entries
    assert (group.type, group.group_id) == (GroupType.SELECT, 5)
    assert [(bucket.weight, bucket.actions) for bucket in group.buckets] == [
        (10, (Output(1),)),
        (20, (Output(2),)),
    ]
    if peer.version == 6:
        peer.do(
            GroupMod(
                GroupCommand.INSERT_BUCKET,
                GroupType.SELECT,
                5,
                (Bucket((Output(1),), 5, bucket_id=9),),
                0xFFFFFFFE,
            )
        )
        [grown] = peer.ask(GroupDescRequest(5), GroupDescReply).entries
        assert [bucket.bucket_id for bucket in grown.buckets] == [0, 1, 9]
        peer.do(GroupMod(GroupCommand.REMOVE_BUCKET, GroupType.SELECT, 5, (), 9))
        assert peer.ask(GroupDescRequest(), GroupDescReply).entries == (
            GroupDesc(GroupType.SELECT, 5, grown.buckets[:2], grown.selection),
        )
    [stats] = peer.ask(GroupStatsRequest(), GroupStatsReply).entries
    assert len(stats.buckets) == 2


def test_meters(peer: Peer) -> None:
    bands = (Band(BandType.DROP, 1000, 200),)
    flags = MeterFlags.KBPS | MeterFlags.BURST | MeterFlags.STATS
    peer.do(MeterMod(MeterCommand.ADD, 3, flags, bands))
    assert peer.ask(MeterConfigRequest(), MeterConfigReply).entries == (MeterConfig(3, flags, bands),)
    [stats] = peer.ask(MeterStatsRequest(3), MeterStatsReply).entries
    assert len(stats.bands) == 1


def test_a_packet_out_comes_back_with_its_userdata(peer: Peer) -> None:
    peer.do(SetConfig(0, 0xFFFF), SetPacketInFormat(PacketInFormat.NXT2))
    peer.connection.send(PacketOut((Controller(userdata=b"why"),), FRAME, in_port=1))
    packet = peer.next(PacketIn2)
    assert (packet.data, packet.userdata, packet.pipeline) == (FRAME, b"why", Match.of(in_port=1))


def test_a_paused_flow_goes_on(peer: Peer) -> None:
    peer.do(
        SetConfig(0, 0xFFFF),
        SetPacketInFormat(PacketInFormat.NXT2),
        FlowMod(
            FlowCommand.ADD,
            Flow(0, 9, Match.of(in_port=2), (Controller(pause=True, userdata=b"p"), Resubmit(table=7))),
        ),
        FlowMod(FlowCommand.ADD, Flow(7, 9, Match(), (Controller(userdata=b"after"),))),
    )
    peer.connection.send(PacketOut((Output(ports.TABLE),), FRAME, in_port=2))
    packet = peer.next(PacketIn2)
    assert packet.userdata == b"p"
    assert packet.continuation
    peer.connection.send(Resume(packet))
    assert peer.next(PacketIn2).userdata == b"after"


def test_a_standard_packet_in(peer: Peer) -> None:
    peer.do(SetConfig(0, 0xFFFF))
    peer.connection.send(PacketOut((Output(ports.CONTROLLER, 0xFFFF),), FRAME, in_port=1))
    packet = peer.next(PacketIn)
    assert (packet.data, packet.pipeline, packet.total_len) == (FRAME, Match.of(in_port=1), len(FRAME))


def test_roles_fence_a_stale_controller(peer: Peer, switch: OvsSandbox) -> None:
    other = Peer(switch.mgmt_path("br0"), peer.version)
    now = peer.ask(RoleRequest(ControllerRole.NO_CHANGE), RoleReply).generation_id
    generation = 1 if now == (1 << 64) - 1 else now + 1
    reply = peer.ask(RoleRequest(ControllerRole.PRIMARY, generation), RoleReply)
    assert reply == RoleReply(ControllerRole.PRIMARY, generation)
    other.ask(RoleRequest(ControllerRole.PRIMARY, generation + 1), RoleReply)
    if peer.version > 4:
        assert peer.next(RoleStatus).role is ControllerRole.SECONDARY
    assert peer.ask(FlowMod(FlowCommand.ADD, FLOWS[0]), ErrorMessage).name == "OFPBRC_IS_SLAVE"
    stale = peer.ask(RoleRequest(ControllerRole.PRIMARY, generation), ErrorMessage)
    assert stale.name == "OFPRRFC_STALE"
    other.close()


def test_a_flow_monitor_sees_what_others_do(peer: Peer, switch: OvsSandbox) -> None:
    other = Peer(switch.mgmt_path("br0"), peer.version)
    flags = MonitorFlags.ADD | MonitorFlags.REMOVED | MonitorFlags.MODIFY | MonitorFlags.INSTRUCTIONS
    peer.ask(FlowMonitorRequest((FlowMonitor(7, flags, table=0),)), FlowMonitorReply)
    flow = FLOWS[0]
    other.do(FlowMod(FlowCommand.ADD, flow))
    [update] = peer.next(FlowMonitorReply).entries
    assert (update.event, update.flow) == (FlowEvent.ADDED, flow)
    other.do(FlowMod(FlowCommand.DELETE_STRICT, flow))
    [update] = peer.next(FlowMonitorReply).entries
    assert (update.event, update.reason) == (FlowEvent.REMOVED, FlowRemovedReason.DELETE)
    other.close()


def test_a_removed_flow_is_told(peer: Peer) -> None:
    flow = Flow(0, 5, Match.of(in_port=1), (Output(2),), 77, flags=1)
    peer.do(SetConfig(0, 128), FlowMod(FlowCommand.ADD, flow), FlowMod(FlowCommand.DELETE, flow))
    gone = peer.next(FlowRemoved)
    assert (gone.match, gone.priority, gone.cookie, gone.reason) == (
        flow.match,
        5,
        77,
        FlowRemovedReason.DELETE,
    )
    assert gone.packets == 0


def test_ports_come_and_go(peer: Peer, switch: OvsSandbox) -> None:
    peer.do(SetAsync(AsyncMasks(3, 7, 15), AsyncMasks(0, 7, 0)))
    switch.vsctl("add-port", "br0", "px", "--", "set", "interface", "px", "type=dummy", "ofport_request=9")
    switch.vsctl("del-port", "px")
    status = peer.next(PortStatus)
    assert (status.reason, status.port.name, status.port.number) == (PortReason.ADD, "px", 9)
    while status.reason is not PortReason.DELETE:
        status = peer.next(PortStatus)
    assert status.port.number == 9


def test_tunnel_options(peer: Peer) -> None:
    option = TlvMap(0x0102, 0x80, 4, 5)
    peer.do(TlvTableMod(TlvCommand.CLEAR), TlvTableMod(TlvCommand.ADD, (option,)))
    assert peer.ask(TlvTableRequest(), TlvTableReply) == TlvTableReply(256, 64, (option,))
    peer.do(TlvTableMod(TlvCommand.DELETE, (option,)))
