"""Actions and instructions: every class of the registry round trips; any bytes give actions or a protocol error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.openflow.corpus import flows
from tests.wire.openflow.strategies import CLASSES, INSTRUCTIONS, action

from netloom.wire.openflow import actions as a
from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.actions import instructions as module
from netloom.wire.openflow.actions.templates import Templates
from netloom.wire.openflow.errors import FlowTextError, LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.text import format_actions, parse_actions, parse_flow

VERSIONS = (4, 5, 6)


def _read(data: bytes, version: int) -> tuple[a.Action, ...]:
    return a.decode_instructions(data, 0, len(data), version)


def test_the_registry_has_all_that_open_vswitch_has() -> None:
    assert len(CLASSES) >= 41
    assert len(a.wire_actions()) >= 50


@pytest.mark.parametrize("kind", [*CLASSES, *INSTRUCTIONS], ids=lambda kind: kind.__name__)
def test_every_action_round_trips(kind: type[a.Action]) -> None:
    sent = 0

    @settings(max_examples=40)
    @given(action(kind), st.sampled_from(VERSIONS))
    def check(value: a.Action, version: int) -> None:
        nonlocal sent
        try:
            data = a.encode_instructions((value,), version)
        except LocalProtocolError:
            return
        sent += 1
        assert len(data) % 8 == 0
        found = _read(data, version)
        # A switch stores some actions in another form (enqueue, whole-field loads in 1.5); that form is stable.
        assert a.encode_instructions(found, version) == data
        assert _read(a.encode_instructions(found, version), version) == found
        if version < 6 and kind is not a.Enqueue:
            assert found == (value,) or kind in (
                a.Load,
                a.Note,
                a.Encap,
                a.SetField,
                a.Controller,
                a.Resubmit,
            )

    check()
    assert sent


@pytest.mark.parametrize("kind", [*CLASSES, *INSTRUCTIONS], ids=lambda kind: kind.__name__)
def test_every_action_round_trips_as_text(kind: type[a.Action]) -> None:
    @settings(max_examples=40)
    @given(action(kind))
    def check(value: a.Action) -> None:
        try:
            a.encode_instructions((value,), 4)
        except LocalProtocolError:
            return
        text = format_actions((value,))
        try:
            found = parse_actions(text)
        except FlowTextError as error:
            # ovs-ofctl has no text for these either.
            if kind not in (a.Resubmit, a.Nat, a.Ct, a.Controller):
                raise AssertionError(text) from error
            return
        assert format_actions(found) == text

    check()


@given(st.binary(max_size=120), st.sampled_from(VERSIONS))
def test_any_bytes_give_actions_or_a_protocol_error(data: bytes, version: int) -> None:
    for read, write in ((a.decode_actions, a.encode_actions), (a.decode_instructions, a.encode_instructions)):
        try:
            found = read(data, 0, len(data), version)
        except RemoteProtocolError:
            continue
        write(found, version)


_LINES = [parse_flow(line) for line in flows()]


@given(st.sampled_from(_LINES), st.sampled_from(VERSIONS), st.data())
def test_changed_bytes_give_actions_or_a_protocol_error(
    flow: object, version: int, data: st.DataObject
) -> None:
    raw = bytearray(a.encode_instructions(flow.actions, version))  # type: ignore[attr-defined]
    for _ in range(data.draw(st.integers(1, 3))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = _read(bytes(raw), version)
    except RemoteProtocolError:
        return
    again = a.encode_instructions(found, version)
    assert a.encode_instructions(_read(again, version), version) == again


@given(st.sampled_from(_LINES), st.sampled_from(VERSIONS), st.data())
def test_a_known_structure_decodes_as_a_full_decode_does(
    flow: object, version: int, data: st.DataObject
) -> None:
    raw = bytearray(a.encode_instructions(flow.actions, version))  # type: ignore[attr-defined]
    templates = Templates()
    templates.learn(bytes(raw), module._decode(bytes(raw), version))
    for _ in range(data.draw(st.integers(0, 2))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    quick = templates.decode(bytes(raw))
    if quick is not None:
        assert quick == module._decode(bytes(raw), version)


@pytest.mark.parametrize("line", flows())
@pytest.mark.parametrize("version", VERSIONS)
def test_every_length_at_its_limits(line: str, version: int) -> None:
    actions = parse_flow(line).actions
    plain = tuple(x for x in actions if type(x) in a.ENCODERS and not (type(x) is a.Meter and version < 6))
    for one in plain:
        raw = a.encode_actions((one,), version)
        first = raw[: raw[2] << 8 | raw[3]]
        a.decode_actions(first, 0, len(first), version)
        for length in (len(first) - 8, len(first) - 1, len(first) + 1, len(first) + 8, 0, 0xFFFF):
            with pytest.raises(RemoteProtocolError):
                a.decode_actions(first[:2] + length.to_bytes(2) + first[4:], 0, len(first), version)


def test_nesting_is_bounded() -> None:
    data = b""
    for _ in range(40):
        data = b"\xff\xff" + (16 + len(data)).to_bytes(2) + b"\x00\x00\x23\x20\x00\x2a" + bytes(6) + data
        if len(data) <= 16 * 16:
            a.decode_actions(data, 0, len(data), 4)
    with pytest.raises(RemoteProtocolError, match="deeper"):
        a.decode_actions(data, 0, len(data), 4)


def test_an_unknown_vendor_action_is_kept_as_it_came() -> None:
    data = b"\xff\xff\x00\x10\x00\x00\x12\x34\x00\x01\x02\x03\x04\x05\x06\x07"
    assert a.decode_actions(data, 0, 16, 4) == (a.UnknownAction(data),)
    assert a.encode_actions((a.UnknownAction(data),), 4) == data


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ((a.GotoTable(1), a.Output(1)), "Output cannot follow GotoTable"),
        ((a.GotoTable(1), a.ClearActions()), "ClearActions cannot follow GotoTable"),
        ((a.GotoTable(1), a.GotoTable(2)), "GotoTable cannot follow GotoTable"),
        ((a.Output(1), a.Meter(1)), "meter comes first"),
        ((a.Output(1 << 32),), "does not fit"),
        ((a.Resubmit(0x12345),), "16-bit"),
        ((a.SetField(f.REG0, 1 << 32),), "does not fit"),
        ((a.SetField(f.CT_STATE, 1),), "cannot be written"),
        ((a.SetField(f.VLAN_VID, 5),), "0x1000"),
        ((a.Load(f.REG0.bits_of(0, 3), 16),), "does not fit"),
        ((a.Move(f.REG0.all, f.REG1.bits_of(0, 3)),), "do not fit"),
        ((a.Ct(force=True),), "commit"),
        ((a.Ct(actions=(a.SetField(f.CT_MARK, 1),)),), "commit"),
        ((a.Ct(zone=f.REG0.all),), "16 bits"),
        ((a.Nat(src=True, dst=True),), "either"),
        ((a.Conjunction(1, 3, 2),), "not possible"),
        ((a.Clone((a.GotoTable(1),)),), "instruction"),
        ((a.Learn((), table=255),), "table 255"),
        ((a.WriteMetadata(1 << 64),), "does not fit"),
        ((a.PushVlan(0x0800),), "EtherType"),
    ],
)
def test_what_cannot_be_said_is_refused(actions: tuple[a.Action, ...], said: str) -> None:
    with pytest.raises(LocalProtocolError, match=said):
        a.encode_instructions(actions, 4)


@pytest.mark.parametrize(
    "bad",
    [
        "00010008000000000001000800000000",  # goto_table twice
        "0006000800000001",  # meter, in 1.5
        "0009000800000000",  # unknown instruction
        "00010010000000000000000000000000",  # goto_table too long
        "00040010000000000000000800000000",  # output too short
        "00040010000000000063000800000000",  # unknown action
        "00040007",  # cut
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused(bad: str) -> None:
    data = bytes.fromhex(bad)
    with pytest.raises(RemoteProtocolError):
        _read(data, 6)


def test_instructions_are_put_into_their_order() -> None:
    goto, output = a.encode_instructions((a.GotoTable(3),), 4), a.encode_instructions((a.Output(1),), 4)
    assert _read(goto + output, 4) == (a.Output(1), a.GotoTable(3))


@pytest.mark.parametrize(("offset", "bits", "value"), [(0, 1, 0), (0, 8, 255)])
def test_a_load_of_bits_that_a_field_does_not_have_is_refused_before_it_is_sent(
    offset: int, bits: int, value: int
) -> None:
    load = a.Load(Subfield(f.NW_TOS, offset, bits), value)
    with pytest.raises(LocalProtocolError, match="does not fit in nw_tos"):
        a.encode_instructions((load,), 6)
