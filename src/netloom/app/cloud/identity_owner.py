"""Whom a new object will belong to: the caller, or an account or project that the caller acts for.

Rule 1: an account that the caller may not act for is not found, as one that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netloom.app.cloud.visibility import as_member, domains_visible
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    Account,
    AccountState,
    Domain,
    DomainState,
    Project,
    ProjectMember,
    ProjectState,
    is_under,
    sees,
    shown_path,
)
from netloom.store.cloud.records import columns

if TYPE_CHECKING:
    from netloom.app.cloud.work import View


def owner(view: View, account: str | None, domain_id: Uuid | None, project_id: Uuid | None) -> Account:
    """The account that a new object will belong to.

    Args:
        view: as the caller sees.
        account: its name; None: the caller's own, or the project's.
        domain_id: its domain; None: the caller's.
        project_id: a project instead of an account.

    Raises:
        InvalidInput: both were given.
        NotFound: there is no such account, domain or project, or it is not the caller's to act for.
        Conflict: the account is not enabled or the project not active (`account-disabled`, `project-disabled`).
    """
    if project_id is not None:
        if account is not None:
            raise InvalidInput(
                "an object belongs to an account or to a project",
                subject="projectid",
                hint="give one of them",
            )
        return _of_project(view, project_id)
    if account is None and domain_id is not None:
        _check_domain(view, domain_id)
    own = view.caller.account_id
    found = view.records.get(Account, own) if account is None else named(view, account, domain_id)
    if found is None:
        raise NotFound("the caller's account is gone", code="account-not-found", subject="account")
    if found.state is not AccountState.ENABLED:
        raise Conflict(
            f"the account {found.name!r} ({found.id}) is {found.state.value}",
            code="account-disabled",
            subject="account",
            hint="an administrator can enable it",
        )
    return found


def _check_domain(view: View, domain_id: Uuid) -> None:
    """That a domain which was named without an account is one that the caller sees: a wrong one is not passed over."""
    c = columns(Domain)
    if not view.records.exists(Domain, c.id == domain_id, *domains_visible(c, view.caller)):
        raise NotFound(f"there is no domain {domain_id!r}", code="domain-not-found", subject="domainid")


def named(view: View, name: str, domain_id: Uuid | None) -> Account:
    """An account by its name, in a domain or the caller's own.

    Raises:
        NotFound: there is none that the caller may act for.
    """
    domain = view.records.get(Domain, domain_id or view.caller.domain_id)
    c = columns(Account)
    found = None if domain is None else view.records.first(Account, c.domain_id == domain.id, c.name == name)
    if (
        domain is None
        or found is None
        or domain.state is not DomainState.ACTIVE
        or not sees(view.caller, found.id, domain.path)
    ):
        where: str = domain_id or view.caller.domain_id
        if domain is not None and is_under(domain.path, view.caller.domain_path):  # others' are only repeated
            where = f"{shown_path(domain.path)} ({domain.id})"
        raise NotFound(
            f"there is no account {name!r} in the domain {where}",
            code="account-not-found",
            subject="account",
            hint="accounts are named together with their domain (domainid)",
        )
    return found


def is_member(view: View, project: Project) -> bool:
    """Whether the caller is in a project."""
    c = columns(ProjectMember)
    return view.records.exists(ProjectMember, c.project_id == project.id, *as_member(view.caller))


def project_seen(view: View, project_id: str, subject: str = "projectid") -> Project:
    """A project that the caller may act for.

    Raises:
        NotFound: there is none.
    """
    project = view.records.get(Project, project_id)
    domain = None if project is None else view.records.get(Domain, project.domain_id)
    if (
        project is None
        or domain is None
        or not sees(view.caller, project.account_id, domain.path, member=is_member(view, project))
    ):
        raise NotFound(f"there is no project {project_id!r}", code="project-not-found", subject=subject)
    return project


def _of_project(view: View, project_id: Uuid) -> Account:
    project = project_seen(view, project_id)
    if project.state is not ProjectState.ACTIVE:
        raise Conflict(
            f"the project {project.name!r} ({project.id}) is {project.state.value}",
            code="project-disabled",
            subject="projectid",
            hint="activate it first",
        )
    account = view.records.get(Account, project.account_id)
    if account is None:
        raise NotFound(f"there is no project {project_id!r}", code="project-not-found", subject="projectid")
    return account
