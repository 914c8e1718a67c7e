"""Security groups: making, renaming and deleting them. Every account has one called `default`.

Rule 1: a group's name is unique in its account; the default one is made with the account and goes with it.
Rule 2: a group that has instances, or that rules of other groups name, stays.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from netloom.app.cloud import tags
from netloom.app.cloud.identity_owner import owner
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import SYSTEM_ACCOUNT_ID, Account
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.security_groups import (
    DEFAULT_DESCRIPTION,
    DEFAULT_NAME,
    SecurityGroup,
    SecurityGroupMember,
    SecurityGroupRule,
    check_deletable,
    check_group_name,
)
from netloom.store.cloud.filters import LOG_WORD
from netloom.store.cloud.records import columns


class CreateSecurityGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A new group."""

    name: str
    description: str | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


class UpdateSecurityGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a group; None stays."""

    id: Uuid
    name: str | None = None


class GroupRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which group: by its id, or by its name in an account (the caller's own unless said otherwise)."""

    id: Uuid | None = None
    name: str | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


def group_of(view: View, ref: GroupRef, subject: str = "id") -> SecurityGroup:
    """The group that is meant.

    Raises:
        InvalidInput: neither an id nor a name, or both.
        NotFound: there is none that the caller may see.
    """
    if (ref.id is None) == (ref.name is None):
        raise InvalidInput(
            "a security group is named by its id or by its name",
            subject=subject,
            hint="give one of the two",
        )
    if ref.id is not None:
        return view.get(SecurityGroup, ref.id, subject)
    account = owner(view, ref.account, ref.domain_id, ref.project_id)
    return named_group(view, account, ref.name or "", subject)


def named_group(view: View, account: Account, name: str, subject: str) -> SecurityGroup:
    """An account's group by its name.

    Raises:
        NotFound: there is none.
    """
    c = columns(SecurityGroup)
    found = view.records.first(SecurityGroup, c.account_id == account.id, c.name == name)
    if found is None:
        raise missing(SecurityGroup, name, subject)
    return found


def add_default(work: Work, account: Account) -> SecurityGroup:
    """The default group of a new account."""
    return work.insert(
        SecurityGroup(**work.owned(account), name=DEFAULT_NAME, description=DEFAULT_DESCRIPTION)
    )


def seed(work: Work) -> None:
    """Give every account its default group that has none yet; netloom's own account needs none."""
    c, group = columns(Account), columns(SecurityGroup)
    served = select(group.account_id).where(group.name == DEFAULT_NAME)
    for account in work.records.select(Account, c.id != SYSTEM_ACCOUNT_ID, c.id.not_in(served)):
        add_default(work, account)


def _create(work: Work, request: CreateSecurityGroup) -> SecurityGroup:
    account = work.owner(request.account, request.domain_id, request.project_id)
    name = check_group_name(request.name)
    _check_free(work, account.id, account.name, name)
    return work.insert(SecurityGroup(**work.owned(account), name=name, description=request.description or ""))


def _update(work: Work, request: UpdateSecurityGroup) -> SecurityGroup:
    group = work.get(SecurityGroup, request.id)
    if request.name is None:
        return group
    name = check_group_name(request.name)
    if name == group.name:
        return group
    if group.name == DEFAULT_NAME:
        raise Conflict(
            f"security group {DEFAULT_NAME} ({group.id}) is an account's own and keeps its name",
            code="security-group-default",
            subject="name",
        )
    _check_free(work, group.account_id, group.account_id, name)
    work.tx.note(LOG_WORD, group.id, name)
    return work.update(msgspec.structs.replace(group, name=name))


def _check_free(view: View, account_id: str, account: str, name: str) -> None:
    c = columns(SecurityGroup)
    other = view.records.first(SecurityGroup, c.account_id == account_id, c.name == name)
    if other is not None:
        raise Conflict(
            f"account {account} has security group {name!r} already ({other.id})",
            code="security-group-taken",
            subject="name",
            hint="another name",
        )


def _delete(work: Work, request: GroupRef) -> SecurityGroup:
    group = group_of(work, request)
    rule, member = columns(SecurityGroupRule), columns(SecurityGroupMember)
    instance, other = columns(Instance), columns(SecurityGroup)
    members = work.records.select(
        Instance, instance.id.in_(select(member.instance_id).where(member.group_id == group.id)), limit=6
    )
    naming = select(rule.group_id).where(rule.peer_group_id == group.id)
    used_by = work.records.select(SecurityGroup, other.id.in_(naming), limit=6)
    check_deletable(group, [each.name for each in members], [(each.id, each.name) for each in used_by])
    work.delete_all(work.records.select(SecurityGroupRule, rule.group_id == group.id))
    tags.forget(work, [group.id])
    work.delete(group)
    work.tx.note(LOG_WORD, group.id, group.name)
    return group


CREATE = UseCase(
    name="security_group.create",
    command="createSecurityGroup",
    event="SG.CREATE",
    request=CreateSecurityGroup,
    begin=_create,
)
UPDATE = UseCase(
    name="security_group.update",
    command="updateSecurityGroup",
    event="SG.UPDATE",
    request=UpdateSecurityGroup,
    begin=_update,
)
DELETE = UseCase(
    name="security_group.delete",
    command="deleteSecurityGroup",
    event="SG.DELETE",
    request=GroupRef,
    begin=_delete,
)
USE_CASES = (CREATE, UPDATE, DELETE)
