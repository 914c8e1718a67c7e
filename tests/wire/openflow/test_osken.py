"""os-ken as an oracle: what it writes we read and write again byte for byte; what a switch says it reads as we do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from os_ken.ofproto import (
    ofproto_parser,
    ofproto_protocol,
    ofproto_v1_3_parser,
    ofproto_v1_4_parser,
    ofproto_v1_5_parser,
)
from tests.wire.openflow.samples import SAMPLES

from netloom.wire.openflow import codec
from netloom.wire.openflow.messages.flow_removed import FlowRemoved
from netloom.wire.openflow.messages.flow_stats import FlowStatsReply
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.packet_in import PacketIn
from netloom.wire.openflow.messages.port import PortDescReply

PARSERS = {4: ofproto_v1_3_parser, 5: ofproto_v1_4_parser, 6: ofproto_v1_5_parser}
pytestmark = pytest.mark.oracle


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """os-ken logs what it cannot read as an exception, before it raises."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


Request = Callable[[Any, Any, Any], Any]
REQUESTS: dict[str, Request] = {
    "features": lambda p, o, d: p.OFPFeaturesRequest(d),
    "get-config": lambda p, o, d: p.OFPGetConfigRequest(d),
    "set-config": lambda p, o, d: p.OFPSetConfig(d, 1, 128),
    "barrier": lambda p, o, d: p.OFPBarrierRequest(d),
    "role": lambda p, o, d: p.OFPRoleRequest(
        d, o.OFPCR_ROLE_MASTER, *((7,) if d.ofproto.OFP_VERSION == 6 else ()), 42
    ),
    "get-async": lambda p, o, d: p.OFPGetAsyncRequest(d),
    "port-desc": lambda p, o, d: p.OFPPortDescStatsRequest(d, 0),
    "port-stats": lambda p, o, d: p.OFPPortStatsRequest(d, 0, 3),
    "table-stats": lambda p, o, d: p.OFPTableStatsRequest(d, 0),
    "group-desc": lambda p, o, d: p.OFPGroupDescStatsRequest(d, 0),
    "group-stats": lambda p, o, d: p.OFPGroupStatsRequest(d, 0, 3),
    "group-features": lambda p, o, d: p.OFPGroupFeaturesStatsRequest(d, 0),
    "meter-stats": lambda p, o, d: p.OFPMeterStatsRequest(d, 0, 3),
    "meter-features": lambda p, o, d: p.OFPMeterFeaturesStatsRequest(d, 0),
    "queue-stats": lambda p, o, d: p.OFPQueueStatsRequest(d, 0, 3, 1),
    "desc": lambda p, o, d: p.OFPDescStatsRequest(d, 0),
    "flow-stats": lambda p, o, d: getattr(p, "OFPFlowDescStatsRequest", p.OFPFlowStatsRequest)(
        d, 0, 5, 1, 2, 3, 0xFF, p.OFPMatch(in_port=3, eth_type=0x800, ipv4_dst=("10.0.0.0", "255.0.0.0"))
    ),
    "aggregate": lambda p, o, d: p.OFPAggregateStatsRequest(d, 0, 5, 1, 2, 3, 0xFF, p.OFPMatch(in_port=3)),
    "flow-mod": lambda p, o, d: p.OFPFlowMod(
        d, cookie=9, cookie_mask=0xFF, table_id=5, command=o.OFPFC_MODIFY_STRICT, idle_timeout=3, hard_timeout=4,
        priority=6, out_port=7, out_group=8, flags=1, match=p.OFPMatch(in_port=3),
        instructions=[
            p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, [p.OFPActionOutput(2, 0)]),
            p.OFPInstructionGotoTable(9),
        ],
    ),
    "group-mod": lambda p, o, d: p.OFPGroupMod(
        d, o.OFPGC_ADD, o.OFPGT_SELECT, 5,
        **(
            {
                "command_bucket_id": 0xFFFFFFFF,
                "buckets": [
                    p.OFPBucket(
                        1,
                        [p.OFPActionOutput(2, 0)],
                        [p.OFPGroupBucketPropWeight(weight=7, type_=o.OFPGBPT_WEIGHT)],
                    )
                ],
            }
            if d.ofproto.OFP_VERSION == 6
            else {"buckets": [p.OFPBucket(7, 0xFFFFFFFF, 0xFFFFFFFF, [p.OFPActionOutput(2, 0)])]}
        ),
    ),
    "meter-mod": lambda p, o, d: p.OFPMeterMod(
        d, o.OFPMC_ADD, 5, 3, [p.OFPMeterBandDrop(1000, 100), p.OFPMeterBandDscpRemark(500, 50, 1)]
    ),
    "packet-out": lambda p, o, d: p.OFPPacketOut(
        d, o.OFP_NO_BUFFER, **({"match": p.OFPMatch(in_port=3)} if d.ofproto.OFP_VERSION == 6 else {"in_port": 3}),
        actions=[p.OFPActionOutput(2, 0)], data=b"frame",
    ),
    "port-mod": lambda p, o, d: p.OFPPortMod(
        d, 3, "02:00:00:00:00:01", 1, 1,
        *([4] if d.ofproto.OFP_VERSION == 4 else [[p.OFPPortModPropEthernet(advertise=4, type_=o.OFPPMPT_ETHERNET)]]),
    ),
}  # fmt: skip


