"""What answers say of roles, their rules, projects and their members."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.identity import user_rows
from netloom.faces.cloudstack.views.identity_resources import of_accounts
from netloom.model.cloud.identity import (
    ACCOUNT_NUMBERS,
    Account,
    Domain,
    Project,
    ProjectMember,
    ProjectRole,
    User,
)
from netloom.model.cloud.permissions import Role, RoleRule
from netloom.store.cloud.records import columns


def role_rows(roles: Sequence[Role], see: See) -> list[Row]:
    """Roles without their rules."""
    return [
        {
            "id": role.id,
            "name": role.name,
            "description": role.description,
            "type": role.type.value,
            "isdefault": role.is_default,
            "ispublic": role.is_public,
            "state": role.state.value,
        }
        for role in roles
    ]


def rule_row(role: Role, rule: RoleRule) -> Row:
    """A rule of a role."""
    return {
        "id": rule.id,
        "roleid": role.id,
        "rolename": role.name,
        "rule": rule.pattern,
        "permission": rule.permission.value,
        "description": rule.description or None,
    }


def project_rows(projects: Sequence[Project], see: See) -> list[Row]:
    """Projects with their administrators, their limits and what they use."""
    ids = [project.account_id for project in projects]
    accounts = see.many(Account, ids)
    resources = of_accounts(list(accounts.values()), see)
    domains = see.many(Domain, [project.domain_id for project in projects])
    project_ids = [project.id for project in projects]
    see.pending(project_ids)
    see.tagged(project_ids)
    owners = _administrators(projects, see)
    rows: list[Row] = []
    for project in projects:
        domain, account = domains.get(project.domain_id), accounts.get(project.account_id)
        rows.append(
            {
                "id": project.id,
                "name": project.name,
                "displaytext": project.display_text,
                "domainid": project.domain_id,
                "domain": None if domain is None else domain.name,
                "owner": owners[project.id],
                "projectaccountname": None if account is None else account.name,
                **resources.get(project.account_id, {}),
                "state": project.state.value,
                "created": see.time(project.created_at),
                "tags": see.tags(project.id),
                **see.job(project.id),
            }
        )
    return rows


def member_rows(members: Sequence[ProjectMember], see: See) -> list[Row]:
    """Accounts in projects, with their users."""
    projects = see.many(Project, [member.project_id for member in members])
    accounts = see.many(Account, [member.account_id for member in members])
    domains = see.many(Domain, [account.domain_id for account in accounts.values()])
    users = see.having(User, "account_id", accounts)
    shown = dict(zip((user.id for user in users), user_rows(users, see), strict=True))
    rows: list[Row] = []
    for member in members:
        project, account = projects.get(member.project_id), accounts.get(member.account_id)
        domain = None if account is None else domains.get(account.domain_id)
        rows.append(
            {
                "projectid": member.project_id,
                "project": None if project is None else project.name,
                "accountid": member.account_id,
                "account": None if account is None else account.name,
                "accounttype": None if account is None else ACCOUNT_NUMBERS[account.type],
                "userid": member.user_id,
                "username": None if member.user_id is None else shown[member.user_id]["username"],
                "projectroleid": member.project_role_id,
                "role": member.role.value,
                "domainid": None if domain is None else domain.id,
                "domain": None if domain is None else domain.name,
                "user": [
                    shown[user.id]
                    for user in users
                    if user.account_id == member.account_id and member.user_id in {None, user.id}
                ],
            }
        )
    return rows


def _administrators(projects: Sequence[Project], see: See) -> dict[str, list[Row]]:
    c = columns(ProjectMember)
    members = see.where(
        ProjectMember,
        c.project_id.in_([project.id for project in projects]),
        c.role == ProjectRole.ADMIN.value,
    )
    accounts = see.many(Account, [member.account_id for member in members])
    users = see.many(User, {member.user_id for member in members})
    found: dict[str, list[Row]] = {project.id: [] for project in projects}
    for member in members:
        account = accounts.get(member.account_id)
        if account is not None:
            row: Row = {"account": account.name}
            user = None if member.user_id is None else users.get(member.user_id)
            if user is not None:
                row |= {"userid": user.id, "user": user.username}
            found[member.project_id].append(row)
    return found
