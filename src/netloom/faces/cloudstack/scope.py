"""Whose things a list is about, from what clients say: `listall`, `account`, `domainid`, `projectid`, `isrecursive`.

Rule 1: asked for by id, a thing is listed whoever owns it, if the caller may see it at all; else only what was asked for is.
Rule 2: what projects own is left out of lists that do not name projects.
"""

from __future__ import annotations

from dataclasses import dataclass

from netloom.app.cloud.identity_owner import project_seen
from netloom.app.cloud.visibility import Projects, Scope, domains_visible
from netloom.app.cloud.work import View, missing
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.table import INVALID
from netloom.model.cloud.identity import Account, CallerKind, Domain
from netloom.model.cloud.record import AccountId
from netloom.store.cloud.records import columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The parameters; `by_id` when the list was asked for one thing by its id."""

    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None
    all_projects: bool = False
    list_all: bool = False
    recursive: bool = False
    by_id: bool = False


def resolve(view: View, asked: Asked) -> Scope:
    """The scope that was asked for.

    Raises:
        NotFound: the domain, account or project is not there, or not the caller's to see.
        InvalidInput: an account and a project were both named.
    """
    if asked.project_id is not None:
        if asked.account is not None:
            raise InvalidInput(
                "account and projectid exclude each other", code=INVALID, hint="name one of them"
            )
        return Scope(account_ids=(project_account(view, asked.project_id),))
    projects = Projects.LEFT_OUT
    if asked.all_projects:
        projects = Projects.INCLUDED if asked.list_all else Projects.ONLY
    domain = domain_of(view, asked.domain_id) if asked.domain_id is not None else None
    if asked.account is not None:
        return Scope(account_ids=(account_of(view, asked.account, domain),))
    if domain is not None and view.caller.kind is not CallerKind.USER:
        if asked.recursive or asked.list_all:
            return Scope(domain_path=domain.path, projects=projects)
        return Scope(domain_id=domain.id, projects=projects)
    if asked.by_id:
        return Scope(everything=True)
    if asked.all_projects and not asked.list_all:
        return Scope(everything=True, projects=projects)
    if asked.list_all or (asked.recursive and view.caller.is_admin):
        if view.caller.kind is CallerKind.USER and not asked.all_projects:
            return Scope()
        return Scope(everything=True, projects=projects)
    return Scope()


def domain_of(view: View, domain_id: Uuid) -> Domain:
    """A domain that the caller sees.

    Raises:
        NotFound: there is none.
    """
    c = columns(Domain)
    domain = view.records.first(Domain, c.id == domain_id, *domains_visible(c, view.caller))
    if domain is None:
        raise missing(Domain, domain_id, "domainid")
    return domain


def account_of(view: View, name: str, domain: Domain | None) -> AccountId:
    """An account by name, in a domain or the caller's own.

    Raises:
        NotFound: there is none, or it is not the caller's to see.
    """
    c = columns(Account)
    domain_id = domain.id if domain is not None else view.caller.domain_id
    account = view.records.first(Account, c.name == name, c.domain_id == domain_id)
    if account is None or (view.caller.kind is CallerKind.USER and account.id != view.caller.account_id):
        raise missing(Account, name, "account")
    return AccountId(account.id)


def project_account(view: View, project_id: Uuid) -> AccountId:
    """The account that a project owns through.

    Raises:
        NotFound: there is no such project, or the caller is not of it.
    """
    return project_seen(view, project_id).account_id
