"""What commands of offerings have in common: how they are listed, and for whom and where they are.

Rule 1: offerings are read whole and chosen here: there are tens of them, not thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypedDict, TypeVar

from netloom.app.cloud.infrastructure import zone_seen
from netloom.app.cloud.offerings_seen import offering_seen, seen
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid, is_uuid
from netloom.faces.cloudstack.command import Call, Row, Rows, See
from netloom.faces.cloudstack.scope import domain_of
from netloom.model.cloud.identity import Domain, is_under
from netloom.model.cloud.offerings import NetworkOffering, ServiceOffering, VpcOffering
from netloom.model.cloud.offerings_services import ServiceCapability, ServiceProvider
from netloom.model.cloud.record import DomainId

Offered = TypeVar("Offered", NetworkOffering, VpcOffering, ServiceOffering)

EVERYWHERE: Final = frozenset({"all", "public"})
"""What clients say for *no domain, no zone in particular*."""


async def listed(
    call: Call,
    offering_type: type[Offered],
    show: Callable[[Sequence[Offered], See], list[Row]],
    fits: Callable[[View], Callable[[Offered], bool]],
) -> Rows:
    """The page that was asked for of the offerings that the caller sees and that fit."""
    wanted, name = call.uuid("id"), call.text("name") or None
    keyword = (call.listing.keyword or "").lower()
    state = (call.text("state") or "").lower()
    domain_id, zone_id = call.uuid("domainid"), call.uuid("zoneid")

    def read(view: View) -> Rows:
        if wanted is not None:
            offering_seen(view, offering_type, wanted)
        where = None if zone_id is None else zone_seen(view, zone_id).id
        open_to = _open_to(view, None if domain_id is None else domain_of(view, domain_id))
        more = fits(view)
        found = [
            offering
            for offering in seen(view, offering_type)
            if wanted in {None, offering.id}
            and name in {None, offering.name}
            and keyword in f"{offering.name}\n{offering.display_text}".lower()
            and (not state or offering.state.value.lower() == state)
            and (where is None or not offering.zone_ids or where in offering.zone_ids)
            and open_to(offering.domain_ids)
            and more(offering)
        ]
        return call.shown(found, lambda page: show(page, See(view)))

    return await call.read(read)


def _open_to(view: View, domain: Domain | None) -> Callable[[tuple[DomainId, ...]], bool]:
    """Whether a domain may use what is for these domains."""
    if domain is None:
        return lambda _domains: True
    paths = {found.id: found.path for found in view.records.select(Domain)}
    return lambda domains: (
        not domains or any(is_under(domain.path, paths[found]) for found in domains if found in paths)
    )


def same_flag(asked: bool | None, has: bool) -> bool:
    """Whether a flag is as it was asked for, or was not asked for."""
    return asked is None or asked is has


def same_word(asked: str | None, has: str | None) -> bool:
    """The same for a word, in any case."""
    return not asked or (has is not None and asked.lower() == has.lower())


def domain_ids(call: Call) -> tuple[DomainId, ...]:
    """For whom a new offering is; empty: for everybody."""
    return tuple(DomainId(found) for found in _ids(call, "domainid") or ())


def zone_ids(call: Call) -> tuple[Uuid, ...]:
    """Where a new offering is; empty: everywhere."""
    return _ids(call, "zoneid") or ()


class Changes(TypedDict):
    """What of any offering may change, as `UpdateOffering` has it."""

    id: Uuid
    name: str | None
    display_text: str | None
    state: str | None
    sort_key: int | None
    domain_ids: tuple[DomainId, ...] | None
    zone_ids: tuple[Uuid, ...] | None


def changes(call: Call) -> Changes:
    """What shall change of an offering; None: it stays."""
    domains = _ids(call, "domainid")
    return Changes(
        id=call.need_uuid("id"),
        name=call.text("name") or None,
        display_text=call.text("displaytext") or None,
        state=call.text("state") or None,
        sort_key=call.integer("sortkey"),
        domain_ids=None if domains is None else tuple(DomainId(each) for each in domains),
        zone_ids=_ids(call, "zoneid"),
    )


def _ids(call: Call, name: str) -> tuple[Uuid, ...] | None:
    if not call.has(name):
        return None
    words = call.texts(name)
    if any(word.lower() in EVERYWHERE for word in words):
        return ()
    for word in words:
        if not is_uuid(word):
            raise InvalidInput(
                f"{word[:64]!r} is no id", subject=name, hint="ids, separated by commas, or `all`"
            )
    return tuple(Uuid(word.lower()) for word in words)


def providers_named(call: Call) -> tuple[ServiceProvider, ...]:
    """`serviceproviderlist[0].service=Dhcp&serviceproviderlist[0].provider=VirtualRouter`."""
    return tuple(
        ServiceProvider(entry.get("service", ""), entry.get("provider", ""))
        for entry in call.maps("serviceproviderlist")
    )


def capabilities_chosen(call: Call) -> tuple[ServiceCapability, ...]:
    """`servicecapabilitylist[0].service=…&servicecapabilitylist[0].capabilitytype=…&….capabilityvalue=…`."""
    return tuple(
        ServiceCapability(
            entry.get("service", ""), entry.get("capabilitytype", ""), entry.get("capabilityvalue", "")
        )
        for entry in call.maps("servicecapabilitylist")
    )
