"""Text in ovs-ofctl's syntax: what is read, what is written, and what a person is told about a mistake."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.openflow.corpus import flows
from tests.wire.openflow.strategies import matches

from netloom.base.errors import NetloomError
from netloom.wire.openflow import actions as a
from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.errors import FlowTextError, LocalProtocolError
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import FieldMatch, Match
from netloom.wire.openflow.text import (
    Names,
    format_actions,
    format_flow,
    format_match,
    parse_actions,
    parse_flow,
    parse_match,
)
from netloom.wire.openflow.text.action_reader import READERS
from netloom.wire.openflow.text.action_writer import WRITERS


@pytest.mark.parametrize("line", flows())
def test_what_is_written_reads_back(line: str) -> None:
    flow = parse_flow(line)
    text = format_flow(flow)
    # A Geneve option's length is known to the switch only, so text keeps the value and not the length.
    assert format_flow(parse_flow(text)) == text
    if "tun_metadata" not in line:
        assert parse_flow(text) == flow


@given(matches())
def test_every_match_reads_back(parts: list[FieldMatch]) -> None:
    try:
        match = Match.build(parts)
    except LocalProtocolError:
        return
    text = format_match(match)
    if "tun_metadata" not in text:
        assert parse_match(text) == match, text


def test_every_action_has_a_writer() -> None:
    assert set(WRITERS) >= set(a.ENCODERS)
    assert len(READERS) >= 60


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            (
                "cookie=0x5, duration=3.1s, table=2, n_packets=1, n_bytes=98, idle_age=3, "
                "priority=7,ip,nw_dst=10.0.0.0/8 actions=NORMAL"
            ),
            "cookie=0x5, table=2, priority=7,ip,nw_dst=10.0.0.0/8 actions=NORMAL",
        ),
        ("tcp,tp_dst=80,in_port=LOCAL,actions=1,2", "tcp,in_port=LOCAL,tp_dst=80 actions=output:1,output:2"),
        ("ip,ct_state=+trk+est-inv actions=drop", "ct_state=+est-inv+trk,ip actions=drop"),
        ("ipv6,ipv6_dst=fd00::/16 action=drop", "ipv6,ipv6_dst=fd00::/16 actions=drop"),
        ("dl_vlan=5,actions=mod_vlan_vid:6", "dl_vlan=5 actions=set_field:4102->vlan_vid"),
        ("actions=mod_vlan_vid:6", "actions=push_vlan:0x8100,set_field:4102->vlan_vid"),
        ("udp actions=mod_tp_dst:53", "udp actions=set_field:53->udp_dst"),
        ("in_port=65534 actions=output:65533", "in_port=LOCAL actions=CONTROLLER:65535"),
        ("reg0=0x5/0xf actions=", "reg0=0x5/0xf actions=drop"),
        ("actions=resubmit(,2)\n", "actions=resubmit(,2)"),
        ("NXM_NX_REG0[0..7]=5 actions=load:1->reg1[3]", "reg0=0x5/0xff actions=load:0x1->NXM_NX_REG1[3]"),
        ("actions=ct(commit,nat(dst=[fd00::1]:80))", "actions=ct(commit,nat(dst=[fd00::1]:80))"),
        ("send_flow_rem idle_timeout=5 actions=drop", "idle_timeout=5, send_flow_rem actions=drop"),
    ],
)
def test_spellings(text: str, written: str) -> None:
    assert format_flow(parse_flow(text)) == written


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("tcp,nw_dst=10.0.0.300 actions=drop", 11, "an IPv4 address"),
        ("tcp,colour=5 actions=drop", 4, "a match field"),
        ("ip", 0, "actions="),
        ("ip actions=out:1", 11, "an action or a port"),
        ("ip actions=output:", 18, "a port"),
        ("actions=load:0x1->reg99[]", 18, "NXM_NX_REG0"),
        ("actions=load:0x100->reg0[0..7]", 13, "at most 255"),
        ("actions=load:0x1", 16, "->"),
        ("actions=move:reg0[]->reg1[0..3]", 21, "32 bits"),
        ("actions=ct(commit,colour=1)", 18, "nat or exec"),
        ("actions=ct(commit", 10, "')'"),
        ("actions=learn(table=1,colour=2)", 22, "a setting"),
        ("actions=conjunction(1,3/2)", 20, "1 to n"),
        ("actions=set_field:5->nothing", 21, "a field's name"),
        ("ct_state=+trk+what actions=drop", 9, "one of new"),
        ("dl_src=02:00 actions=drop", 7, "02:00:00:00:00:01"),
        ("reg0=0x100000000 actions=drop", 5, "4294967295"),
        ("table=300 actions=drop", 6, "a table"),
        ("priority=70000 actions=drop", 9, "65535"),
        ("actions=drop,output:1", 8, "no other action"),
        ("actions=" + "clone(" * 20 + ")" * 20, 109, "16 levels"),
        ("in_port=65280 actions=drop", 8, "below 65280"),
        ("actions=controller(userdata=0x1)", 28, "pairs of digits"),
        ("actions=check_pkt_larger(1500)", 25, "->field"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, at: int, said: str) -> None:
    with pytest.raises(FlowTextError) as caught:
        parse_flow(text)
    assert caught.value.position == at
    assert said in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_gives_a_flow_or_an_error_for_people(text: str) -> None:
    with suppress(NetloomError):
        parse_flow(text + " actions=drop")
    with suppress(NetloomError):
        parse_actions(text)


@given(st.sampled_from(flows()), st.data())
def test_a_changed_line_gives_a_flow_or_an_error_for_people(line: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(line) - 1))
    changed = line[:at] + data.draw(st.sampled_from(list("=:(),[]->/x9 "))) + line[at + 1 :]
    with suppress(NetloomError):
        format_flow(parse_flow(changed))


def test_names_are_written_and_read_back() -> None:
    flow = Flow(3, 10, Match.of(in_port=7), (a.Output(8), a.Resubmit(table=4), a.GotoTable(3)))
    text = format_flow(flow, table_names={3: "arp", 4: "local-out"}, port_names={7: "vnet0", 8: "geneve"})
    assert (
        text
        == "table=arp, priority=10,in_port=vnet0 actions=output:geneve,resubmit(,local-out),goto_table:arp"
    )
    names = Names({3: "arp", 4: "local-out"}, {7: "vnet0", 8: "geneve"})
    assert parse_flow(text, names=names) == flow


def test_no_port_is_not_any_port() -> None:
    match = Match.of(in_port=0xFFFFFFFF)
    assert format_match(match) == "in_port=NONE"
    assert parse_match("in_port=NONE") == match
    assert parse_match("in_port=ANY") == Match()


def test_actions_alone() -> None:
    assert parse_actions("drop") == ()
    assert format_actions(()) == "drop"
    assert parse_actions("output:NXM_NX_REG0[0..15]") == (a.OutputReg(f.REG0.bits_of(0, 15)),)
