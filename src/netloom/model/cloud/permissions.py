"""Roles: which commands somebody may give, as an ordered list of rules of which the first that fits decides.

Rule 1: what no rule fits is denied; the role of root administrators alone has no rules and may do everything.
Rule 2: a role is one record with its rules in it: a change of its rules is one change, seen whole or not at all.

Whether the *object* of a command may be touched is another question (`identity.sees`); both must say yes.
"""

from __future__ import annotations

import enum
import re
from typing import Final

import msgspec

from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import AccountType, Caller, CallerKind
from netloom.model.cloud.record import Record

ROOT_ADMIN_ROLE: Final = Uuid("00000000-0000-4000-8000-0000000e0001")
RESOURCE_ADMIN_ROLE: Final = Uuid("00000000-0000-4000-8000-0000000e0002")
DOMAIN_ADMIN_ROLE: Final = Uuid("00000000-0000-4000-8000-0000000e0003")
USER_ROLE: Final = Uuid("00000000-0000-4000-8000-0000000e0004")
"""The four roles that every cloud has, by ids that are the same in every store."""

ROLE_OF_TYPE: Final = {
    AccountType.ADMIN: ROOT_ADMIN_ROLE,
    AccountType.RESOURCE_ADMIN: RESOURCE_ADMIN_ROLE,
    AccountType.DOMAIN_ADMIN: DOMAIN_ADMIN_ROLE,
    AccountType.USER: USER_ROLE,
    AccountType.PROJECT: USER_ROLE,
}

_RANK: Final = {
    AccountType.USER: 0,
    AccountType.PROJECT: 0,
    AccountType.DOMAIN_ADMIN: 1,
    AccountType.RESOURCE_ADMIN: 1,
    AccountType.ADMIN: 2,
}
_RANK_OF_KIND: Final = {
    CallerKind.USER: 0,
    CallerKind.DOMAIN_ADMIN: 1,
    CallerKind.ROOT_ADMIN: 2,
    CallerKind.SYSTEM: 2,
}


MAX_RULES: Final = 2_000


class Permission(enum.Enum):
    """What a rule says."""

    ALLOW = "allow"
    DENY = "deny"


class RoleState(enum.Enum):
    """Accounts of a disabled role may do nothing."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class RoleRule(msgspec.Struct, frozen=True, kw_only=True):
    """`pattern` is a command (`createNetwork`) or has stars that stand for any letters (`list*`, `*`)."""

    id: Uuid
    pattern: str
    permission: Permission
    description: str = ""


class Role(Record, frozen=True, kw_only=True):
    """What accounts with it may do. `type` bounds which accounts can have it; a role that is not public is root's affair."""

    name: str
    description: str
    type: AccountType
    rules: tuple[RoleRule, ...] = ()
    state: RoleState = RoleState.ENABLED
    is_default: bool = False
    is_public: bool = True


def allowed(role: Role, command: str) -> bool:
    """Whether a role may give a command (letters in either case)."""
    if role.id == ROOT_ADMIN_ROLE:
        return True
    if role.state is not RoleState.ENABLED:
        return False
    wanted = command.lower()
    for rule in role.rules:
        if fits(rule.pattern.lower(), wanted):
            return rule.permission is Permission.ALLOW
    return False


def fits(pattern: str, command: str) -> bool:
    """Whether a pattern stands for a command; both in lower case."""
    if "*" not in pattern:
        return pattern == command
    first, *middle, last = pattern.split("*")
    if not command.startswith(first) or not command.endswith(last) or len(command) < len(first) + len(last):
        return False
    place, end = len(first), len(command) - len(last)
    for part in middle:
        found = command.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


_PATTERN = re.compile(r"[A-Za-z0-9*]{1,255}\Z")


def checked_pattern(text: str) -> str:
    """A rule's pattern.

    Raises:
        InvalidInput: it holds anything but letters, digits and stars.
    """
    if not _PATTERN.match(text):
        raise InvalidInput(
            f"{text!r} is no pattern of commands",
            subject="rule",
            hint="a command such as createNetwork, or with stars: list*",
        )
    return text


def reordered(rules: tuple[RoleRule, ...], order: tuple[str, ...]) -> tuple[RoleRule, ...]:
    """The rules in another order, given by all their ids.

    Raises:
        Conflict: the ids are not those of the rules: somebody else changed them meanwhile (`rules-changed`).
    """
    by_id = {rule.id: rule for rule in rules}
    if len(order) != len(by_id) or set(order) != set(by_id):
        raise Conflict(
            "these are not the ids of the role's rules: they were changed meanwhile",
            code="rules-changed",
            subject="ruleorder",
            hint="list the role's permissions again",
        )
    return tuple(by_id[Uuid(rule_id)] for rule_id in order)


def check_rank(caller: Caller, account_type: AccountType, subject: str) -> None:
    """Let a change of an account of some type pass.

    Raises:
        Forbidden: the type may do more than the caller (`above-caller`).
    """
    if _RANK[account_type] > _RANK_OF_KIND[caller.kind]:
        raise Forbidden(
            f"{caller.name} may not make or change accounts of type {account_type.value}",
            code="above-caller",
            subject=subject,
            hint="an administrator of that type can",
        )


def check_chosen_id(caller: Caller, chosen: Uuid | None, subject: str) -> None:
    """Let a new domain, account or user have an id that was chosen for it.

    Raises:
        Forbidden: the caller does not see all ids, and would learn by the refusal which are taken (`not-permitted`).
    """
    if chosen is not None and not caller.is_root:
        raise Forbidden(
            "only root administrators choose ids",
            code="not-permitted",
            subject=subject,
            hint="leave it out: netloom chooses one",
        )
