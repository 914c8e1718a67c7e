"""Putting accounts and single users into projects, and taking them out.

Rule 1: where `project.invite.required` is set, nobody is put in: who is named is invited.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.doing import nothing_more
from netloom.app.cloud.projects_invitations import invite
from netloom.app.cloud.projects_seats import (
    Seat,
    account_of_domain,
    administered,
    check_not_last,
    check_outside,
    join,
    member,
    project_role,
    user_in,
    user_of_domain,
)
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Project, ProjectRole
from netloom.store.cloud.records import columns


class AddMember(msgspec.Struct, frozen=True, kw_only=True):
    """Put an account of the project's domain, with all its users, into it, or invite it."""

    project_id: Uuid
    account: str
    role: ProjectRole = ProjectRole.REGULAR
    project_role_id: Uuid | None = None


class AddUser(msgspec.Struct, frozen=True, kw_only=True):
    """Put one user of the project's domain into it, or invite it."""

    project_id: Uuid
    username: str
    role: ProjectRole = ProjectRole.REGULAR
    project_role_id: Uuid | None = None


class RemoveMember(msgspec.Struct, frozen=True, kw_only=True):
    """Take an account out."""

    project_id: Uuid
    account: str


class RemoveUser(msgspec.Struct, frozen=True, kw_only=True):
    """Take a user out who was put in alone."""

    project_id: Uuid
    user_id: Uuid


def _add_account(work: Work, request: AddMember) -> Project:
    project = administered(work, request.project_id, "projectid")
    seat = Seat(account_of_domain(work, project, request.account))
    return _add(work, project, seat, request.role, request.project_role_id)


def _add_user(work: Work, request: AddUser) -> Project:
    project = administered(work, request.project_id, "projectid")
    seat = user_of_domain(work, project, request.username)
    return _add(work, project, seat, request.role, request.project_role_id)


def _add(work: Work, project: Project, seat: Seat, role: ProjectRole, role_id: Uuid | None) -> Project:
    check_outside(work, project, seat)
    chosen = None if role_id is None else project_role(work, project, role_id).id
    if configuration.flag(work, "project.invite.required"):
        invite(work, project, seat, role, chosen)
    else:
        join(work, project, seat, role, chosen)
    return project


def _remove_account(work: Work, request: RemoveMember) -> Project:
    project = administered(work, request.project_id, "projectid")
    c = columns(Account)
    account = work.records.first(Account, c.domain_id == project.domain_id, c.name == request.account)
    found = None if account is None else member(work, project, account.id)
    if found is None:
        raise NotFound(
            f"the account {request.account!r} is not in the project {project.name!r}",
            code="project-member-not-found",
            subject="account",
        )
    check_not_last(work, project, found)
    work.delete(found)
    return project


def _remove_user(work: Work, request: RemoveUser) -> Project:
    project = administered(work, request.project_id, "projectid")
    found = user_in(work, project, request.user_id)
    check_not_last(work, project, found)
    work.delete(found)
    return project


ADD_ACCOUNT = UseCase(
    name="project.add_account",
    command="addAccountToProject",
    request=AddMember,
    begin=_add_account,
    apply=nothing_more,
    event="PROJECT.ACCOUNT.ADD",
)
REMOVE_ACCOUNT = UseCase(
    name="project.remove_account",
    command="deleteAccountFromProject",
    request=RemoveMember,
    begin=_remove_account,
    apply=nothing_more,
    event="PROJECT.ACCOUNT.REMOVE",
)
ADD_USER = UseCase(
    name="project.add_user",
    command="addUserToProject",
    request=AddUser,
    begin=_add_user,
    apply=nothing_more,
    event="PROJECT.USER.ADD",
)
REMOVE_USER = UseCase(
    name="project.remove_user",
    command="deleteUserFromProject",
    request=RemoveUser,
    begin=_remove_user,
    apply=nothing_more,
    event="PROJECT.USER.REMOVE",
)
USE_CASES = (ADD_ACCOUNT, REMOVE_ACCOUNT, ADD_USER, REMOVE_USER)
