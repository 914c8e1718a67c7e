"""Every message of the table: round trip, truncation, wrong lengths, and what Open vSwitch's own printer thinks of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest
from tests.wire.openflow.samples import FLOW, MISSING, SAMPLES

from netloom.wire.openflow import codec
from netloom.wire.openflow.error_codes import error_numbers
from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.flow_mod import FlowCommand, FlowMod
from netloom.wire.openflow.messages.flow_stats import FlowStats, FlowStatsReply
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.group import GroupCommand, GroupMod, GroupType
from netloom.wire.openflow.messages.hello import Hello
from netloom.wire.openflow.messages.packet_in import PacketIn2
from netloom.wire.openflow.messages.role import newer
from netloom.wire.openflow.messages.table import TableDescRequest
from netloom.wire.openflow.versions import OF13, VERSION_NAMES, VERSIONS

XID = 0x01020304
IDS = [f"{version}-{i}-{type(message).__name__}" for i, (version, message) in enumerate(SAMPLES)]


def test_every_row_of_the_table_has_a_sample() -> None:
    assert MISSING == []


@pytest.mark.parametrize(("version", "message"), SAMPLES, ids=IDS)
class TestEveryMessage:
    def test_reads_back_as_it_was_written(self, version: int, message: Message) -> None:
        data = codec.encode(message, version=version, xid=XID)
        assert codec.decode(data) == (XID, message)

    def test_is_found_at_any_offset(self, version: int, message: Message) -> None:
        data = codec.encode(message, version=version, xid=XID)
        assert codec.decode(b"\xff" * 5 + data + b"\xff" * 64, 5) == (XID, message)

    def test_cut_short_is_an_error_or_a_shorter_message(self, version: int, message: Message) -> None:
        """The header says the shorter length; behind it come bytes that must not be read."""
        data = codec.encode(message, version=version, xid=XID)
        for length in range(len(data)):
            short = data[:2] + length.to_bytes(2) + data[4:length] + b"\xff" * 64
            try:
                _, found = codec.decode(short)
            except RemoteProtocolError:
                continue
            again = codec.encode(found, version=version, xid=XID)
            assert codec.decode(again) == (XID, found)

    def test_with_bytes_left_over_is_an_error_or_keeps_them(self, version: int, message: Message) -> None:
        data = codec.encode(message, version=version, xid=XID)
        for extra in (1, 4, 7, 8, 16):
            longer = data[:2] + (len(data) + extra).to_bytes(2) + data[4:] + bytes(extra)
            try:
                codec.decode(longer)
            except RemoteProtocolError:
                continue

    def test_any_byte_may_change(self, version: int, message: Message) -> None:
        data = codec.encode(message, version=version, xid=XID)
        for i in range(8, min(len(data), 200)):
            for value in (0x00, 0x01, 0x7F, 0xFF):
                changed = data[:i] + bytes([value]) + data[i + 1 :]
                try:
                    _, found = codec.decode(changed)
                except RemoteProtocolError:
                    continue
                assert isinstance(found, Message)


@pytest.mark.oracle
@pytest.mark.parametrize("version", VERSIONS)
def test_open_vswitch_can_print_them_all(version: int, tmp_path: Path) -> None:
    # What it does not have, or looks into deeper than we do: made-up experimenters, continuations, table features.
    strange = {
        "RawMessage",
        "RawMultipart",
        "Experimenter",
        "Resume",
        "TableFeaturesRequest",
        "TableFeaturesReply",
    }
    messages = [
        m
        for v, m in SAMPLES
        if v == version
        and type(m).__name__ not in strange
        and not (isinstance(m, PacketIn2) and (m.continuation or not m.data))
    ]
    names = [type(m).__name__ for m in messages]
    path = tmp_path / "messages"
    trouble = []
    for name, message in zip(names, messages, strict=True):
        path.write_bytes(codec.encode(message, version=version, xid=XID))
        done = subprocess.run(
            ["ovs-ofctl", "ofp-parse", str(path)], capture_output=True, text=True, check=False
        )
        if (
            done.returncode
            or "decode error" in done.stdout
            or VERSION_NAMES[version][8:] not in done.stdout.replace(".", "")
        ):
            trouble.append((name, done.stdout.splitlines()[:2], done.stderr[-200:]))
    assert trouble == []


def test_long_lists_are_cut_between_entries() -> None:
    reply = FlowStatsReply(tuple(FlowStats(FLOW, i, i, 0, 0) for i in range(2000)))
    data = codec.encode(reply, version=OF13, xid=XID)
    at, found, flags = 0, [], []
    while at < len(data):
        _, message = codec.decode(data, at)
        assert isinstance(message, FlowStatsReply)
        found += message.entries
        flags.append(int.from_bytes(data[at + 10 : at + 12]))
        at += int.from_bytes(data[at + 2 : at + 4])
    assert tuple(found) == reply.entries
    assert flags[-1] == 0
    assert set(flags[:-1]) == {codec.MORE}


@pytest.mark.parametrize(
    "message",
    [
        TableDescRequest(),
        FlowMod(FlowCommand.ADD, msgspec.structs.replace(FLOW, importance=1)),
        FlowMod(FlowCommand.ADD, FLOW, cookie_mask=1 << 64),
        GroupMod(GroupCommand.INSERT_BUCKET, GroupType.ALL, 1),
        Message(),
    ],
)
def test_what_a_version_cannot_say_is_our_mistake(message: Message) -> None:
    with pytest.raises(LocalProtocolError):
        codec.encode(message, version=OF13, xid=XID)


def test_bytes_that_are_no_message() -> None:
    for data in (
        b"",
        b"\4\0\0",
        b"\4\0\0\7" + bytes(4),
        b"\4\5\0\20" + bytes(4),
        b"\3\5\0\10" + bytes(4),
        b"\4\143\0\10" + bytes(4),
    ):
        with pytest.raises(RemoteProtocolError):
            codec.decode(data)


def test_a_hello_may_be_of_any_version_and_have_unknown_elements() -> None:
    data = bytes.fromhex("0900002000000001000500080000000000010008000002300007000400000000")
    assert codec.decode(data) == (1, Hello(9, frozenset({4, 5, 9})))


def test_generation_ids_wrap() -> None:
    assert newer(5, 5)
    assert newer(6, 5)
    assert not newer(4, 5)
    assert newer(0, 0xFFFFFFFFFFFFFFFF)
    assert not newer(0xFFFFFFFFFFFFFFFF, 0)


def test_an_error_names_what_it_refuses() -> None:
    refused = codec.encode(FlowMod(FlowCommand.ADD, FLOW), version=OF13, xid=XID)
    assert codec.refused(ErrorMessage(5, 1, refused)) == FlowMod(FlowCommand.ADD, FLOW)
    assert codec.refused(ErrorMessage(5, 1, refused[:64])) is None
    # Open vSwitch's own envelope: vendor, type, code, then the message.
    old = ErrorMessage(0xB0C2, 0, bytes.fromhex("0000232000010206") + refused)
    assert old.name == "OFPMOFC_BAD_FLAGS"
    assert codec.refused(old) == FlowMod(FlowCommand.ADD, FLOW)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ErrorMessage(5, 1), "OFPFMFC_TABLE_FULL"),
        (ErrorMessage(5, 99), "OFPET_FLOW_MOD_FAILED code 99"),
        (ErrorMessage(99, 1), "error type 99 code 1"),
        (ErrorMessage(0xFFFF, 2300, b"", 0x4F4E4600), "OFPBFC_UNKNOWN"),
        (ErrorMessage(0xFFFF, 20, b"", 0x2320), "NXTTMFC_ALREADY_MAPPED"),
        (ErrorMessage(0xFFFF, 1, b"", 0x77), "experimenter 0x00000077 error 1"),
        (ErrorMessage(0xB0C2, 0, b"short"), "error type 45250 code 0"),
    ],
)
def test_errors_have_names(error: ErrorMessage, name: str) -> None:
    assert error.name == name
    assert str(error) == name


def test_names_lead_back_to_numbers() -> None:
    assert error_numbers("OFPBFC_MSG_FAILED") == (17, 13)
