"""Projects: making them, and who is in them.

Rule 1: a project owns through an account of its own, which nobody logs in to; its members act for it.
Rule 2: a project has an administrator at all times.
Rule 3: a project whose deletion failed stays disabled, with what is left of it; asking again goes on.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from netloom.app.cloud import configuration
from netloom.app.cloud.accounts_cleanup import remove_account
from netloom.app.cloud.accounts_teardown import check_unprotected, tear_down
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.identity_owner import project_seen
from netloom.app.cloud.limits import take
from netloom.app.cloud.security_groups import add_default
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.visibility import Scope, visible
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Forbidden, NotFound
from netloom.base.ids import Uuid, parse_name
from netloom.model.cloud.identity import (
    Account,
    AccountType,
    CallerKind,
    Domain,
    Project,
    ProjectMember,
    ProjectRole,
    ProjectState,
    checked_text,
    sees,
)
from netloom.model.cloud.limits import ResourceType
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
    """Change a project; `account` becomes its only administrator when `swap` is set, else it gets this role in it."""

    id: Uuid
    name: str | None = None
    display_text: str | None = None
    account: str | None = None
    swap: bool = True
    role: ProjectRole = ProjectRole.ADMIN


class OfProject(msgspec.Struct, frozen=True, kw_only=True):
    """Activate, suspend or delete a project."""

    id: Uuid


class AddMember(msgspec.Struct, frozen=True, kw_only=True):
    """Put an account of the project's domain into it."""

    project_id: Uuid
    account: str
    role: ProjectRole = ProjectRole.REGULAR


class RemoveMember(msgspec.Struct, frozen=True, kw_only=True):
    """Take an account out."""

    project_id: Uuid
    account: str


def _create(work: Work, request: CreateProject) -> Project:
    if work.caller.kind is CallerKind.USER and not configuration.flag(work, "allow.user.create.projects"):
        raise Forbidden(
            "users make no projects here", code="not-permitted", hint="an administrator can make one"
        )
    administrator = work.owner(request.account, request.domain_id, None)
    take(work, administrator.id, ResourceType.PROJECT)
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
    _join(work, project, administrator, ProjectRole.ADMIN)
    return project


async def _made(_doing: Doing, _project: Project) -> None:
    """A project is all there when it is written."""


def _update(work: Work, request: UpdateProject) -> Project:
    project = _administered(work, request.id)
    if request.account is not None:
        _give_role(work, project, request)
    if request.name is not None:
        project = msgspec.structs.replace(project, name=parse_name(request.name, "name"))
    if request.display_text is not None:
        text = checked_text(request.display_text, "displaytext")
        project = msgspec.structs.replace(project, display_text=text)
    return work.update(project)


def _give_role(work: Work, project: Project, request: UpdateProject) -> None:
    """Make an account of the project's domain its administrator, or a member with another role."""
    account = account_of_domain(work, project, request.account or "")
    role = ProjectRole.ADMIN if request.swap else request.role
    found = _member(work, project, account)
    if found is None:
        if role is ProjectRole.ADMIN:
            take(work, account.id, ResourceType.PROJECT)
        _join(work, project, account, role)
    elif found.role is not role:
        if role is ProjectRole.ADMIN:
            take(work, account.id, ResourceType.PROJECT)
        else:
            _check_not_last(work, project, found, account.name)
        work.update(msgspec.structs.replace(found, role=role))
    for member in members_of(work, project) if request.swap else ():
        if member.role is ProjectRole.ADMIN and member.account_id != account.id:
            work.update(msgspec.structs.replace(member, role=ProjectRole.REGULAR))


def _activate(work: Work, request: OfProject) -> Project:
    project = _administered(work, request.id)
    return work.update(msgspec.structs.replace(project, state=ProjectState.ACTIVE))


def _suspend(work: Work, request: OfProject) -> Project:
    project = _administered(work, request.id)
    return work.update(msgspec.structs.replace(project, state=ProjectState.SUSPENDED))


def _begin_delete(work: Work, request: OfProject) -> Project:
    project = _administered(work, request.id)
    check_unprotected(work, [project.account_id])
    return work.update(msgspec.structs.replace(project, state=ProjectState.DISABLED))


async def _apply_delete(doing: Doing, project: Project) -> Ending | None:
    account = await doing.read(lambda view: view.records.get(Account, project.account_id))
    if account is not None:
        await tear_down(doing, [account])
        await remove_account(doing, account)
    return None


