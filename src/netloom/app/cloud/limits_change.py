"""Setting limits, and reading them for a whole owner.

Rule 1: whoever is limited does not raise their own limits: an account's and a domain's are set from above.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.app.cloud.accounts import account_seen
from netloom.app.cloud.domains import domain_seen
from netloom.app.cloud.identity_owner import named, project_seen
from netloom.app.cloud.limits import Owner, limits_of_accounts, limits_of_domains
from netloom.app.cloud.limits_used import Used, used_by_accounts, used_by_domains
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, CallerKind, Domain
from netloom.model.cloud.limits import UNLIMITED, ResourceLimit, ResourceType, checked_max
from netloom.model.cloud.record import AccountId, DomainId
from netloom.store.cloud.records import columns


class UpdateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Set the limit of an account, of a project, or (neither given) of a domain; -1 or nothing: no limit."""

    type: ResourceType
    max: int | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


def owner_asked(view: View, account: str | None, domain_id: Uuid | None, project_id: Uuid | None) -> Owner:
    """Whose limits a call is about: a project's, an account's, a domain's, or the caller's own.

    Raises:
        NotFound: there is no such owner, or it is not the caller's to see.
    """
    if project_id is not None:
        project = project_seen(view, project_id)
        return Owner(
            account=view.get(Account, project.account_id), domain=view.get(Domain, project.domain_id)
        )
    if account is not None:
        who = named(view, account, domain_id)
        return Owner(account=who, domain=view.get(Domain, who.domain_id))
    if domain_id is not None:
        return Owner(account=None, domain=domain_seen(view, domain_id))
    who = account_seen(view, view.caller.account_id)
    return Owner(account=who, domain=view.get(Domain, who.domain_id))


def limits_of(view: View, owner: Owner) -> Mapping[ResourceType, int]:
    """The limits that an owner has itself; -1: none."""
    if owner.account is not None:
        return limits_of_accounts(view, [owner.account])[owner.account.id]
    return limits_of_domains(view, [owner.domain])[owner.domain.id]


def used_of(view: View, owner: Owner) -> Used:
    """What an account, or a domain with all under it, uses."""
    if owner.account is not None:
        return used_by_accounts(view, [owner.account.id])[owner.account.id]
    return used_by_domains(view, [owner.domain])[owner.domain.id]


def _update(work: Work, request: UpdateLimit) -> ResourceLimit:
    owner = owner_asked(work, request.account, request.domain_id, request.project_id)
    _check_rights(work, owner)
    most = UNLIMITED if request.max is None else checked_max(request.max)
    if owner.account is None and owner.domain.parent_id is None and most != UNLIMITED:
        raise InvalidInput("the domain ROOT has no limits", subject="max", hint="-1")
    c = columns(ResourceLimit)
    whose = c.domain_id == owner.domain.id if owner.account is None else c.account_id == owner.account.id
    found = work.records.first(ResourceLimit, whose, c.type == request.type.value)
    if found is not None:
        return work.update(msgspec.structs.replace(found, max=most))
    return work.insert(
        ResourceLimit(
            **work.birth(),
            account_id=None if owner.account is None else AccountId(owner.account.id),
            domain_id=DomainId(owner.domain.id) if owner.account is None else None,
            type=request.type,
            max=most,
        )
    )


def _check_rights(work: Work, owner: Owner) -> None:
    caller = work.caller
    own = (
        owner.domain.id == caller.domain_id
        if owner.account is None
        else owner.account.id == caller.account_id
    )
    if caller.kind is CallerKind.USER or (own and not caller.is_root):
        raise Forbidden(
            "limits are set by an administrator above whom they limit", code="not-permitted", subject="max"
        )


UPDATE = UseCase(
    name="resource_limit.update",
    command="updateResourceLimit",
    request=UpdateLimit,
    begin=_update,
    event="RESOURCE.LIMIT.UPDATE",
    text=lambda limit: f"limit of {limit.type.value}: {limit.max}",
)
USE_CASES = (UPDATE,)
