"""Which offerings somebody sees, and which a new network, VPC or instance may be made of.

Rule 1: an offering for some domains is not there for anybody else; administrators of the root see all.
Rule 2: what may be seen is read whole and judged here: there are tens of offerings, not thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from netloom.app.cloud.work import View, missing
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Domain
from netloom.model.cloud.offerings import (
    NetworkOffering,
    ServiceOffering,
    ServiceOfferingState,
    VpcOffering,
)
from netloom.model.cloud.words import Allocation

Offered = TypeVar("Offered", NetworkOffering, VpcOffering, ServiceOffering)


def seen(view: View, offering_type: type[Offered]) -> list[Offered]:
    """All offerings of a kind that the caller sees, by sort key, then in the order of their making."""
    every = view.records.select(offering_type)
    if not view.caller.is_root:
        paths = _paths(view, every)
        every = [
            offering
            for offering in every
            if not _is_system(offering) and _open_to(offering, view.caller.domain_path, paths)
        ]
    return sorted(every, key=lambda offering: (offering.sort_key, offering.number))


def offering_seen(view: View, offering_type: type[Offered], offering_id: str, subject: str = "id") -> Offered:
    """An offering that the caller sees.

    Raises:
        NotFound: there is none.
    """
    found = view.records.get(offering_type, offering_id)
    if found is not None and not view.caller.is_root:
        open_to = _open_to(found, view.caller.domain_path, _paths(view, [found]))
        found = found if open_to and not _is_system(found) else None
    if found is None:
        raise missing(offering_type, offering_id, subject)
    return found


def usable(
    view: View,
    offering_type: type[Offered],
    offering_id: str,
    subject: str,
    *,
    owner_domain: Uuid,
    zone_id: Uuid,
) -> Offered:
    """An offering that something of an owner may be made of in a zone.

    Raises:
        NotFound: there is none that the caller sees.
        Conflict: it is not enabled, or not for this domain or zone.
    """
    found = offering_seen(view, offering_type, offering_id, subject)
    state: Allocation | ServiceOfferingState = found.state
    if state not in (Allocation.ENABLED, ServiceOfferingState.ACTIVE):
        raise Conflict(
            f"offering {found.name!r} ({found.id}) is {state.value}",
            code="offering-disabled",
            subject=subject,
            hint="have an administrator enable it, or use another one",
        )
    if found.zone_ids and zone_id not in found.zone_ids:
        raise Conflict(
            f"offering {found.name!r} ({found.id}) is not for this zone",
            code="offering-not-here",
            subject=subject,
            hint="use one that is for every zone, or for this one",
        )
    if found.domain_ids:
        domain = view.records.get(Domain, owner_domain)
        if domain is None or not _open_to(found, domain.path, _paths(view, [found])):
            raise Conflict(
                f"offering {found.name!r} ({found.id}) is not for this domain",
                code="offering-not-here",
                subject=subject,
                hint="use one that is for every domain, or for this one",
            )
    return found


def _is_system(offering: NetworkOffering | VpcOffering | ServiceOffering) -> bool:
    return not isinstance(offering, VpcOffering) and offering.is_system


def _paths(
    view: View, offerings: Sequence[NetworkOffering | VpcOffering | ServiceOffering]
) -> dict[str, str]:
    named = {domain for offering in offerings for domain in offering.domain_ids}
    return {domain.id: domain.path for domain in view.records.many(Domain, named).values()} if named else {}


def _open_to(
    offering: NetworkOffering | VpcOffering | ServiceOffering, path: str, paths: dict[str, str]
) -> bool:
    if not offering.domain_ids:
        return True
    return any(path.startswith(paths[domain]) for domain in offering.domain_ids if domain in paths)
