"""Making and changing roles.

Rule 1: the roles of the first start keep their rules and names: what documents say of them stays true.
Rule 2: a role that accounts have is not deleted.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid, parse_name
from netloom.model.cloud.identity import Account, AccountType
from netloom.model.cloud.permissions import Permission, Role, RoleRule, RoleState
from netloom.model.cloud.role_rules import changed_rules, no_rule, with_rule, without_rule
from netloom.store.cloud.records import columns


class CreateRole(msgspec.Struct, frozen=True, kw_only=True):
    """Make a role: empty of a type, or as a copy of another."""

    name: str
    description: str = ""
    type: AccountType = AccountType.USER
    copied_from: Uuid | None = None
    is_public: bool = True


class UpdateRole(msgspec.Struct, frozen=True, kw_only=True):
    """Change a role; what is None stays."""

    id: Uuid
    name: str | None = None
    description: str | None = None
    is_public: bool | None = None


class OfRole(msgspec.Struct, frozen=True, kw_only=True):
    """Enable, disable or delete a role."""

    id: Uuid


class AddRule(msgspec.Struct, frozen=True, kw_only=True):
    """Add a rule behind those there are."""

    role_id: Uuid
    pattern: str
    permission: Permission
    description: str = ""


class ChangeRules(msgspec.Struct, frozen=True, kw_only=True):
    """Put rules into another order (all their ids), or change what one of them says."""

    role_id: Uuid
    order: tuple[str, ...] = ()
    rule_id: Uuid | None = None
    permission: Permission | None = None


class RemoveRule(msgspec.Struct, frozen=True, kw_only=True):
    """Take a rule out."""

    rule_id: Uuid


def role_seen(view: View, role_id: str, subject: str = "id") -> Role:
    """A role that the caller may know of.

    Raises:
        NotFound: there is none.
    """
    role = view.records.get(Role, role_id)
    if role is None or (not role.is_public and not view.caller.is_root):
        raise missing(Role, role_id, subject)
    return role


def _create(work: Work, request: CreateRole) -> Role:
    copied = None if request.copied_from is None else role_seen(work, request.copied_from, "roleid")
    rules = () if copied is None else copied.rules
    return work.insert(
        Role(
            **work.birth(),
            name=parse_name(request.name, "name"),
            description=request.description[:1024],
            type=request.type if copied is None else copied.type,
            rules=tuple(msgspec.structs.replace(rule, id=work.tx.new_id()) for rule in rules),
            is_public=request.is_public,
        )
    )


def _update(work: Work, request: UpdateRole) -> Role:
    role = _changed(work, request.id)
    if request.name is not None:
        role = msgspec.structs.replace(role, name=parse_name(request.name, "name"))
    if request.description is not None:
        role = msgspec.structs.replace(role, description=request.description[:1024])
    if request.is_public is not None:
        role = msgspec.structs.replace(role, is_public=request.is_public)
    return work.update(role)


def _enable(work: Work, request: OfRole) -> Role:
    return work.update(msgspec.structs.replace(_changed(work, request.id), state=RoleState.ENABLED))


def _disable(work: Work, request: OfRole) -> Role:
    return work.update(msgspec.structs.replace(_changed(work, request.id), state=RoleState.DISABLED))


def _delete(work: Work, request: OfRole) -> Role:
    role = _changed(work, request.id)
    count = work.records.count(Account, columns(Account).role_id == role.id)
    if count:
        raise Conflict(
            f"{count} accounts have the role {role.name!r} ({role.id})",
            code="in-use",
            subject="id",
            hint="give them another role first",
        )
    work.delete(role)
    return role


def _add_rule(work: Work, request: AddRule) -> Role:
    role = _changed(work, request.role_id, "roleid")
    rule = RoleRule(
        id=work.tx.new_id(),
        pattern=request.pattern,
        permission=request.permission,
        description=request.description,
    )
    rules = with_rule(role.rules, rule, f"the role {role.name!r}")
    return work.update(msgspec.structs.replace(role, rules=rules))


def _change_rules(work: Work, request: ChangeRules) -> Role:
    role = _changed(work, request.role_id, "roleid")
    rules = changed_rules(role.rules, request.order, request.rule_id, request.permission)
    return work.update(msgspec.structs.replace(role, rules=rules))


def _remove_rule(work: Work, request: RemoveRule) -> Role:
    for role in work.records.select(Role):
        if any(rule.id == request.rule_id for rule in role.rules):
            _changed(work, role.id)
            return work.update(msgspec.structs.replace(role, rules=without_rule(role.rules, request.rule_id)))
    raise no_rule(request.rule_id)


def _changed(work: Work, role_id: Uuid, subject: str = "id") -> Role:
    role = role_seen(work, role_id, subject)
    if role.is_default:
        raise Conflict(
            f"the role {role.name!r} ({role.id}) is one of the first start and stays as it is",
            code="default-role",
            subject=subject,
            hint="copy it (createRole with roleid) and change the copy",
        )
    return role


CREATE = UseCase(
    name="role.create", command="createRole", request=CreateRole, begin=_create, event="ROLE.CREATE"
)
UPDATE = UseCase(
    name="role.update", command="updateRole", request=UpdateRole, begin=_update, event="ROLE.UPDATE"
)
ENABLE = UseCase(name="role.enable", command="enableRole", request=OfRole, begin=_enable, event="ROLE.ENABLE")
DISABLE = UseCase(
    name="role.disable", command="disableRole", request=OfRole, begin=_disable, event="ROLE.DISABLE"
)
DELETE = UseCase(name="role.delete", command="deleteRole", request=OfRole, begin=_delete, event="ROLE.DELETE")
ADD_RULE = UseCase(
    name="role.add_rule",
    command="createRolePermission",
    request=AddRule,
    begin=_add_rule,
    event="ROLE.PERMISSION.CREATE",
)
CHANGE_RULES = UseCase(
    name="role.change_rules",
    command="updateRolePermission",
    request=ChangeRules,
    begin=_change_rules,
    event="ROLE.PERMISSION.UPDATE",
)
REMOVE_RULE = UseCase(
    name="role.remove_rule",
    command="deleteRolePermission",
    request=RemoveRule,
    begin=_remove_rule,
    event="ROLE.PERMISSION.DELETE",
)
USE_CASES = (CREATE, UPDATE, ENABLE, DISABLE, DELETE, ADD_RULE, CHANGE_RULES, REMOVE_RULE)
