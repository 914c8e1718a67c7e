"""Moving a domain into another one, with all that is in it and under it.

Rule 1: whose things are does not change; who administers them, and whose limits hold, does, from the next call on.
Rule 2: what accounts have of a domain that is above them now stays above them, or the move is refused: a dedicated zone or
    range, a shared network of that domain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec
from sqlalchemy import select

from netloom.app.cloud.domains import check_parent, domain_seen, placed
from netloom.app.cloud.limits import limits_of_domains
from netloom.app.cloud.limits_used import used_by_domains
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import under
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.identity import Domain, child_path, is_under, parents_of, shown_path
from netloom.model.cloud.infrastructure import ZoneFacet
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.instances import InstanceNic
from netloom.model.cloud.networks import AclType, GuestNetwork
from netloom.model.cloud.record import DomainId
from netloom.store.cloud.records import columns


class MoveDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Move a domain into another one, which is neither itself nor under it."""

    id: Uuid
    parent_id: Uuid


def _move(work: Work, request: MoveDomain) -> Domain:
    domain = domain_seen(work, request.id)
    parent = domain_seen(work, request.parent_id, "parentdomainid")
    if domain.parent_id is None:
        raise InvalidInput("the domain ROOT stays where it is", subject="domainid")
    if is_under(parent.path, domain.path):
        raise InvalidInput(
            f"{shown_path(parent.path)} ({parent.id}) is {shown_path(domain.path)} itself, or lies under it",
            subject="parentdomainid",
            hint="a domain that is not moved with it",
        )
    if parent.id == domain.parent_id:
        return domain
    if domain.id == work.caller.domain_id:
        raise Conflict("nobody moves the domain that they are in", code="own-domain", subject="domainid")
    below = work.records.select(Domain, under(columns(Domain).path, domain.path))
    check_parent(parent, levels=max(each.level for each in below) - domain.level + 1)
    after = msgspec.structs.replace(
        domain,
        parent_id=DomainId(parent.id),
        path=child_path(parent.path, domain.name),
        level=parent.level + 1,
    )
    _check_limits(work, domain, after)
    _check_unbound(work, domain, after)
    return placed(work, domain, after)


def _above(view: View, path: str, other: str) -> list[Domain]:
    """The domains above a path that are not above another."""
    paths = [each for each in parents_of(path)[1:] if not is_under(other, each)]
    return view.records.select(Domain, columns(Domain).path.in_(paths)) if paths else []


def _check_limits(view: View, domain: Domain, after: Domain) -> None:
    """Let it come under domains whose limits hold what it uses.

    Raises:
        Exhausted: one does not (`limit-reached`).
    """
    gained = _above(view, after.path, domain.path)
    if not gained:
        return
    comes = used_by_domains(view, [domain])[domain.id]
    limits, used = limits_of_domains(view, gained), used_by_domains(view, gained)
    for each in gained:
        for kind, amount in comes.items():
            most, there = limits[each.id][kind], used[each.id].get(kind, 0)
            if amount and 0 <= most < there + amount:
                raise Exhausted(
                    f"the domain {shown_path(each.path)!r} has {there} of at most {most} {kind.value}; "
                    f"{amount} more would come with {shown_path(domain.path)!r}",
                    code="limit-reached",
                    subject="parentdomainid",
                    hint="raise the limit, or give back what is not used",
                )


def _check_unbound(view: View, domain: Domain, after: Domain) -> None:
    """Let it leave domains of which it has nothing.

    Raises:
        Conflict: it has something (`domain-bound`).
    """
    lost = {each.id: each for each in _above(view, domain.path, after.path)}
    for owner_id, what in _bonds(view, domain, lost) if lost else ():
        raise Conflict(
            f"accounts under {shown_path(domain.path)} ({domain.id}) have something of {what}, "
            f"which is for {shown_path(lost[owner_id].path)}",
            code="domain-bound",
            subject="domainid",
            hint="take it back, or have it be for both",
        )


def _bonds(view: View, domain: Domain, lost: Collection[Uuid]) -> Iterator[tuple[Uuid, str]]:
    d = columns(Domain)
    inside = select(d.id).where(under(d.path, domain.path))
    facet, network = columns(ZoneFacet), columns(GuestNetwork)
    for zone in view.records.select(ZoneFacet, facet.domain_id.in_(lost)):
        used = view.records.exists(GuestNetwork, network.zone_id == zone.id, network.domain_id.in_(inside))
        if used and zone.domain_id is not None:
            yield zone.domain_id, f"the zone {zone.id}"
    owned, ip = columns(PublicRange), columns(PublicIp)
    for each in view.records.select(PublicRange, owned.domain_id.in_(lost), owned.account_id.is_(None)):
        used = view.records.exists(PublicIp, ip.range_id == each.id, ip.domain_id.in_(inside))
        if used and each.domain_id is not None:
            yield each.domain_id, f"the public range {each.id}"
    nic = columns(InstanceNic)
    shared = select(network.id).where(network.domain_id.in_(lost), network.acl_type == AclType.DOMAIN.value)
    found = view.records.first(InstanceNic, nic.network_id.in_(shared), nic.domain_id.in_(inside))
    entered = None if found is None else view.records.get(GuestNetwork, found.network_id)
    if entered is not None:
        yield entered.domain_id, f"the network {entered.name!r} ({entered.id})"


MOVE = UseCase(name="domain.move", command="moveDomain", request=MoveDomain, begin=_move, event="DOMAIN.MOVE")
USE_CASES = (MOVE,)
