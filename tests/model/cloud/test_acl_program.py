"""What becomes of packets: the interpreter against the rules of the tongue, and programs against shorter ones."""

from __future__ import annotations

import ipaddress

from hypothesis import given, settings
from hypothesis import strategies as st

from netloom.base.ids import Uuid
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.acl_program import (
    Decision,
    Packet,
    Program,
    Rule,
    Verdict,
    decide,
    matches,
    rule_of,
    without_shadows,
)
from netloom.model.cloud.rules import TrafficDirection

IN, OUT = TrafficDirection.INGRESS, TrafficDirection.EGRESS

cidrs = st.sampled_from(
    [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "10.1.2.3/32",
        "::/0",
        "fd00::/8",
        "fd00::1/128",
    ]
)
ports = st.sampled_from([1, 22, 80, 81, 65535])


@st.composite
def matchings(draw: st.DrawFn) -> Match:
    protocol = draw(st.sampled_from(["all", "tcp", "udp", "icmp", "6", "1", "58", "47"]))
    start = draw(ports) if protocol in ("tcp", "udp", "6") and draw(st.booleans()) else None
    end = None if start is None else max(start, draw(ports))
    kind = draw(st.sampled_from([-1, 0, 8, 128])) if protocol == "icmp" else None
    code = draw(st.sampled_from([-1, 0, 3])) if kind not in (None, -1) else None
    return Match(
        protocol=protocol,
        start_port=start,
        end_port=end,
        icmp_type=kind,
        icmp_code=code,
        cidrs=tuple(draw(st.lists(cidrs, min_size=1, max_size=2))),
    ).checked()


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    protocol = draw(st.sampled_from([6, 17, 1, 58, 47]))
    return Packet(
        direction=draw(st.sampled_from([IN, OUT])),
        peer=ipaddress.ip_address(
            draw(st.sampled_from(["10.1.2.3", "10.1.9.9", "10.9.9.9", "8.8.8.8", "fd00::1", "2001:db8::1"]))
        ),
        protocol=protocol,
        port=draw(st.one_of(st.none(), ports)) if protocol in (6, 17) else None,
        icmp_type=draw(st.sampled_from([0, 8, 128])) if protocol in (1, 58) else None,
        icmp_code=draw(st.sampled_from([0, 3])) if protocol in (1, 58) else None,
        established=draw(st.booleans()),
    )


@st.composite
def programs(draw: st.DrawFn) -> Program:
    counts = draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    verdicts = st.sampled_from(list(Verdict))
    return Program(
        rules={
            direction: tuple(
                rule_of(Uuid(f"{direction.value}{index}"), draw(matchings()), draw(verdicts))
                for index in range(count)
            )
            for direction, count in zip((IN, OUT), counts, strict=True)
        },
        defaults={IN: Verdict.DENY, OUT: draw(verdicts)},
    )


@settings(max_examples=100)
@given(programs(), packets())
def test_the_first_rule_that_matches_decides(program: Program, packet: Packet) -> None:
    decision = decide(program, packet)
    if packet.established:
        assert decision == Decision(Verdict.ALLOW, None)
        return
    hits = [rule for rule in program.rules[packet.direction] if matches(rule, packet)]
    if hits:
        assert decision == Decision(hits[0].verdict, hits[0].rule_id)
    else:
        assert decision == Decision(program.defaults[packet.direction], None)


@settings(max_examples=100)
@given(programs(), packets())
def test_a_program_without_shadows_decides_the_same(program: Program, packet: Packet) -> None:
    shorter = Program(
        rules={direction: without_shadows(rules) for direction, rules in program.rules.items()},
        defaults=program.defaults,
    )
    assert decide(shorter, packet) == decide(program, packet)


@settings(max_examples=100)
@given(programs(), packets())
def test_the_other_direction_has_no_say(program: Program, packet: Packet) -> None:
    other = OUT if packet.direction is IN else IN
    alone = Program(rules={**program.rules, other: ()}, defaults=program.defaults)
    assert decide(alone, packet) == decide(program, packet)


def tcp(port: int, peer: str = "10.1.2.3") -> Packet:
    return Packet(IN, ipaddress.ip_address(peer), 6, port)


def step(match: Match, verdict: Verdict = Verdict.ALLOW) -> Rule:
    return rule_of(Uuid("r"), match.checked(), verdict)


def test_ports_both_ends_count() -> None:
    rule = step(Match(protocol="tcp", start_port=80, end_port=90))
    assert [matches(rule, tcp(port)) for port in (79, 80, 90, 91)] == [False, True, True, False]
    # a later fragment has no ports: a rule that names some does not speak of it
    assert not matches(rule, Packet(IN, ipaddress.ip_address("10.1.2.3"), 6))


def test_a_network_of_one_family_has_no_address_of_the_other() -> None:
    everything = step(Match(cidrs=("0.0.0.0/0",)))
    assert matches(everything, tcp(1))
    assert not matches(everything, tcp(1, "fd00::1"))


def test_icmp_speaks_of_the_family_of_the_packet() -> None:
    ping = step(Match(protocol="icmp", icmp_type=-1, cidrs=("0.0.0.0/0", "::/0")))
    four, six = ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("fd00::1")
    assert matches(ping, Packet(IN, four, 1, icmp_type=8, icmp_code=0))
    assert matches(ping, Packet(IN, six, 58, icmp_type=128, icmp_code=0))
    assert not matches(ping, Packet(IN, four, 58))


def test_a_wider_rule_before_hides_a_narrower_one() -> None:
    wide = step(Match(protocol="tcp", start_port=1, end_port=100, cidrs=("10.0.0.0/8",)))
    narrow = step(Match(protocol="6", start_port=80, cidrs=("10.1.0.0/16",)), Verdict.DENY)
    assert without_shadows([wide, narrow]) == (wide,)
    assert without_shadows([narrow, wide]) == (narrow, wide)
