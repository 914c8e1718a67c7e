"""Deleting domains.

Rule 1: a domain goes when nothing is in it; with `cleanup`, what is in it and under it is torn down first, machines of all
    its accounts before the networks of any: accounts of a domain may use each other's.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.accounts_cleanup import born_as, remove_account
from netloom.app.cloud.accounts_teardown import check_unprotected, tear_down
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.domains import domain_seen
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.visibility import under
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.former import FormerOwner
from netloom.model.cloud.identity import Account, Domain, DomainState, shown_path
from netloom.model.cloud.limits import ResourceLimit
from netloom.store.cloud.records import columns


class DeleteDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Delete a domain; `cleanup` with everything in it and under it."""

    id: Uuid
    cleanup: bool = False


def _begin(work: Work, request: DeleteDomain) -> Domain:
    domain = domain_seen(work, request.id, "id")
    if domain.parent_id is None:
        raise InvalidInput("the domain ROOT cannot be deleted", subject="id")
    if domain.id == work.caller.domain_id:
        raise Conflict("nobody deletes the domain that they are in", code="own-domain", subject="id")
    return work.update(msgspec.structs.replace(domain, state=DomainState.INACTIVE))


async def _apply(doing: Doing, domain: Domain) -> Ending:
    below = await doing.read(
        lambda view: view.records.select(Domain, under(columns(Domain).path, domain.path))
    )
    ids = [each.id for each in below]
    accounts = await doing.read(
        lambda view: view.records.select(Account, columns(Account).domain_id.in_(ids))
    )
    if not doing.request(DeleteDomain).cleanup and (accounts or len(below) > 1):
        raise Conflict(
            f"the domain {shown_path(domain.path)} ({domain.id}) holds {len(accounts)} accounts and "
            f"{len(below) - 1} domains",
            code="domain-in-use",
            subject=f"domain/{domain.id}",
            hint="delete them first, or delete the domain with all that is in it (cleanup)",
        )
    if doing.request(DeleteDomain).cleanup:
        await doing.read(lambda view: check_unprotected(view, [each.id for each in accounts]))
        await tear_down(doing, accounts, below)
    for account in accounts:
        await remove_account(doing, account)

    def ending(work: Work) -> None:
        for each in sorted(below, key=lambda found: -found.level):
            work.delete_all(work.records.select(ResourceLimit, columns(ResourceLimit).domain_id == each.id))
            work.delete(each)
            work.insert(FormerOwner(**born_as(work, each.id), name=each.name, path=each.path))

    return ending


def _undo(work: Work, domain: Domain, _error: NetloomError) -> None:
    work.update(msgspec.structs.replace(domain, state=DomainState.ACTIVE))


DELETE = UseCase(
    name="domain.delete",
    command="deleteDomain",
    request=DeleteDomain,
    begin=_begin,
    apply=_apply,
    undo=_undo,
    event="DOMAIN.DELETE",
    queue=lambda _: "domains",
    keep_request=True,
)
USE_CASES = (DELETE,)
