from __future__ import annotations

import ipaddress

import msgspec
import pytest
from tests.testing.births import born

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import (
    ANYTHING,
    DEFAULT_ALLOW,
    DEFAULT_DENY,
    AclItem,
    AclList,
    check_changeable,
    parse_action,
    parse_direction,
    program_of,
)
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.acl_program import Packet, Verdict, decide
from netloom.model.cloud.rules import RuleState, TrafficDirection

IN, OUT = TrafficDirection.INGRESS, TrafficDirection.EGRESS
ITEM = AclItem(
    **born("i"),
    acl_id=Uuid("list"),
    order=1,
    action=Verdict.ALLOW,
    direction=IN,
    match=ANYTHING,
)


def http(direction: TrafficDirection) -> Packet:
    return Packet(direction, ipaddress.ip_address("192.0.2.1"), 6, 80)


def test_what_no_item_matches() -> None:
    assert decide(program_of([]), http(IN)).verdict is Verdict.DENY
    assert decide(program_of([]), http(OUT)).verdict is Verdict.ALLOW
    assert decide(program_of([], routed=True), http(OUT)).verdict is Verdict.DENY


def test_items_go_by_their_number_whatever_the_order_they_come_in() -> None:
    deny = msgspec.structs.replace(ITEM, id=Uuid("j"), order=5, action=Verdict.DENY)
    assert decide(program_of([deny, ITEM]), http(IN)).rule_id == "i"
    first = msgspec.structs.replace(deny, order=0)
    assert decide(program_of([ITEM, first]), http(IN)).verdict is Verdict.DENY


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (RuleState.STAGED, Verdict.DENY),
        (RuleState.ADD, Verdict.ALLOW),
        (RuleState.ACTIVE, Verdict.ALLOW),
        (RuleState.REVOKE, Verdict.DENY),
    ],
)
def test_only_items_that_hold_mean_something(state: RuleState, verdict: Verdict) -> None:
    item = msgspec.structs.replace(ITEM, state=state)
    assert decide(program_of([item]), http(IN)).verdict is verdict


def test_an_item_without_networks_of_ipv6_leaves_ipv6_alone() -> None:
    item = msgspec.structs.replace(ITEM, match=Match().checked())
    six = Packet(IN, ipaddress.ip_address("fd00::1"), 6, 80)
    assert decide(program_of([item]), six).verdict is Verdict.DENY
    assert decide(program_of([ITEM]), six).verdict is Verdict.ALLOW


def test_words_in_any_case_and_no_others() -> None:
    assert parse_action(" allow") is Verdict.ALLOW
    assert parse_direction("EGRESS") is OUT
    with pytest.raises(InvalidInput, match="Maybe"):
        parse_action("Maybe")
    with pytest.raises(InvalidInput, match="Sideways"):
        parse_direction("Sideways")


@pytest.mark.parametrize("list_id", [DEFAULT_ALLOW, DEFAULT_DENY])
def test_built_in_lists_never_change(list_id: Uuid) -> None:
    acl = AclList(
        **born(list_id),
        name="default",
    )
    with pytest.raises(Conflict) as caught:
        check_changeable(acl)
    assert caught.value.stable_code == "acl-built-in"
    check_changeable(msgspec.structs.replace(acl, id=Uuid("mine")))
