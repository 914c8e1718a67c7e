"""Projects: making, changing and deleting them; `projects_members` says who is in them.

Rule 1: a project owns through an account of its own, which nobody logs in to; its members act for it.
Rule 2: a project whose deletion failed stays disabled, with what is left of it; asking again goes on.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from netloom.app.cloud import configuration
from netloom.app.cloud.accounts_cleanup import remove_account, what_is_held
from netloom.app.cloud.accounts_teardown import check_unprotected, tear_down
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.projects_seats import (
    Seat,
    account_of_domain,
    administered,
    check_outside,
    give_role,
    join,
    member,
    members_of,
    user_in,
)
from netloom.app.cloud.security_groups import add_default
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.visibility import Scope, as_member, visible
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Forbidden
from netloom.base.ids import Uuid, parse_name
from netloom.model.cloud.identity import (
    Account,
    AccountType,
    CallerKind,
    Project,
    ProjectMember,
    ProjectRole,
    ProjectState,
    checked_text,
)
from netloom.model.cloud.permissions import USER_ROLE
from netloom.model.cloud.record import AccountId, DomainId
from netloom.store.cloud.records import Where, columns


class CreateProject(msgspec.Struct, frozen=True, kw_only=True):
    """Make a project; its first administrator is the caller's account, or the one that is named."""

    name: str
    display_text: str | None = None
    account: str | None = None
    domain_id: Uuid | None = None


class UpdateProject(msgspec.Struct, frozen=True, kw_only=True):
    """Change a project; `account`, or a user that is in it, becomes its only administrator (`swap`), or has this role."""

    id: Uuid
    name: str | None = None
    display_text: str | None = None
    account: str | None = None
    user_id: Uuid | None = None
    swap: bool = True
    role: ProjectRole = ProjectRole.ADMIN


class OfProject(msgspec.Struct, frozen=True, kw_only=True):
    """Activate or suspend a project."""

    id: Uuid


class DeleteProject(msgspec.Struct, frozen=True, kw_only=True):
    """Delete a project; without `cleanup` only if it has nothing any more."""

    id: Uuid
    cleanup: bool = False


def _create(work: Work, request: CreateProject) -> Project:
    if work.caller.kind is CallerKind.USER and not configuration.flag(work, "allow.user.create.projects"):
        raise Forbidden(
            "users make no projects here", code="not-permitted", hint="an administrator can make one"
        )
    administrator = work.owner(request.account, request.domain_id, None)
    name = parse_name(request.name, "name")
    c = columns(Project)
    if work.records.exists(Project, c.domain_id == administrator.domain_id, c.name == name):
        raise Conflict(
            f"there is a project {name!r} in the domain already", code="project-taken", subject="name"
        )
    birth = work.birth()
    account = work.insert(
        Account(
            **birth,
            name=f"PrjAcct-{name}-{birth['number']}",
            domain_id=administrator.domain_id,
            type=AccountType.PROJECT,
            role_id=USER_ROLE,
        )
    )
    add_default(work, account)
    project = work.insert(
        Project(
            **work.birth(),
            name=name,
            display_text=checked_text(request.display_text or name, "displaytext"),
            domain_id=DomainId(administrator.domain_id),
            account_id=AccountId(account.id),
        )
    )
    join(work, project, Seat(administrator), ProjectRole.ADMIN)
    return project


async def _made(_doing: Doing, _project: Project) -> None:
    """A project is all there when it is written."""


def _update(work: Work, request: UpdateProject) -> Project:
    project = administered(work, request.id)
    if request.account is not None or request.user_id is not None:
        _give_role(work, project, request)
    if request.name is not None:
        project = msgspec.structs.replace(project, name=parse_name(request.name, "name"))
    if request.display_text is not None:
        text = checked_text(request.display_text, "displaytext")
        project = msgspec.structs.replace(project, display_text=text)
    return work.update(project)


