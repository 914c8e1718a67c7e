"""Matches: one form for one meaning, and any bytes give a match or a protocol error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.openflow.strategies import SENDABLE, entries, matches

from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow import match as module
from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.field import Field
from netloom.wire.openflow.match import FieldMatch, Match, decode_match, decode_oxm, encode_match
from netloom.wire.openflow.oxm import pack_entry

VERSIONS = (4, 5, 6)


def _oxm(*parts: tuple[Field, int, int | None], version: int = 4) -> bytes:
    return b"".join(pack_entry(field, value, mask, version) for field, value, mask in parts)


def test_golden_bytes() -> None:
    match = Match.of(in_port=1, eth_type=0x0800, ip_dst=(0x0A000000, 0xFF000000), nw_proto=6, tcp_dst=80)
    assert encode_match(match).hex() == (
        "00010029" "8000000400000001" "80000a020800" "800019080a000000ff000000" "8000140106" "80001c020050" "00000000000000"
    )  # fmt: skip
    assert encode_match(Match()).hex() == "0001000400000000"


@pytest.mark.parametrize("field", SENDABLE, ids=str)
def test_every_field_round_trips(field: Field) -> None:
    @settings(max_examples=20)
    @given(entries(field))
    def check(parts: list[FieldMatch]) -> None:
        match = Match.build(parts)
        for version in VERSIONS:
            data = encode_match(match, version)
            assert len(data) % 8 == 0
            assert decode_match(b"??" + data, 2) == (match, 2 + len(data))

    check()


@given(matches())
def test_several_fields_round_trip_whatever_their_order(parts: list[FieldMatch]) -> None:
    try:
        match = Match.build(parts)
    except LocalProtocolError:
        return
    assert Match.build(reversed(parts)) == match
    assert Match.build(match.fields) == match
    for version in VERSIONS:
        assert decode_match(encode_match(match, version), 0)[0] == match


@given(matches(), matches())
def test_a_known_structure_admits_nothing_that_a_full_check_refuses(
    learned: list[FieldMatch], other: list[FieldMatch]
) -> None:
    # Learn one structure, then put the other's values into it as far as they go.
    try:
        match = Match.build(learned)
    except LocalProtocolError:
        return
    shapes = module._Shapes()
    shapes.learn(match.oxm)
    values = {e.field: e.value for e in other}
    changed = _oxm(*((e.field, values.get(e.field, e.value), e.mask) for e in match.fields))
    if shapes.admits(changed):
        full = module.normalise([FieldMatch(*entry) for entry in module.unpack_entries(changed)])
        assert _oxm(*((e.field, e.value, e.mask) for e in full)) == changed


@given(st.binary(max_size=80))
def test_any_bytes_give_a_match_or_a_protocol_error(data: bytes) -> None:
    for read in (lambda: decode_match(data, 0), lambda: decode_oxm(data)):
        try:
            found = read()
        except RemoteProtocolError:
            continue
        match = found[0] if isinstance(found, tuple) else found
        assert decode_match(encode_match(match), 0)[0] == match


@given(matches(), st.data())
def test_changed_bytes_give_a_match_or_a_protocol_error(parts: list[FieldMatch], data: st.DataObject) -> None:
    try:
        raw = bytearray(encode_match(Match.build(parts)))
    except LocalProtocolError:
        return
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255))
    try:
        match, after = decode_match(bytes(raw), 0)
    except RemoteProtocolError:
        return
    assert 0 < after <= len(raw)
    assert decode_match(encode_match(match), 0)[0] == match


@pytest.mark.parametrize("cut", [-1, 0, 1])
def test_lengths_at_their_limits(cut: int) -> None:
    raw = encode_match(Match.of(in_port=1))
    if cut == 0:
        assert decode_match(raw, 0) == (Match.of(in_port=1), 16)
        return
    length = 12 + cut
    with pytest.raises(RemoteProtocolError):
        decode_match(raw[:2] + length.to_bytes(2) + raw[4:], 0)


@pytest.mark.parametrize("size", range(16))
def test_a_cut_match_is_refused(size: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_match(encode_match(Match.of(in_port=1))[:size], 0)


def test_a_match_of_another_type_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="OXM"):
        decode_match(b"\0\0\0\4\0\0\0\0", 0)


@pytest.mark.parametrize(
    ("parts", "same"),
    [
        ([(f.IN_PORT, 1, None)], {"in_port": 1}),
        ([(f.IN_PORT, 0xFFFE, None)], {"in_port": 0xFFFFFFFE}),
        ([(f.ETH_TYPE, 0x0800, None), (f.IP_SRC, 5, None)], {"eth_type": 0x0800, "nw_src": 5}),
        ([(f.VLAN_TCI, 0x1005, 0x1FFF)], {"dl_vlan": 5}),
        ([(f.VLAN_TCI, 0x7005, None)], {"dl_vlan": 5, "dl_vlan_pcp": 3}),
        ([(f.VLAN_TCI, 0, None)], {"dl_vlan": 0xFFFF}),
        ([(f.ETH_TYPE, 0x0800, None), (f.NW_TOS, 0x20, None)], {"eth_type": 0x0800, "ip_dscp": 8}),
        ([(f.XREG0, 5 << 32 | 6, None)], {"reg0": 5, "reg1": 6}),
        ([(f.XXREG0, 5, 0xF)], {"reg3": (5, 0xF)}),
        ([(f.CT_STATE, 0x22, 0xFF)], {"ct_state": 0x22}),
    ],
)
def test_older_spellings_become_one_form(
    parts: list[tuple[Field, int, int | None]], same: dict[str, int | tuple[int, int]]
) -> None:
    for version in (0, 4, 6):
        assert decode_oxm(_oxm(*parts, version=version)) == Match.of(**same)


def test_names_mean_what_the_protocol_makes_of_them() -> None:
    assert Match.of(eth_type=0x0806, nw_src=1, nw_proto=2) == Match.of(eth_type=0x0806, arp_spa=1, arp_op=2)
    assert Match.of(eth_type=0x0800, nw_proto=17, tp_dst=53) == Match.of(
        eth_type=0x0800, ip_proto=17, udp_dst=53
    )
    assert Match.of(eth_type=0x86DD, nw_proto=58, icmp_type=1).get(f.ICMPV6_TYPE) == FieldMatch(
        f.ICMPV6_TYPE, 1
    )


def test_a_mask_that_says_nothing_is_left_out() -> None:
    assert Match.of(reg0=(0, 0)) == Match()
    assert Match.of(reg0=(5, 0xFFFFFFFF)) == Match.of(reg0=5)


@pytest.mark.parametrize(
    "values",
    [
        {"nw_src": 1},
        {"eth_type": 0x0806, "tcp_dst": 80},
        {"eth_type": 0x0800, "tcp_dst": 80},
        {"eth_type": (0x0800, 0xFF00), "nw_src": 1},
        {"eth_type": 0x0800, "nw_proto": 6, "nw_frag": 3, "tcp_dst": 1},
        {"eth_type": 0x0800, "ct_nw_src": 1},
        {"ct_state": (0x22, 0x22), "ct_nw_src": 1},
        {"ct_state": (0x22, 0x22), "eth_type": 0x0800, "ct_ipv6_src": 1},
        {"eth_type": 0x0806, "arp_op": 256},
        {"eth_type": 0x894F, "nsh_mdtype": 3},
        {"ct_state": (0x20, 0x20), "eth_type": 0x0800, "ct_nw_src": 1},
        {"in_port": (1, 1)},
        {"reg0": 1 << 32},
        {"reg0": -1},
        {"reg0": (3, 1)},
        {"reg0": 1, "xreg0": 1},
        {"eth_type": 0x86DD, "nw_proto": 58, "icmpv6_type": 136, "nd_sll": 1},
        {"packet_type": 0x10800, "eth_dst": 1},
        {"dl_vlan": 5000},
        {"nonsense": 1},
        {"skb_priority": 1},
    ],
)
def test_what_breaks_a_rule_is_refused_both_ways(values: dict[str, int | tuple[int, int]]) -> None:
    with pytest.raises(LocalProtocolError):
        Match.of(**values)


@pytest.mark.parametrize(
    "parts",
    [
        [(f.IP_SRC, 1, None)],
        [(f.REG0, 1, None), (f.REG0, 2, None)],
        [(f.REG0, 3, 1)],
        [(f.IPV6_LABEL, 1 << 20, None)],
        [(f.ETH_TYPE, 0x0800, None), (f.NW_PROTO, 17, None), (f.TCP_DST, 1, None)],
    ],
)
def test_a_peer_that_breaks_a_rule_is_told(parts: list[tuple[Field, int, int | None]]) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_oxm(_oxm(*parts))
    assert caught.value.error_type == 4
