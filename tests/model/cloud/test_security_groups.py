from __future__ import annotations

import ipaddress

import msgspec
import pytest
from tests.testing.births import born

from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.acl_program import Packet, Verdict, decide
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.security_groups import (
    MAX_RULES,
    SecurityGroup,
    SecurityGroupRule,
    check_deletable,
    check_group_match,
    check_group_name,
    check_room,
    program_of,
)

IN, OUT = TrafficDirection.INGRESS, TrafficDirection.EGRESS
LITE = Match(protocol="136", start_port=1, end_port=9)
GROUP = SecurityGroup(
    **born("g"),
    name="web",
)
HTTP = Match(protocol="tcp", start_port=80, cidrs=("192.0.2.0/24",)).checked()


def rule(direction: TrafficDirection, match: Match = HTTP, peer: str | None = None) -> SecurityGroupRule:
    return SecurityGroupRule(
        **born("r", 2),
        group_id=GROUP.id,
        direction=direction,
        match=match,
        peer_group_id=Uuid(peer) if peer else None,
    )


def packet(direction: TrafficDirection, peer: str, port: int = 80) -> Packet:
    return Packet(direction, ipaddress.ip_address(peer), 6, port)


def verdict(rules: list[SecurityGroupRule], what: Packet, **members: str) -> Verdict:
    addresses = {Uuid(name): (ipaddress.ip_network(text),) for name, text in members.items()}
    return decide(program_of(rules, addresses), what).verdict


def test_without_rules_everything_goes_out_and_nothing_comes_in() -> None:
    assert verdict([], packet(OUT, "8.8.8.8")) is Verdict.ALLOW
    assert verdict([], packet(IN, "8.8.8.8")) is Verdict.DENY


def test_the_first_rule_outwards_closes_the_rest() -> None:
    assert verdict([rule(OUT)], packet(OUT, "8.8.8.8")) is Verdict.DENY
    assert verdict([rule(OUT)], packet(OUT, "192.0.2.9")) is Verdict.ALLOW
    assert verdict([rule(IN)], packet(OUT, "8.8.8.8")) is Verdict.ALLOW, "a rule inwards does not"


def test_rules_add_up() -> None:
    ssh = Match(protocol="tcp", start_port=22, cidrs=("10.0.0.0/8",)).checked()
    both = [rule(IN), rule(IN, ssh)]
    for peer, port, wanted in (
        ("192.0.2.9", 80, Verdict.ALLOW),
        ("10.1.1.1", 22, Verdict.ALLOW),
        ("10.1.1.1", 80, Verdict.DENY),
    ):
        assert verdict(both, packet(IN, peer, port)) is wanted
        assert verdict(both[::-1], packet(IN, peer, port)) is wanted


def test_a_group_stands_for_the_addresses_of_its_members() -> None:
    named = [rule(IN, peer="db")]
    assert verdict(named, packet(IN, "10.1.1.5"), db="10.1.1.5/32") is Verdict.ALLOW
    assert verdict(named, packet(IN, "10.1.1.6"), db="10.1.1.5/32") is Verdict.DENY
    assert verdict(named, packet(IN, "10.1.1.5")) is Verdict.DENY, "a group without members lets nobody in"


@pytest.mark.parametrize("match", [Match(protocol="tcp"), Match(protocol="udp"), Match(protocol="icmp")])
def test_rules_of_groups_are_exact(match: Match) -> None:
    with pytest.raises(InvalidInput):
        check_group_match(match)


def test_rules_that_groups_can_have() -> None:
    assert check_group_match(Match(protocol="icmp", icmp_type=-1)).icmp_code == -1
    assert check_group_match(Match(protocol="47")).protocol == "47"
    assert check_group_match(Match()).protocol == "all"


def test_groups_that_stay() -> None:
    check_deletable(GROUP, [], [(GROUP.id, "web")])
    with pytest.raises(Conflict, match="vm1"):
        check_deletable(GROUP, ["vm1"], [])
    with pytest.raises(Conflict, match="db"):
        check_deletable(GROUP, [], [(Uuid("x"), "db")])
    with pytest.raises(Conflict) as caught:
        check_deletable(msgspec.structs.replace(GROUP, name="default"), [], [])
    assert caught.value.stable_code == "security-group-default"


def test_bounds() -> None:
    check_room(GROUP, MAX_RULES - 1, 1)
    with pytest.raises(Exhausted):
        check_room(GROUP, MAX_RULES, 1)
    assert check_group_name(" web ") == "web"
    for name in ("", "  ", "x" * 256, "two\nlines"):
        with pytest.raises(InvalidInput):
            check_group_name(name)


def test_ports_that_switches_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_group_match(LITE)
    assert caught.value.subject == "startport"
    assert check_group_match(msgspec.structs.replace(LITE, protocol="132")).start_port == 1
    assert check_group_match(Match(protocol="136")).start_port is None
