"""The rules of a role as a list that is added to, changed and put into another order: of accounts' and of projects' roles.

Rule 1: a list is given and another one comes back; whose it is, is only for messages.
"""

from __future__ import annotations

import msgspec

from netloom.base.errors import Conflict, Exhausted, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.permissions import MAX_RULES, Permission, RoleRule, checked_pattern, reordered

Rules = tuple[RoleRule, ...]


def with_rule(rules: Rules, rule: RoleRule, whose: str) -> Rules:
    """The rules with another one behind them.

    Raises:
        InvalidInput: its pattern is none.
        Conflict: there is a rule for this pattern (`role-rule-taken`).
        Exhausted: there are as many as there may be (`too-many-rules`).
    """
    pattern = checked_pattern(rule.pattern)
    if len(rules) >= MAX_RULES:
        raise Exhausted(f"{whose} has {MAX_RULES} rules", code="too-many-rules", subject="roleid")
    if any(each.pattern.lower() == pattern.lower() for each in rules):
        raise Conflict(
            f"{whose} has a rule for {pattern} already",
            code="role-rule-taken",
            subject="rule",
            hint="change that one, or put the rules into another order",
        )
    short = msgspec.structs.replace(rule, description=rule.description[:1024])
    return (*rules, short)


def changed_rules(
    rules: Rules, order: tuple[str, ...], rule_id: Uuid | None, permission: Permission | None
) -> Rules:
    """The rules in another order (all their ids), or with what one of them says changed.

    Raises:
        Conflict: the ids are not those of the rules (`rules-changed`).
        NotFound: there is no such rule (`role-rule-not-found`).
    """
    if order:
        rules = reordered(rules, order)
    if rule_id is None or permission is None:
        return rules
    if not any(rule.id == rule_id for rule in rules):
        raise no_rule(rule_id)
    return tuple(
        msgspec.structs.replace(rule, permission=permission) if rule.id == rule_id else rule for rule in rules
    )


def without_rule(rules: Rules, rule_id: Uuid) -> Rules:
    """The rules without one.

    Raises:
        NotFound: there is no such rule (`role-rule-not-found`).
    """
    left = tuple(rule for rule in rules if rule.id != rule_id)
    if len(left) == len(rules):
        raise no_rule(rule_id)
    return left


def no_rule(rule_id: Uuid) -> NotFound:
    """The error for an id that is no rule's."""
    return NotFound(f"there is no rule {rule_id}", code="role-rule-not-found", subject="id")
