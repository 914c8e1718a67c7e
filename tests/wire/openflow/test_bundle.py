"""Bundles as bytes: what they are made of, and which change an error names."""

from __future__ import annotations

import pytest
from tests.wire.openflow.samples import DROP, FLOW

from netloom.wire.openflow import codec
from netloom.wire.openflow.bundle import compose, compose_pieces, xids_needed
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.messages.bundle import BundleAdd, BundleControl, BundleFlags, BundleStep
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.packet_out import PacketOut

CHANGES: list[Message] = [FlowMod(FlowCommand.ADD, FLOW), FlowMod(FlowCommand.DELETE_STRICT, DROP)]


def messages(data: bytes) -> list[tuple[int, Message]]:
    found, at = [], 0
    while at < len(data):
        found.append(codec.decode(data, at))
        at += int.from_bytes(data[at + 2 : at + 4])
    return found


@pytest.mark.parametrize("version", [4, 5, 6])
@pytest.mark.parametrize("flags", [BundleFlags.ATOMIC, BundleFlags.ORDERED | BundleFlags.ATOMIC])
def test_open_adds_commit(version: int, flags: BundleFlags) -> None:
    bundle = compose(CHANGES, version=version, bundle_id=7, first_xid=10, flags=flags)
    inner = [codec.encode(change, version=version, xid=11 + i) for i, change in enumerate(CHANGES)]
    assert messages(bundle.data) == [
        (10, BundleControl(7, BundleStep.OPEN_REQUEST, flags)),
        (11, BundleAdd(7, inner[0], flags)),
        (12, BundleAdd(7, inner[1], flags)),
        (13, BundleControl(7, BundleStep.COMMIT_REQUEST, flags)),
    ]
    assert (bundle.open_xid, bundle.commit_xid, bundle.count) == (10, 13, 2)
    assert [bundle.place_of(xid) for xid in range(9, 15)] == [None, None, 0, 1, None, None]
    assert bundle.commit_xid == 10 + xids_needed(2) - 1


@pytest.mark.parametrize("version", [4, 5, 6])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10, 11])
def test_pieces_are_the_same_bytes(version: int, count: int) -> None:
    changes = CHANGES * count
    whole = compose(changes, version=version, bundle_id=7, first_xid=10)
    pieces = list(compose_pieces(changes, version=version, bundle_id=7, first_xid=10, size=5))
    assert b"".join(pieces) == whole.data
    assert len(pieces) == max(1, (len(changes) + 4) // 5)
    assert len(messages(whole.data)) == len(changes) + 2


def test_a_change_that_does_not_fit() -> None:
    with pytest.raises(LocalProtocolError):
        compose([PacketOut((), bytes(65500), 1)], version=4, bundle_id=1, first_xid=1)