def _add(work: Work, request: AddMember) -> Project:
    project = _administered(work, request.project_id)
    account = account_of_domain(work, project, request.account)
    if _member(work, project, account) is not None:
        raise Conflict(
            f"the account {account.name!r} is in the project {project.name!r} already",
            code="project-member-taken",
            subject="account",
        )
    _join(work, project, account, request.role)
    return project


def _remove(work: Work, request: RemoveMember) -> Project:
    project = _administered(work, request.project_id)
    c = columns(Account)
    account = work.records.first(Account, c.domain_id == project.domain_id, c.name == request.account)
    member = None if account is None else _member(work, project, account)
    if member is None:
        raise NotFound(
            f"the account {request.account!r} is not in the project {project.name!r}",
            code="project-member-not-found",
            subject="account",
        )
    _check_not_last(work, project, member, request.account)
    work.delete(member)
    return project


def account_of_domain(view: View, project: Project, name: str) -> Account:
    """An account of a project's domain, by its name: who administers a project may add any of them.

    Raises:
        NotFound: there is none.
    """
    c = columns(Account)
    account = view.records.first(Account, c.domain_id == project.domain_id, c.name == name)
    if account is None or account.type is AccountType.PROJECT:
        raise NotFound(
            f"there is no account {name!r} in the project's domain {project.domain_id}",
            code="account-not-found",
            subject="account",
        )
    return account


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
    accounts = scope.account_ids or (view.caller.account_id,)
    return [*seen, c.id.in_(select(m.project_id).where(m.account_id.in_(accounts)))]


def members_of(view: View, project: Project) -> list[ProjectMember]:
    """Who is in a project."""
    return view.records.select(ProjectMember, columns(ProjectMember).project_id == project.id)


def _member(view: View, project: Project, account: Account) -> ProjectMember | None:
    c = columns(ProjectMember)
    return view.records.first(ProjectMember, c.project_id == project.id, c.account_id == account.id)


def _check_not_last(view: View, project: Project, member: ProjectMember, name: str) -> None:
    """A project keeps an administrator.

    Raises:
        Conflict: this one is the only one (`last-administrator`).
    """
    if [each for each in members_of(view, project) if each.role is ProjectRole.ADMIN] == [member]:
        raise Conflict(
            f"the account {name!r} is the only administrator of the project {project.name!r}",
            code="last-administrator",
            subject="account",
            hint="make another one first (updateProject)",
        )


def _join(work: Work, project: Project, account: Account, role: ProjectRole) -> None:
    work.insert(
        ProjectMember(**work.birth(), project_id=project.id, account_id=AccountId(account.id), role=role)
    )


def _administered(work: Work, project_id: Uuid) -> Project:
    """A project that the caller may change: as its administrator, or as one of its domain.

    Raises:
        NotFound: there is none that the caller sees.
        Forbidden: the caller is a regular member (`not-permitted`).
    """
    project = project_seen(work, project_id, "id")
    domain = work.get(Domain, project.domain_id)
    c = columns(ProjectMember)
    member = work.records.first(
        ProjectMember, c.project_id == project.id, c.account_id == work.caller.account_id
    )
    if sees(work.caller, project.account_id, domain.path):
        return project
    if member is None or member.role is not ProjectRole.ADMIN:
        raise Forbidden(
            f"the project {project.name!r} ({project.id}) is changed by its administrators",
            code="not-permitted",
            subject="id",
        )
    return project


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
    request=OfProject,
    begin=_begin_delete,
    apply=_apply_delete,
    event="PROJECT.DELETE",
    queue=lambda _: "domains",
)
ADD_ACCOUNT = UseCase(
    name="project.add_account",
    command="addAccountToProject",
    request=AddMember,
    begin=_add,
    apply=_made,
    event="PROJECT.ACCOUNT.ADD",
)
REMOVE_ACCOUNT = UseCase(
    name="project.remove_account",
    command="deleteAccountFromProject",
    request=RemoveMember,
    begin=_remove,
    apply=_made,
    event="PROJECT.ACCOUNT.REMOVE",
)
USE_CASES = (CREATE, UPDATE, ACTIVATE, SUSPEND, DELETE, ADD_ACCOUNT, REMOVE_ACCOUNT)
