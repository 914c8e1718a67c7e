"""At least one message of every row of the table, in every version that has it."""

from __future__ import annotations

import msgspec

from netloom.wire.openflow import codec, ports
from netloom.wire.openflow.actions import Controller, GotoTable, Group, Output, Resubmit
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import FieldMatch, Match
from netloom.wire.openflow.messages import ALL_FORMS
from netloom.wire.openflow.messages.async_config import AsyncMasks, GetAsyncReply, GetAsyncRequest, SetAsync
from netloom.wire.openflow.messages.barrier import BarrierReply, BarrierRequest
from netloom.wire.openflow.messages.bundle import BundleAdd, BundleControl, BundleStep
from netloom.wire.openflow.messages.config import GetConfigReply, GetConfigRequest, SetConfig
from netloom.wire.openflow.messages.description import DescReply, DescRequest
from netloom.wire.openflow.messages.echo import EchoReply, EchoRequest
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.experimenter import Experimenter, RawMessage, RawMultipart
from netloom.wire.openflow.messages.features import FeaturesReply, FeaturesRequest
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.messages.flow_monitor import (
    FlowEvent,
    FlowMonitor,
    FlowMonitorCancel,
    FlowMonitorPaused,
    FlowMonitorReply,
    FlowMonitorRequest,
    FlowMonitorResumed,
    FlowUpdate,
    MonitorFlags,
)
from netloom.wire.openflow.messages.flow_removed import FlowRemoved, FlowRemovedReason
from netloom.wire.openflow.messages.flow_stats import (
    AggregateReply,
    AggregateRequest,
    FlowStats,
    FlowStatsReply,
    FlowStatsRequest,
)
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.group import (
    Bucket,
    BucketCounters,
    GroupCommand,
    GroupDesc,
    GroupDescReply,
    GroupDescRequest,
    GroupFeaturesReply,
    GroupFeaturesRequest,
    GroupMod,
    GroupStats,
    GroupStatsReply,
    GroupStatsRequest,
    GroupType,
    Selection,
)
from netloom.wire.openflow.messages.hello import Hello
from netloom.wire.openflow.messages.meter import (
    Band,
    BandCounters,
    BandType,
    MeterCommand,
    MeterConfig,
    MeterConfigReply,
    MeterConfigRequest,
    MeterFeaturesReply,
    MeterFeaturesRequest,
    MeterMod,
    MeterStats,
    MeterStatsReply,
    MeterStatsRequest,
)
from netloom.wire.openflow.messages.nicira import PacketInFormat, SetControllerId, SetPacketInFormat
from netloom.wire.openflow.messages.packet_in import PacketIn, PacketIn2, Resume
from netloom.wire.openflow.messages.packet_out import PacketOut
from netloom.wire.openflow.messages.port import Port, PortDescReply, PortDescRequest, PortReason, PortStatus
from netloom.wire.openflow.messages.port_mod import PortMod
from netloom.wire.openflow.messages.port_stats import PortStats, PortStatsReply, PortStatsRequest
from netloom.wire.openflow.messages.queue import (
    QueueDesc,
    QueueDescReply,
    QueueDescRequest,
    QueueStats,
    QueueStatsReply,
    QueueStatsRequest,
)
from netloom.wire.openflow.messages.role import ControllerRole, RoleReply, RoleRequest, RoleStatus
from netloom.wire.openflow.messages.table import (
    Property,
    TableDesc,
    TableDescReply,
    TableDescRequest,
    TableFeatures,
    TableFeaturesReply,
    TableFeaturesRequest,
    TableMod,
    TableStats,
    TableStatsReply,
    TableStatsRequest,
)
from netloom.wire.openflow.messages.tlv_table import (
    TlvCommand,
    TlvMap,
    TlvTableMod,
    TlvTableReply,
    TlvTableRequest,
)
from netloom.wire.openflow.versions import OF13, OF14, OF15, VERSIONS

MATCH = Match.of(in_port=3, eth_type=0x0800, ip_dst=(0x0A000000, 0xFF000000), reg1=5)
METADATA = Match.of(in_port=3, tun_id=0x77)
FLOW = Flow(5, 1000, MATCH, (Resubmit(table=7), Output(2), GotoTable(9)), 0xBEEF000000000007, 10, 60, 1)
DROP = Flow(0, 0, Match(), ())
PORT = Port(3, 0x020000000001, "eth0", 1, 4, 2, 3, 4, 5, 1000, 10000)
FRAME = bytes(range(64))
FULL = frozenset(VERSIONS)


