"""The life of rules and addresses, and what a rule may say of ports and ICMP."""

from __future__ import annotations

import itertools

import pytest

from netloom.base.errors import Conflict, InvalidInput
from netloom.model.cloud.addresses import IpEvent, IpState, next_ip_state
from netloom.model.cloud.rules import RuleEvent, RuleState, check_forwarding, check_traffic, next_rule_state
from netloom.model.cloud.rules_traffic import IcmpKind, PortRange, Protocol


def test_nothing_comes_back_from_revoke() -> None:
    for event in set(RuleEvent) - {RuleEvent.REVOKE}:
        with pytest.raises(Conflict) as refused:
            next_rule_state(RuleState.REVOKE, event)
        assert refused.value.stable_code == "bad-transition"
    assert next_rule_state(RuleState.REVOKE, RuleEvent.REVOKE) is RuleState.REVOKE


def test_a_rule_is_active_only_through_add() -> None:
    into_active = {
        state
        for state, event in itertools.product(RuleState, RuleEvent)
        if _rule_step(state, event) is RuleState.ACTIVE
    }
    assert into_active == {RuleState.ADD, RuleState.ACTIVE}
    assert _rule_step(RuleState.STAGED, RuleEvent.APPLY) is None


def test_every_rule_can_be_revoked() -> None:
    assert {_rule_step(state, RuleEvent.REVOKE) for state in RuleState} == {RuleState.REVOKE}


def test_an_address_is_free_again_only_after_it_was_let_go_of() -> None:
    into_free = {
        state
        for state, event in itertools.product(IpState, IpEvent)
        if _ip_step(state, event) is IpState.FREE
    }
    assert into_free == {IpState.RELEASING, IpState.RESERVED}
    assert _ip_step(IpState.ALLOCATED, IpEvent.ALLOCATE) is None
    assert _ip_step(IpState.RELEASING, IpEvent.ALLOCATE) is None


@pytest.mark.parametrize(
    ("protocol", "ports", "icmp", "expected"),
    [
        (Protocol.TCP, (22, 80), (None, None), (PortRange(22, 80), None)),
        (Protocol.UDP, (None, None), (None, None), (None, None)),
        (Protocol.ICMP, (None, None), (8, 0), (None, IcmpKind(8, 0))),
        (Protocol.ICMP, (None, None), (None, None), (None, IcmpKind(-1, -1))),
        (Protocol.ALL, (None, None), (None, None), (None, None)),
    ],
)
def test_what_a_firewall_rule_may_say(
    protocol: Protocol,
    ports: tuple[int | None, int | None],
    icmp: tuple[int | None, int | None],
    expected: tuple[PortRange | None, IcmpKind | None],
) -> None:
    assert check_traffic(protocol, ports, icmp) == expected


@pytest.mark.parametrize(
    ("protocol", "ports", "icmp"),
    [
        (Protocol.ICMP, (22, None), (8, 0)),
        (Protocol.TCP, (22, None), (8, None)),
        (Protocol.ALL, (22, 80), (None, None)),
        (Protocol.ALL, (None, None), (8, 0)),
    ],
)
def test_what_it_may_not(
    protocol: Protocol, ports: tuple[int | None, int | None], icmp: tuple[int | None, int | None]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_traffic(protocol, ports, icmp)
    assert refused.value.hint


def test_forwarded_ranges_are_of_one_size_and_not_shifted() -> None:
    check_forwarding(PortRange(22, 22), PortRange(2222, 2222))
    check_forwarding(PortRange(1000, 1010), PortRange(1000, 1010))
    for public, private in [((1000, 1010), (1000, 1005)), ((1000, 1010), (2000, 2010))]:
        with pytest.raises(InvalidInput):
            check_forwarding(PortRange(*public), PortRange(*private))


def _rule_step(state: RuleState, event: RuleEvent) -> RuleState | None:
    try:
        return next_rule_state(state, event)
    except Conflict:
        return None


def _ip_step(state: IpState, event: IpEvent) -> IpState | None:
    try:
        return next_ip_state(state, event)
    except Conflict:
        return None
