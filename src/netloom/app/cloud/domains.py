"""Making and renaming domains; `domains_move` moves them, `domains_end` deletes them.

Rule 1: a domain's path is kept with it and with all under it: renaming writes them all in one transaction.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import domains_visible, under
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    MAX_DEPTH,
    ROOT_DOMAIN_ID,
    Domain,
    DomainState,
    checked_domain_name,
    checked_text,
    child_path,
    shown_path,
)
from netloom.model.cloud.permissions import check_chosen_id
from netloom.model.cloud.record import DomainId
from netloom.store.cloud.records import columns


class CreateDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Make a domain in another, in ROOT unless told otherwise; the id may be chosen."""

    name: str
    parent_id: Uuid | None = None
    network_domain: str | None = None
    domain_id: Uuid | None = None


class UpdateDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Rename a domain, or give its networks another domain name; what is None stays."""

    id: Uuid
    name: str | None = None
    network_domain: str | None = None


def domain_seen(view: View, domain_id: str, subject: str = "domainid") -> Domain:
    """A domain that the caller sees.

    Raises:
        NotFound: there is none.
    """
    c = columns(Domain)
    found = view.records.first(Domain, c.id == domain_id, *domains_visible(c, view.caller))
    if found is None:
        raise missing(Domain, domain_id, subject)
    return found


def check_parent(parent: Domain, *, levels: int) -> None:
    """Let a domain pass that so many levels of domains can come into.

    Raises:
        InvalidInput: they would lie too deep.
        Conflict: it is being deleted (`domain-inactive`).
    """
    if parent.level + levels >= MAX_DEPTH:
        raise InvalidInput(
            f"{shown_path(parent.path)} lies {parent.level} domains deep",
            subject="parentdomainid",
            hint=f"domains lie at most {MAX_DEPTH - 1} deep",
        )
    if parent.state is not DomainState.ACTIVE:
        raise Conflict(
            f"the domain {shown_path(parent.path)} ({parent.id}) is being deleted",
            code="domain-inactive",
            subject="parentdomainid",
        )


def _create(work: Work, request: CreateDomain) -> Domain:
    parent = domain_seen(work, request.parent_id or ROOT_DOMAIN_ID, "parentdomainid")
    check_parent(parent, levels=1)
    birth = work.birth()
    check_chosen_id(work.caller, request.domain_id, "domainid")
    if request.domain_id is not None:
        if work.records.get(Domain, request.domain_id) is not None:
            raise Conflict(
                f"there is a domain {request.domain_id} already", code="domain-taken", subject="domainid"
            )
        birth["id"] = request.domain_id
    name = checked_domain_name(request.name)
    check_free(work, child_path(parent.path, name))
    return work.insert(
        Domain(
            **birth,
            name=name,
            path=child_path(parent.path, name),
            parent_id=DomainId(parent.id),
            level=parent.level + 1,
            network_domain=_network_domain(request.network_domain),
        )
    )


def _update(work: Work, request: UpdateDomain) -> Domain:
    domain = domain_seen(work, request.id, "id")
    if request.network_domain is not None:
        domain = msgspec.structs.replace(domain, network_domain=_network_domain(request.network_domain))
    name = domain.name if request.name is None else checked_domain_name(request.name)
    if name == domain.name:
        return work.update(domain)
    if domain.parent_id is None:
        raise InvalidInput("the domain ROOT keeps its name", subject="name")
    above = domain.path[: domain.path[:-1].rindex("/") + 1]
    return placed(work, domain, msgspec.structs.replace(domain, name=name, path=child_path(above, name)))


def placed(work: Work, before: Domain, after: Domain) -> Domain:
    """A domain at another path, and with it all that is under it.

    Raises:
        Conflict: there is a domain at that path (`domain-taken`).
    """
    check_free(work, after.path)
    below = work.records.select(Domain, under(columns(Domain).path, before.path))
    changed = work.update(after)
    for each in below:
        if each.id != before.id:
            path, level = after.path + each.path[len(before.path) :], each.level + after.level - before.level
            work.update(msgspec.structs.replace(each, path=path, level=level))
    return changed


def check_free(work: Work, path: str) -> None:
    """Let a path pass that no domain has.

    Raises:
        Conflict: one has it (`domain-taken`).
    """
    found = work.records.first(Domain, columns(Domain).path == path)
    if found is not None:
        raise Conflict(
            f"there is a domain {shown_path(path)} ({found.id}) already", code="domain-taken", subject="name"
        )


def _network_domain(text: str | None) -> str | None:
    return None if text is None else checked_text(text, "networkdomain")


CREATE = UseCase(
    name="domain.create", command="createDomain", request=CreateDomain, begin=_create, event="DOMAIN.CREATE"
)
UPDATE = UseCase(
    name="domain.update", command="updateDomain", request=UpdateDomain, begin=_update, event="DOMAIN.UPDATE"
)
USE_CASES = (CREATE, UPDATE)