def written(name: str, version: int) -> bytes:
    datapath = ofproto_protocol.ProtocolDesc(version=version)
    message = REQUESTS[name](PARSERS[version], datapath.ofproto, datapath)
    message.set_xid(9)
    message.serialize()
    return bytes(message.buf)


@pytest.mark.parametrize("version", [4, 5, 6])
@pytest.mark.parametrize("name", REQUESTS)
def test_what_it_writes_we_read_and_write(name: str, version: int) -> None:
    data = written(name, version)
    xid, message = codec.decode(data)
    assert codec.encode(message, version=version, xid=xid).hex() == data.hex()


# Open vSwitch's and later forms that it lacks, and one reading of padding that it has wrong.
BLIND = {
    (6, "GroupDescReply"),
    (6, "MeterFeaturesReply"),
    *(
        (version, name)
        for version in (4, 5, 6)
        for name in ("RawMessage", "RawMultipart", "Hello", "FlowMonitorReply")
    ),
}
FROM_SWITCH = [
    (version, message)
    for version, message in SAMPLES
    if type(message).__name__.endswith(("Reply", "Status", "Removed", "PacketIn", "Error"))
    and (version, type(message).__name__) not in BLIND
]


def read(version: int, message: Message) -> Any:
    data = codec.encode(message, version=version, xid=9)
    kind, length, xid = ofproto_parser.header(data)[1:]
    return ofproto_parser.msg(
        ofproto_protocol.ProtocolDesc(version=version), version, kind, length, xid, data
    )


@pytest.mark.parametrize(
    ("version", "message"),
    FROM_SWITCH,
    ids=[f"{v}-{i}-{type(m).__name__}" for i, (v, m) in enumerate(FROM_SWITCH)],
)
def test_what_a_switch_says_it_reads(version: int, message: Message) -> None:
    found = read(version, message)
    assert found.xid == 9
    match message:
        case FlowStatsReply(entries=entries):
            assert [(e.table_id, e.priority, e.cookie) for e in found.body] == [
                (e.flow.table, e.flow.priority, e.flow.cookie) for e in entries
            ]
        case PortDescReply(entries=ports):
            assert [(p.port_no, p.name.decode().rstrip("\0")) for p in found.body] == [
                (p.number, p.name) for p in ports
            ]
        case PacketIn(data=data, table=table, cookie=cookie):
            assert (bytes(found.data), found.table_id, found.cookie) == (data, table, cookie)
            assert found.match["in_port"] == 3
        case FlowRemoved(priority=priority, cookie=cookie, idle_timeout=idle):
            assert (found.priority, found.cookie, found.idle_timeout) == (priority, cookie, idle)
        case _:
            pass
