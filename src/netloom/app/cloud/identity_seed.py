"""Whom a cloud starts with: the domain ROOT, the roles, the account `system` for netloom's own things, an administrator.

Rule 1: the first administrator has no password unless the daemon hands one over; without it the token is the way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from netloom.model.cloud.permissions import ROOT_ADMIN_ROLE, Role, RoleRule
from netloom.model.cloud.permissions_default import DEFAULT_ROLES
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
    for default in DEFAULT_ROLES:
        birth = work.birth() if default.id is None else _born(work, default.id)
        work.insert(
            Role(
                **birth,
                name=default.name,
                description=default.description,
                type=default.type,
                is_default=True,
                rules=tuple(
                    RoleRule(id=work.tx.new_id(), pattern=pattern, permission=permission)
                    for permission, pattern in default.rules
                ),
            )
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
