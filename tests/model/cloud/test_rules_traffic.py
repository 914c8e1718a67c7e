"""Whether two rules speak of one packet: held against trying every packet of a small world."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import InvalidInput, TooLarge
from netloom.model.cloud.rules_traffic import (
    MAX_CIDRS,
    IcmpKind,
    PortRange,
    Protocol,
    Traffic,
    cidrs_meet,
    cidrs_within,
    parse_cidrs,
    parse_icmp,
    parse_ports,
    parse_protocol,
)

# The small world: eight IPv4 and four IPv6 addresses, ports 1 to 4, ICMP types and codes 0 to 2.
ADDRESSES = [
    ipaddress.ip_address(text)
    for text in [f"10.0.0.{n}" for n in range(8)] + [f"fd00::{n}" for n in range(4)]
]
PORTS = range(1, 5)
KINDS = list(itertools.product(range(3), range(3)))
CIDRS = [f"10.0.0.{n}/32" for n in range(8)] + [
    "10.0.0.0/31", "10.0.0.2/31", "10.0.0.4/30", "10.0.0.0/29", "0.0.0.0/0", "fd00::/127", "fd00::2/128", "::/0",
]  # fmt: skip

cidr_lists = st.lists(st.sampled_from(CIDRS), max_size=3, unique=True).map(tuple)
port_ranges = st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(
    lambda p: PortRange(min(p), max(p))
)
icmp_kinds = st.sampled_from(
    [IcmpKind(-1, -1), *(IcmpKind(t, -1) for t in range(3)), *(IcmpKind(t, c) for t, c in KINDS)]
)


@st.composite
def traffics(draw: st.DrawFn) -> Traffic:
    protocol = draw(st.sampled_from(Protocol))
    ports = draw(st.none() | port_ranges) if protocol in (Protocol.TCP, Protocol.UDP) else None
    icmp = draw(icmp_kinds) if protocol is Protocol.ICMP else None
    return Traffic(protocol, ports, icmp, draw(cidr_lists), draw(cidr_lists))


def heads(traffic: Traffic) -> set[object]:
    """What protocol and ports or ICMP kind of packets it speaks of, one by one; `gre` stands for all other protocols."""
    found: set[object] = set()
    for protocol in (Protocol.TCP, Protocol.UDP):
        if traffic.protocol in (protocol, Protocol.ALL):
            found |= {
                (protocol, port)
                for port in PORTS
                if traffic.ports is None or traffic.ports.first <= port <= traffic.ports.last
            }
    if traffic.protocol in (Protocol.ICMP, Protocol.ALL):
        icmp = traffic.icmp
        found |= {
            (Protocol.ICMP, t, c)
            for t, c in KINDS
            if icmp is None or (icmp.type in (t, -1) and icmp.code in (c, -1))
        }
    if traffic.protocol is Protocol.ALL:
        found.add("gre")
    return found


def members(cidrs: tuple[str, ...]) -> set[object]:
    return {a for a in ADDRESSES if not cidrs or any(a in ipaddress.ip_network(c) for c in cidrs)}


@given(traffics(), traffics())
def test_two_meet_exactly_when_one_packet_is_of_both(ours: Traffic, theirs: Traffic) -> None:
    one_packet = (
        bool(heads(ours) & heads(theirs))
        and bool(members(ours.sources) & members(theirs.sources))
        and bool(members(ours.destinations) & members(theirs.destinations))
    )
    assert ours.meets(theirs) is one_packet
    assert theirs.meets(ours) is one_packet
    assert ours.meets(ours)


@given(cidr_lists, cidr_lists)
def test_cidr_lists_meet_exactly_when_they_share_an_address(
    ours: tuple[str, ...], theirs: tuple[str, ...]
) -> None:
    assert cidrs_meet(ours, theirs) is bool(members(ours) & members(theirs))


@given(cidr_lists, st.lists(st.sampled_from(CIDRS), min_size=1, max_size=3).map(tuple))
def test_within_means_each_in_one(parts: tuple[str, ...], whole: tuple[str, ...]) -> None:
    def inside(part: str) -> bool:
        p = ipaddress.ip_network(part)
        return any(
            p.version == w.version and p.network_address in w and p.broadcast_address in w
            for w in map(ipaddress.ip_network, whole)
        )

    assert cidrs_within(parts, whole) is all(map(inside, parts))


def test_cidrs_become_canonical_and_single() -> None:
    assert parse_cidrs(["10.0.0.0/8", "FD00:0::/64", "10.0.0.0/8"]) == ("10.0.0.0/8", "fd00::/64")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("10.0.0.0/40", "for example"),
        ("10.1.1.5/24", "10.1.1.0/24"),
        ("10.1.1.5", "10.1.1.5/32"),
        ("web", "/32"),
        ("fd00::/64", "IPv4"),
        ("", ""),
    ],
)
def test_what_is_no_cidr_says_what_would_be(text: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_cidrs([text], "cidrlist", version=4)
    assert refused.value.stable_code == "bad-cidr"
    assert refused.value.subject == "cidrlist"
    assert hint in (refused.value.hint or "")


def test_a_list_has_an_end() -> None:
    with pytest.raises(TooLarge):
        parse_cidrs(["0.0.0.0/0"] * (MAX_CIDRS + 1))


@pytest.mark.parametrize(
    ("start", "end", "range_"),
    [(None, None, None), (22, None, PortRange(22, 22)), (1, 65535, PortRange(1, 65535))],
)
def test_ports_as_they_are_given(start: int | None, end: int | None, range_: PortRange | None) -> None:
    assert parse_ports(start, end) == range_


@pytest.mark.parametrize(("start", "end"), [(90, 80), (None, 80), (0, 80), (80, 65536), (-1, None)])
def test_ports_that_cannot_be(start: int | None, end: int | None) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_ports(start, end)
    assert refused.value.subject in ("startport", "endport")


def test_icmp_left_out_is_any_and_a_code_needs_a_type() -> None:
    assert parse_icmp(None, None) == IcmpKind(-1, -1)
    assert parse_icmp(8, None) == IcmpKind(8, -1)
    for kind, code in [(256, 0), (8, 256), (-2, -1), (None, 0)]:
        with pytest.raises(InvalidInput):
            parse_icmp(kind, code)


def test_a_protocol_is_one_of_those_accepted() -> None:
    assert parse_protocol("TCP", [Protocol.TCP]) is Protocol.TCP
    for text in ("sctpx", "udp", ""):
        with pytest.raises(InvalidInput) as refused:
            parse_protocol(text, [Protocol.TCP])
        assert refused.value.hint == "one of tcp"
