"""Access control lists of VPCs: lists, items, and the program that a list means.

Rule 1: items are numbered from 1, each number once in a list; the smallest number that matches decides.
Rule 2: the two built-in lists are the system's and never change; they are explicit items, as everybody else's lists are.

An item lives as every rule does (`rules.RULE_TABLE`): Add, Active, Revoke, gone.

What no item matches is denied on its way in and allowed on its way out, in networks that translate addresses; routed
networks deny both. A tier without a list has everything denied on its way in (`default_deny` is what CloudStack attaches).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.acl_match import ALL, Match
from netloom.model.cloud.acl_program import Program, Rule, Verdict, rule_of
from netloom.model.cloud.record import Owned
from netloom.model.cloud.rules import RuleState, TrafficDirection
from netloom.model.cloud.words import parse_word

MAX_ITEMS: Final = 1000
"""Items of one list: what a person can still put in order, and a gateway can still hold a hundred times."""
MAX_ITEM_NUMBER: Final = 65535
MAX_REASON: Final = 2500
DEFAULT_DENY: Final = Uuid("00000000-0000-4000-8000-0000000000d0")
DEFAULT_ALLOW: Final = Uuid("00000000-0000-4000-8000-0000000000a0")
BUILT_IN: Final = frozenset({DEFAULT_DENY, DEFAULT_ALLOW})


class AclList(Owned, frozen=True, kw_only=True):
    """A list. It belongs to whom its VPC belongs to; without a VPC it is the system's, and everybody may use it."""

    name: str
    description: str = ""
    vpc_id: Uuid | None = None
    for_display: bool = True


class AclItem(Owned, frozen=True, kw_only=True):
    """One item. `order` is its number in the list (`number` is the record's own handle)."""

    acl_id: Uuid
    order: int
    action: Verdict
    direction: TrafficDirection
    match: Match
    reason: str = ""
    state: RuleState = RuleState.ADD
    for_display: bool = True


def parse_action(text: str) -> Verdict:
    """Allow or Deny, in any case.

    Raises:
        InvalidInput: it is neither.
    """
    return parse_word(Verdict, text, "action")


def parse_direction(text: str) -> TrafficDirection:
    """Ingress or Egress, in any case.

    Raises:
        InvalidInput: it is neither.
    """
    return parse_word(TrafficDirection, text, "traffictype")


def check_changeable(acl: AclList) -> None:
    """Refuse a change of a built-in list.

    Raises:
        Conflict: it is one (`acl-built-in`).
    """
    if acl.id in BUILT_IN:
        raise Conflict(
            f"ACL {acl.name} ({acl.id}) is built in and never changes",
            code="acl-built-in",
            subject="aclid",
            hint="make a list of your own with createNetworkACLList",
        )


def program_of(items: Iterable[AclItem], *, routed: bool = False) -> Program:
    """What a list means. Items that are being revoked, or not yet accepted, mean nothing any more or yet.

    Args:
        items: the list's items, in any order.
        routed: whether the network routes its own addresses, so that nothing goes out unasked either.
    """
    live = sorted(
        (item for item in items if item.state in (RuleState.ADD, RuleState.ACTIVE)),
        key=lambda item: item.order,
    )
    steps: dict[TrafficDirection, tuple[Rule, ...]] = {
        direction: tuple(
            rule_of(item.id, item.match, item.action) for item in live if item.direction is direction
        )
        for direction in TrafficDirection
    }
    return Program(
        rules=steps,
        defaults={
            TrafficDirection.INGRESS: Verdict.DENY,
            TrafficDirection.EGRESS: Verdict.DENY if routed else Verdict.ALLOW,
        },
    )


ANYTHING: Final = Match(protocol=ALL, cidrs=("0.0.0.0/0", "::/0"))
"""What the items of the built-in lists speak of."""
