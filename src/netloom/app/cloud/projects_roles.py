"""The roles that a project's administrators make for its members.

Rule 1: a role that somebody has in the project is not deleted.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.projects_seats import administered, project_role
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid, parse_name
from netloom.model.cloud.identity import ProjectMember
from netloom.model.cloud.permissions import Permission, RoleRule
from netloom.model.cloud.projects import CustomProjectRole, ProjectInvitation
from netloom.model.cloud.role_rules import changed_rules, no_rule, with_rule, without_rule
from netloom.store.cloud.records import columns


class CreateProjectRole(msgspec.Struct, frozen=True, kw_only=True):
    """Make a role for members of a project; it denies nothing until it has rules."""

    project_id: Uuid
    name: str
    description: str = ""


class UpdateProjectRole(msgspec.Struct, frozen=True, kw_only=True):
    """Change a role; what is None stays."""

    id: Uuid
    project_id: Uuid
    name: str | None = None
    description: str | None = None


class OneProjectRole(msgspec.Struct, frozen=True, kw_only=True):
    """The role to delete."""

    id: Uuid
    project_id: Uuid


class AddProjectRule(msgspec.Struct, frozen=True, kw_only=True):
    """Add a rule behind those there are."""

    project_id: Uuid
    project_role_id: Uuid
    pattern: str
    permission: Permission
    description: str = ""


class ChangeProjectRules(msgspec.Struct, frozen=True, kw_only=True):
    """Put rules into another order (all their ids), or change what one of them says."""

    project_id: Uuid
    project_role_id: Uuid
    order: tuple[str, ...] = ()
    rule_id: Uuid | None = None
    permission: Permission | None = None


class RemoveProjectRule(msgspec.Struct, frozen=True, kw_only=True):
    """Take a rule out of the project's role that has it."""

    project_id: Uuid
    rule_id: Uuid


def _create(work: Work, request: CreateProjectRole) -> CustomProjectRole:
    project = administered(work, request.project_id, "projectid")
    name = parse_name(request.name, "name")
    _check_free(work, project.id, name)
    made = CustomProjectRole(
        **work.birth(), project_id=project.id, name=name, description=request.description[:1024]
    )
    return work.insert(made)


def _update(work: Work, request: UpdateProjectRole) -> CustomProjectRole:
    role = _changed(work, request.project_id, request.id, "id")
    if request.name is not None and request.name != role.name:
        name = parse_name(request.name, "name")
        _check_free(work, role.project_id, name)
        role = msgspec.structs.replace(role, name=name)
    if request.description is not None:
        role = msgspec.structs.replace(role, description=request.description[:1024])
    return work.update(role)


def _delete(work: Work, request: OneProjectRole) -> CustomProjectRole:
    role = _changed(work, request.project_id, request.id, "id")
    for holder in (ProjectMember, ProjectInvitation):
        count = work.records.count(holder, columns(holder).project_role_id == role.id)
        if count:
            what = "members" if holder is ProjectMember else "invitations"
            raise Conflict(
                f"{count} {what} have the role {role.name!r} ({role.id})",
                code="in-use",
                subject="id",
                hint="give them another role first",
            )
    work.delete(role)
    return role


def _add_rule(work: Work, request: AddProjectRule) -> CustomProjectRole:
    role = _changed(work, request.project_id, request.project_role_id, "projectroleid")
    rule = RoleRule(
        id=work.tx.new_id(),
        pattern=request.pattern,
        permission=request.permission,
        description=request.description,
    )
    rules = with_rule(role.rules, rule, f"the role {role.name!r}")
    return work.update(msgspec.structs.replace(role, rules=rules))


def _change_rules(work: Work, request: ChangeProjectRules) -> CustomProjectRole:
    role = _changed(work, request.project_id, request.project_role_id, "projectroleid")
    rules = changed_rules(role.rules, request.order, request.rule_id, request.permission)
    return work.update(msgspec.structs.replace(role, rules=rules))


def _remove_rule(work: Work, request: RemoveProjectRule) -> CustomProjectRole:
    project = administered(work, request.project_id, "projectid")
    c = columns(CustomProjectRole)
    roles = work.records.select(CustomProjectRole, c.project_id == project.id)
    role = next((each for each in roles if any(rule.id == request.rule_id for rule in each.rules)), None)
    if role is None:
        raise no_rule(request.rule_id)
    return work.update(msgspec.structs.replace(role, rules=without_rule(role.rules, request.rule_id)))


def _changed(work: Work, project_id: Uuid, role_id: Uuid, subject: str) -> CustomProjectRole:
    return project_role(work, administered(work, project_id, "projectid"), role_id, subject)


def _check_free(work: Work, project_id: Uuid, name: str) -> None:
    c = columns(CustomProjectRole)
    if work.records.exists(CustomProjectRole, c.project_id == project_id, c.name == name):
        raise Conflict(
            f"the project {project_id} has a role {name!r} already", code="project-role-taken", subject="name"
        )


CREATE = UseCase(
    name="project_role.create",
    command="createProjectRole",
    request=CreateProjectRole,
    begin=_create,
    event="PROJECT.ROLE.CREATE",
)
UPDATE = UseCase(
    name="project_role.update",
    command="updateProjectRole",
    request=UpdateProjectRole,
    begin=_update,
    event="PROJECT.ROLE.UPDATE",
)
DELETE = UseCase(
    name="project_role.delete",
    command="deleteProjectRole",
    request=OneProjectRole,
    begin=_delete,
    event="PROJECT.ROLE.DELETE",
)
ADD_RULE = UseCase(
    name="project_role.add_rule",
    command="createProjectRolePermission",
    request=AddProjectRule,
    begin=_add_rule,
    event="PROJECT.ROLE.PERMISSION.CREATE",
)
CHANGE_RULES = UseCase(
    name="project_role.change_rules",
    command="updateProjectRolePermission",
    request=ChangeProjectRules,
    begin=_change_rules,
    event="PROJECT.ROLE.PERMISSION.UPDATE",
)
REMOVE_RULE = UseCase(
    name="project_role.remove_rule",
    command="deleteProjectRolePermission",
    request=RemoveProjectRule,
    begin=_remove_rule,
    event="PROJECT.ROLE.PERMISSION.DELETE",
)
USE_CASES = (CREATE, UPDATE, DELETE, ADD_RULE, CHANGE_RULES, REMOVE_RULE)
