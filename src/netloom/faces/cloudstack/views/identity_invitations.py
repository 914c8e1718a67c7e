"""What CloudStack's answers say of invitations to projects and of projects' own roles."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.identity import Project
from netloom.model.cloud.permissions import RoleRule
from netloom.model.cloud.projects import CustomProjectRole, ProjectInvitation


def invitation_rows(invitations: Sequence[ProjectInvitation], see: See) -> list[Row]:
    """Invitations: of an account, or of one user of it."""
    projects = see.many(Project, [each.project_id for each in invitations])
    see.owners(invitations)
    rows: list[Row] = []
    for each in invitations:
        project = projects.get(each.project_id)
        owner = dict(see.owner(each))
        if each.user_id is not None:
            owner.pop("account", None)
        rows.append(
            {
                "id": each.id,
                "projectid": each.project_id,
                "project": None if project is None else project.name,
                **owner,
                "userid": each.user_id,
                "state": each.state_at(see.view.at).value,
            }
        )
    return rows


def project_role_rows(roles: Sequence[CustomProjectRole], _see: See) -> list[Row]:
    """Roles of projects."""
    return [
        {
            "id": role.id,
            "name": role.name,
            "description": role.description or None,
            "projectid": role.project_id,
            "ispublic": True,
        }
        for role in roles
    ]


def project_rule_row(role: CustomProjectRole, rule: RoleRule) -> Row:
    """A rule of a project's role."""
    return {
        "id": rule.id,
        "projectid": role.project_id,
        "projectroleid": role.id,
        "projectrolename": role.name,
        "rule": rule.pattern,
        "permission": rule.permission.value,
        "description": rule.description or None,
    }