def _give_role(work: Work, project: Project, request: UpdateProject) -> None:
    """Make an account or a user of the project's domain its administrator, or a member with another role."""
    role = ProjectRole.ADMIN if request.swap else request.role
    place = _place(work, project, request, role)
    if place.role is not role:
        give_role(work, project, place, role, place.project_role_id)
    for each in members_of(work, project) if request.swap else ():
        if each.role is ProjectRole.ADMIN and each.who != place.who:
            work.update(msgspec.structs.replace(each, role=ProjectRole.REGULAR))


def _place(work: Work, project: Project, request: UpdateProject, role: ProjectRole) -> ProjectMember:
    """The place of who is named; an account that has none gets one."""
    if request.user_id is not None:
        return user_in(work, project, request.user_id)
    seat = Seat(account_of_domain(work, project, request.account or ""))
    found = member(work, project, seat.who)
    if found is not None:
        return found
    check_outside(work, project, seat)
    return join(work, project, seat, role)


def _activate(work: Work, request: OfProject) -> Project:
    project = administered(work, request.id)
    return work.update(msgspec.structs.replace(project, state=ProjectState.ACTIVE))


def _suspend(work: Work, request: OfProject) -> Project:
    project = administered(work, request.id)
    return work.update(msgspec.structs.replace(project, state=ProjectState.SUSPENDED))


def _begin_delete(work: Work, request: DeleteProject) -> Project:
    project = administered(work, request.id)
    held = "" if request.cleanup else what_is_held(work, project.account_id)
    if held:
        raise Conflict(
            f"the project {project.name!r} ({project.id}) still has {held}",
            code="in-use",
            subject=f"project/{project.id}",
            hint="delete these first, or the project with all that it has",
        )
    check_unprotected(work, [project.account_id])
    return work.update(msgspec.structs.replace(project, state=ProjectState.DISABLED))


async def _apply_delete(doing: Doing, project: Project) -> Ending | None:
    account = await doing.read(lambda view: view.records.get(Account, project.account_id))
    if account is not None:
        await tear_down(doing, [account])
        await remove_account(doing, account)
    return None


def projects_listed(view: View, scope: Scope) -> list[Where]:
    """The conditions of a list of projects: by itself those that the caller is in; else all in the scope that it sees."""
    c, m = columns(Project), columns(ProjectMember)
    seen = visible(c, view.caller, Scope(everything=True))
    if scope.domain_id is not None:
        return [*seen, c.domain_id == scope.domain_id]
    if scope.domain_path is not None:
        return visible(c, view.caller, Scope(domain_path=scope.domain_path))
    if scope.everything:
        return seen
    of = as_member(view.caller) if scope.account_ids is None else [m.account_id.in_(scope.account_ids)]
    return [*seen, c.id.in_(select(m.project_id).where(*of))]


CREATE = UseCase(
    name="project.create",
    command="createProject",
    request=CreateProject,
    begin=_create,
    apply=_made,
    event="PROJECT.CREATE",
)
UPDATE = UseCase(
    name="project.update",
    command="updateProject",
    request=UpdateProject,
    begin=_update,
    apply=_made,
    event="PROJECT.UPDATE",
)
ACTIVATE = UseCase(
    name="project.activate",
    command="activateProject",
    request=OfProject,
    begin=_activate,
    apply=_made,
    event="PROJECT.ACTIVATE",
)
SUSPEND = UseCase(
    name="project.suspend",
    command="suspendProject",
    request=OfProject,
    begin=_suspend,
    apply=_made,
    event="PROJECT.SUSPEND",
)
DELETE = UseCase(
    name="project.delete",
    command="deleteProject",
    request=DeleteProject,
    begin=_begin_delete,
    apply=_apply_delete,
    event="PROJECT.DELETE",
    queue=lambda _: "domains",
)
USE_CASES = (CREATE, UPDATE, ACTIVATE, SUSPEND, DELETE)
