"""Whom a cloud starts with: the domain ROOT, the roles, the account `system` for netloom's own things, an administrator.

Rule 1: the first administrator has no password unless the daemon hands one over; without it the token is the way in.
Rule 2: the roles that netloom brings say on every start what this version of it says of them. Nobody can change them
    (`roles_change` refuses it), so nothing of an operator's is lost; what a copy of one says is its owner's alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    ADMIN_ACCOUNT_ID,
    ADMIN_USER_ID,
    ROOT_DOMAIN_ID,
    ROOT_NAME,
    ROOT_PATH,
    SYSTEM_ACCOUNT_ID,
    Account,
    AccountType,
    Caller,
    CallerKind,
    Domain,
    User,
)
from netloom.model.cloud.permissions import ROOT_ADMIN_ROLE, Permission, Role, RoleRule
from netloom.model.cloud.permissions_default import DEFAULT_ROLES, DefaultRole
from netloom.model.cloud.record import AccountId, Birth

if TYPE_CHECKING:
    from netloom.app.cloud.work import Work

ADMIN = "admin"
SYSTEM = "system"


def seed(work: Work) -> None:
    """Make them in a store that has no domain yet."""
    if work.records.get(Domain, ROOT_DOMAIN_ID) is not None:
        return
    work.insert(
        Domain(**_born(work, ROOT_DOMAIN_ID), name=ROOT_NAME, path=ROOT_PATH, parent_id=None, level=0)
    )
    _account(work, SYSTEM_ACCOUNT_ID, SYSTEM)
    _account(work, ADMIN_ACCOUNT_ID, ADMIN)
    work.insert(
        User(
            **_born(work, ADMIN_USER_ID),
            username=ADMIN,
            account_id=ADMIN_ACCOUNT_ID,
            domain_id=ROOT_DOMAIN_ID,
            password=work.backends.first_password,
            first_name=ADMIN,
            last_name="cloud",
            email="admin@localhost",
            is_default=True,
        )
    )


def seed_roles(work: Work) -> None:
    """Have the roles that netloom brings, with the rules that they have in this version.

    A store that an older netloom made gets the rules of commands that are new, and loses those of commands that are gone. A
    role whose name an operator's own role has by now is left out.
    """
    roles = work.records.select(Role)
    by_id, by_name = {role.id: role for role in roles}, {role.name: role for role in roles}
    for default in DEFAULT_ROLES:
        role = by_name.get(default.name) if default.id is None else by_id.get(default.id)
        if role is None:
            birth = work.birth() if default.id is None else _born(work, default.id)
            work.insert(
                Role(
                    **birth,
                    name=default.name,
                    description=default.description,
                    type=default.type,
                    is_default=True,
                    rules=_rules(work, default, ()),
                )
            )
        elif role.is_default and _said(role.rules) != default.rules:
            work.update(msgspec.structs.replace(role, rules=_rules(work, default, role.rules)))


def _said(rules: tuple[RoleRule, ...]) -> tuple[tuple[Permission, str], ...]:
    return tuple((rule.permission, rule.pattern) for rule in rules)


def _rules(work: Work, default: DefaultRole, there: tuple[RoleRule, ...]) -> tuple[RoleRule, ...]:
    """A role's rules as this version has them; one that is there keeps its id."""
    known = {(rule.permission, rule.pattern): rule for rule in there}
    rules: list[RoleRule] = []
    for permission, pattern in default.rules:
        rule = known.pop((permission, pattern), None)
        if rule is None:
            rule = RoleRule(id=work.tx.new_id(), pattern=pattern, permission=permission)
        rules.append(rule)
    return tuple(rules)


def first_administrator() -> Caller:
    """The caller that whoever has the administrator's token is."""
    return Caller(
        user_id=ADMIN_USER_ID,
        account_id=ADMIN_ACCOUNT_ID,
        domain_id=ROOT_DOMAIN_ID,
        domain_path=ROOT_PATH,
        kind=CallerKind.ROOT_ADMIN,
        role_id=ROOT_ADMIN_ROLE,
        name=ADMIN,
    )


def _account(work: Work, account_id: AccountId, name: str) -> None:
    work.insert(
        Account(
            **_born(work, account_id),
            name=name,
            domain_id=ROOT_DOMAIN_ID,
            type=AccountType.ADMIN,
            role_id=ROOT_ADMIN_ROLE,
            is_default=True,
        )
    )


def _born(work: Work, known_id: Uuid) -> Birth:
    birth = work.birth()
    birth["id"] = known_id
    return birth