def samples(version: int) -> list[Message]:
    """Messages of this version; each reads back as it was written."""
    new, newest = version >= OF14, version >= OF15
    bucket_ids = (0, 7) if newest else (None, None)
    buckets = (
        Bucket((Output(1),), 10, bucket_id=bucket_ids[0]),
        Bucket((Output(2), Group(4)), 0, 5, bucket_id=bucket_ids[1]),
    )
    selection = Selection("hash", 3, (FieldMatch(FIELDS["ip_src"], 0xFFFFFFFF, None),)) if newest else None
    masks = AsyncMasks(3, 7, 15, 1, 0x18, 3) if new else AsyncMasks(3, 7, 15)
    second = AsyncMasks(0, 7, 0, 0, 0, 0) if new else AsyncMasks(0, 7, 0)
    properties = (Property(2, b"\0\0\0\x07"),)
    inner = codec.encode(PortMod(3, 2, 1, 1), version=version, xid=0x01020304)
    group = GroupDesc(GroupType.SELECT, 5, buckets, selection)
    features = TableFeatures(
        3, "acl", 1, 2, 3, 100, *((1, 2) if newest else (0, 0)), properties=(Property(0, b"\0\1\0\4"),)
    )
    out: list[Message] = [
        Hello(version, frozenset({1, 4, 5})),
        Hello(version),
        Hello(version, frozenset({4, 33})),
        ErrorMessage(5, 1, inner),
        ErrorMessage(0xFFFF, 19, b"abc", 0x2320),
        EchoRequest(),
        EchoRequest(b"ping"),
        EchoReply(b"pong"),
        FeaturesRequest(),
        FeaturesReply(0xAABBCCDDEEFF0011, 256, 254, 0, 0x4F, 0),
        GetConfigRequest(),
        GetConfigReply(1, 128),
        SetConfig(0, 0xFFFF),
        BarrierRequest(),
        BarrierReply(),
        RoleRequest(ControllerRole.PRIMARY, 42, 7 if newest else 0),
        RoleReply(ControllerRole.SECONDARY, 43, 7 if newest else 0),
        GetAsyncRequest(),
        GetAsyncReply(masks, second),
        SetAsync(masks, second),
        FlowMod(FlowCommand.ADD, FLOW),
        FlowMod(FlowCommand.DELETE_STRICT, DROP, 0xFFFF, 1, 2, 3),
        FlowRemoved(5, 1000, MATCH, FlowRemovedReason.IDLE_TIMEOUT, 9, 10, 60, 100, 6400, 12, 13),
        FlowStatsRequest(),
        FlowStatsRequest(5, MATCH, 1, 0xFF, 3, 4),
        FlowStatsReply(),
        FlowStatsReply((FlowStats(FLOW, 1, 64, 2, 3), FlowStats(DROP, 0, 0, 1, 1))),
        AggregateRequest(5, MATCH, 1, 0xFF, 3, 4),
        AggregateReply(10, 640, 3),
        FlowMonitorRequest(
            (
                FlowMonitor(3, MonitorFlags.ADD | MonitorFlags.INSTRUCTIONS, MATCH, 5),
                FlowMonitor(4, MonitorFlags.REMOVED),
            )
        ),
        FlowMonitorReply(
            (
                FlowUpdate(FlowEvent.ADDED, Flow(5, 1000, MATCH, (Output(2),), 7, 10, 60)),
                FlowUpdate(FlowEvent.REMOVED, Flow(5, 1000, MATCH, (), 7, 10, 60), 2),
                FlowUpdate(FlowEvent.ABBREV, xid=77),
            )
        ),
        PacketIn(FRAME, METADATA, 1, 5, 99, 1500),
        PacketIn2(FRAME, METADATA, 1, 5, 99, 1500, userdata=b"why", continuation=b"\0" * 12),
        PacketIn2(FRAME, METADATA, 1, 5, 99, 1500, userdata=b"why"),
        PacketIn2(b"", total_len=0),
        Resume(PacketIn2(FRAME, METADATA, total_len=64, continuation=b"\0" * 12)),
        PacketOut((Output(2), Controller(64)), FRAME, 3),
        PacketOut((), b"", ports.CONTROLLER),
        GroupMod(GroupCommand.ADD, GroupType.SELECT, 5, buckets, selection=selection),
        GroupMod(GroupCommand.DELETE, GroupType.ALL, 0xFFFFFFFC),
        GroupDescRequest(),
        GroupDescReply((group, GroupDesc(GroupType.ALL, 6))),
        GroupStatsRequest(5),
        GroupStatsReply((GroupStats(5, 1, 2, 3, 4, 5, (BucketCounters(1, 2), BucketCounters(3, 4))),)),
        GroupFeaturesRequest(),
        GroupFeaturesReply(15, 7, (1, 2, 3, 4), (5, 6, 7, 8)),
        MeterMod(
            MeterCommand.ADD, 3, 13, (Band(BandType.DROP, 1000, 200), Band(BandType.DSCP_REMARK, 500, 0, 1))
        ),
        MeterMod(MeterCommand.DELETE, 0xFFFFFFFF),
        MeterStatsRequest(),
        MeterStatsReply((MeterStats(3, 1, 2, 3, 4, 5, (BandCounters(6, 7),)), MeterStats(4, 1, 2, 3, 4, 5))),
        MeterConfigRequest(3),
        MeterConfigReply((MeterConfig(3, 13, (Band(BandType.DROP, 1000, 200),)), MeterConfig(4, 1))),
        MeterFeaturesRequest(),
        MeterFeaturesReply(1000, 2, 15, 8, 0),
        PortStatus(PortReason.MODIFY, PORT),
        PortDescRequest(),
        PortDescReply((PORT, Port(0xFFFFFFFE, 2, "br-int"))),
        PortMod(3, 0x020000000001, 1, 1, 4),
        PortStatsRequest(3),
        PortStatsReply((PortStats(3, *range(14)), PortStats(4, *range(14)))),
        TableMod(1, 3, properties if new else ()),
        TableStatsRequest(),
        TableStatsReply((TableStats(0, 5, 6, 7), TableStats(1, 0, 0, 0))),
        TableFeaturesRequest(),
        TableFeaturesRequest((features,)),
        TableFeaturesReply((features, features)),
        QueueStatsRequest(3, 1),
        QueueStatsReply((QueueStats(3, 1, 2, 3, 4, 5, 6), QueueStats(4, 1, 2, 3, 4, 5, 6))),
        DescRequest(),
        DescReply("maker", "hardware", "software", "serial", "datapath"),
        BundleControl(7, BundleStep.OPEN_REQUEST),
        BundleControl(7, BundleStep.COMMIT_REPLY, 0),
        BundleAdd(7, inner),
        SetPacketInFormat(PacketInFormat.NXT2),
        SetControllerId(5),
        TlvTableMod(TlvCommand.ADD, (TlvMap(0x102, 0x80, 4, 0),)),
        TlvTableMod(TlvCommand.CLEAR),
        TlvTableRequest(),
        TlvTableReply(256, 64, (TlvMap(0x102, 0x80, 4, 0), TlvMap(0x102, 0x81, 8, 1))),
        Experimenter(0x123456, 9, b"unknown"),
        RawMultipart(True, 200, (b"unknown",)),
        RawMultipart(False, 0xFFFF, (b"unknown",), 0x123456, 4),
    ]
    if new:
        out += [
            FlowMod(FlowCommand.ADD, msgspec.structs.replace(FLOW, importance=9)),
            RoleStatus(ControllerRole.SECONDARY, 0, 42),
            TableDescRequest(),
            TableDescReply((TableDesc(0, 4, properties), TableDesc(1, 0))),
            QueueDescRequest(3, 1),
            QueueDescReply((QueueDesc(3, 1, (Property(1, b"\0\x64\0\0"),)), QueueDesc(3, 2))),
            FlowMonitorReply((FlowUpdate(FlowEvent.PAUSED), FlowUpdate(FlowEvent.RESUMED))),
            RawMessage(31, b"table status"),
        ]
    else:
        out += [FlowMonitorCancel(3), FlowMonitorPaused(), FlowMonitorResumed(), RawMessage(22, bytes(8))]
    if newest:
        out += [
            PacketOut((Output(2),), FRAME, 3, Match.of(reg0=1)),
            GroupMod(GroupCommand.INSERT_BUCKET, GroupType.SELECT, 5, buckets, 0xFFFFFFFE),
            GroupMod(GroupCommand.REMOVE_BUCKET, GroupType.ALL, 5, (), 7),
            GroupDescRequest(5),
            PortDescRequest(3),
        ]
    return out


SAMPLES = [(version, message) for version in (OF13, OF14, OF15) for message in samples(version)]
COVERED = {(version, type(message)) for version, message in SAMPLES}
MISSING = [
    (version, form.message.__name__)
    for form in ALL_FORMS
    for version in form.versions
    if (version, form.message) not in COVERED
]
