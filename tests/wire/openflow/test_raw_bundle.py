import pytest

from netloom.wire.openflow.actions import Output
from netloom.wire.openflow.bundle import compose
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import raw_of
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.raw_bundle import ADD, DELETE_STRICT, RawChange, compose_raw

FLOWS = [
    Flow(0, 100, Match.of(in_port=7), (Output(3),), cookie=0x6E6C_0000_0000_0001),
    Flow(200, 5, Match(), (), cookie=5, idle_timeout=9, hard_timeout=7, flags=1),
]


@pytest.mark.parametrize("version", [4, 5, 6])
def test_the_same_bytes_as_from_messages(version: int) -> None:
    add = [FlowMod(FlowCommand.ADD, flow) for flow in FLOWS]
    raw = [RawChange(ADD, raw_of(flow, version)) for flow in FLOWS]
    ours = compose_raw(raw, version=version, bundle_id=3, first_xid=10)
    theirs = compose(add, version=version, bundle_id=3, first_xid=10)
    assert ours.data == theirs.data
    assert ours.commit_xid == theirs.commit_xid == 13


def test_a_deletion_carries_no_instructions_and_names_the_owner() -> None:
    mask = 0xFFFF << 48
    flow = FLOWS[0]
    bare = Flow(flow.table, flow.priority, flow.match, (), cookie=flow.cookie)
    theirs = compose(
        [FlowMod(FlowCommand.DELETE_STRICT, bare, cookie_mask=mask)], version=5, bundle_id=1, first_xid=1
    )
    ours = compose_raw([RawChange(DELETE_STRICT, raw_of(flow, 5), mask)], version=5, bundle_id=1, first_xid=1)
    assert ours.data == theirs.data
