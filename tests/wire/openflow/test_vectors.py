"""What Open vSwitch's own programs say, read and written again byte for byte (`capture.py` made the files)."""

from __future__ import annotations

from pathlib import Path

import pytest

from netloom.wire.openflow import codec
from netloom.wire.openflow.connection import Connection, Negotiated, Received, Role
from netloom.wire.openflow.messages.experimenter import RawMessage
from netloom.wire.openflow.messages.port_stats import PortStatsReply

VECTORS = [
    (path.stem, number, side, bytes.fromhex(digits))
    for path in sorted((Path(__file__).parent / "vectors").glob("*.txt"))
    for number, line in enumerate(path.read_text().splitlines(), 1)
    for side, digits in [line.split()]
]
IDS = [f"{name}-{number}" for name, number, _, _ in VECTORS]


@pytest.mark.parametrize(("name", "number", "side", "data"), VECTORS, ids=IDS)
def test_reads_and_writes_it_again(name: str, number: int, side: str, data: bytes) -> None:
    xid, message = codec.decode(data)
    if isinstance(message, PortStatsReply) and data[0] > 4:
        return  # Open vSwitch adds counters of its own as an experimenter property, which we skip
    again = codec.encode(message, version=data[0], xid=xid)
    if data[1] in (
        codec.TYPE_REQUEST,
        codec.TYPE_REPLY,
    ):  # which part of a long one it was is not in the message
        data = data[:10] + b"\0\0" + data[12:]
    assert again.hex() == data.hex()


@pytest.mark.parametrize("name", ["openflow13", "openflow14", "openflow15"])
def test_understands_nearly_all(name: str) -> None:
    raw = [
        m
        for n, _, _, data in VECTORS
        if n == name
        for m in [codec.decode(data)[1]]
        if isinstance(m, RawMessage)
    ]
    assert {m.kind for m in raw} <= {22, 23}  # 1.3's queue configuration: superseded, and of no use to us


@pytest.mark.parametrize("version", [4, 5, 6])
def test_a_connection_takes_the_switch_side_of_the_recording(version: int) -> None:
    connection = Connection(role=Role.CONTROLLER, versions=frozenset({version}))
    stream = b"".join(
        data for name, _, side, data in VECTORS if name == f"openflow1{version - 1}" and side == "switch"
    )
    events = connection.receive_data(stream)
    assert events[0] == Negotiated(version)
    assert len([e for e in events if isinstance(e, Received)]) > 20
