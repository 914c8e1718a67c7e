"""The places in a project: whose they are, who gives them, and that one of them is an administrator's.

Rule 1: an account is in a project with all its users, or single users of it are: what each may do there is said once.
Rule 2: a project has an administrator at all times.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.identity_owner import project_seen
from netloom.app.cloud.limits import take
from netloom.app.cloud.visibility import as_member
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, Forbidden, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    Account,
    AccountType,
    Domain,
    Project,
    ProjectMember,
    ProjectRole,
    User,
    sees,
)
from netloom.model.cloud.limits import ResourceType
from netloom.model.cloud.projects import CustomProjectRole
from netloom.model.cloud.record import AccountId
from netloom.store.cloud.records import columns


class Seat(msgspec.Struct, frozen=True):
    """Whose a place is or will be: an account's, or one user's of it."""

    account: Account
    user: User | None = None

    @property
    def who(self) -> Uuid:
        """The id that is in a project once."""
        return self.account.id if self.user is None else self.user.id

    def __str__(self) -> str:
        if self.user is None:
            return f"the account {self.account.name!r} ({self.account.id})"
        return f"the user {self.user.username!r} ({self.user.id})"


def administered(work: View, project_id: Uuid, subject: str = "id") -> Project:
    """A project that the caller may change: as its administrator, or as one of its domain.

    Raises:
        NotFound: there is none that the caller sees.
        Forbidden: the caller is a regular member (`not-permitted`).
    """
    project = project_seen(work, project_id, subject)
    if not administers(work, project):
        raise Forbidden(
            f"the project {project.name!r} ({project.id}) is changed by its administrators",
            code="not-permitted",
            subject=subject,
        )
    return project


def administers(view: View, project: Project) -> bool:
    """Whether the caller may change a project."""
    domain = view.get(Domain, project.domain_id) if view.caller.is_admin else None
    if domain is not None and sees(view.caller, project.account_id, domain.path):
        return True
    c = columns(ProjectMember)
    return view.records.exists(
        ProjectMember,
        c.project_id == project.id,
        c.role == ProjectRole.ADMIN.value,
        *as_member(view.caller),
    )


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


def user_of_domain(view: View, project: Project, name: str) -> Seat:
    """The place of a user of a project's domain, by the user's name.

    Raises:
        NotFound: there is none.
    """
    c = columns(User)
    user = view.records.first(User, c.domain_id == project.domain_id, c.username == name)
    if user is None:
        raise NotFound(
            f"there is no user {name!r} in the project's domain {project.domain_id}",
            code="user-not-found",
            subject="username",
        )
    return Seat(_account(view, user.account_id), user)


def user_in(view: View, project: Project, user_id: Uuid) -> ProjectMember:
    """The place that a user has.

    Raises:
        NotFound: the user has none of its own (`project-member-not-found`).
    """
    found = member(view, project, user_id)
    if found is None or found.user_id is None:
        raise NotFound(
            f"the user {user_id} is not in the project {project.name!r}",
            code="project-member-not-found",
            subject="userid",
        )
    return found


def _account(view: View, account_id: str) -> Account:
    account = view.records.get(Account, account_id)
    if account is None:
        raise missing(Account, account_id, "account")
    return account


def seat_of(view: View, account_id: str, user_id: Uuid | None) -> Seat:
    """The place of an account, or of a user of it.

    Raises:
        NotFound: it is gone.
    """
    user = None if user_id is None else view.records.get(User, user_id)
    if user_id is not None and user is None:
        raise missing(User, user_id, "userid")
    return Seat(_account(view, account_id), user)


def members_of(view: View, project: Project) -> list[ProjectMember]:
    """Who is in a project."""
    return view.records.select(ProjectMember, columns(ProjectMember).project_id == project.id)


def member(view: View, project: Project, who: str) -> ProjectMember | None:
    """The place of an account or a user in a project, by its id."""
    c = columns(ProjectMember)
    return view.records.first(ProjectMember, c.project_id == project.id, c.who == who)


def check_outside(view: View, project: Project, seat: Seat) -> None:
    """Let somebody pass who is not in a project.

    Raises:
        Conflict: they are, or the account is with all its users, or single users of it are (`project-member-taken`).
    """
    c = columns(ProjectMember)
    there = view.records.select(ProjectMember, c.project_id == project.id, c.account_id == seat.account.id)
    for each in there:
        if seat.user is None or each.user_id in {None, seat.user.id}:
            raise Conflict(
                f"{seat} is in the project {project.name!r} already"
                + ("" if each.who == seat.who else ": with all its users, or single ones"),
                code="project-member-taken",
                subject="account" if seat.user is None else "username",
            )


def join(
    work: Work, project: Project, seat: Seat, role: ProjectRole, project_role_id: Uuid | None = None
) -> ProjectMember:
    """Put somebody into a project.

    Raises:
        Exhausted: they would administer more projects than they may.
    """
    if role is ProjectRole.ADMIN:
        take(work, seat.account.id, ResourceType.PROJECT)
    return work.insert(
        ProjectMember(
            **work.birth(),
            project_id=project.id,
            account_id=AccountId(seat.account.id),
            who=seat.who,
            role=role,
            user_id=None if seat.user is None else seat.user.id,
            project_role_id=project_role_id,
        )
    )


def give_role(
    work: Work, project: Project, found: ProjectMember, role: ProjectRole, project_role_id: Uuid | None
) -> None:
    """Have a member be something else.

    Raises:
        Conflict: it is the only administrator (`last-administrator`).
        Exhausted: it would administer more projects than it may.
    """
    if role is ProjectRole.ADMIN and found.role is not role:
        take(work, found.account_id, ResourceType.PROJECT)
    elif role is not ProjectRole.ADMIN:
        check_not_last(work, project, found)
    work.update(msgspec.structs.replace(found, role=role, project_role_id=project_role_id))


def check_not_last(view: View, project: Project, found: ProjectMember) -> None:
    """A project keeps an administrator.

    Raises:
        Conflict: this one is the only one (`last-administrator`).
    """
    if [each for each in members_of(view, project) if each.role is ProjectRole.ADMIN] == [found]:
        raise Conflict(
            f"{seat_of(view, found.account_id, found.user_id)} is the only administrator of the project {project.name!r}",
            code="last-administrator",
            subject="account" if found.user_id is None else "userid",
            hint="make another one first (updateProject)",
        )


def project_role(
    view: View, project: Project, role_id: Uuid, subject: str = "projectroleid"
) -> CustomProjectRole:
    """A role of a project.

    Raises:
        NotFound: it has none such.
    """
    found = view.records.get(CustomProjectRole, role_id)
    if found is None or found.project_id != project.id:
        raise missing(CustomProjectRole, role_id, subject)
    return found
