"""Making, changing and deleting what an operator offers.

Rule 1: what an offering promises is settled by `model.cloud.offerings_*`; here stands what concerns other records.
Rule 2: an offering that something was made of is not deleted: it is disabled, and what was made keeps it.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.doing import Doing, nothing_more
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Domain
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import (
    Availability,
    GuestType,
    NetworkOffering,
    ServiceOffering,
    VpcOffering,
    services_of,
)
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft, OfferingWorld
from netloom.model.cloud.offerings_network import settle
from netloom.model.cloud.offerings_vpc import VpcOfferingDraft, settle_vpc
from netloom.model.cloud.record import DomainId
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.words import Allocation, check_tags, check_text, parse_word
from netloom.model.kinds import Kind
from netloom.store.catalog import find_by_ids, not_found
from netloom.store.cloud.records import columns

ROUTER_VM = "domainrouter"
"""CloudStack's word for netloom's own routers, in sizes that are for them."""

MAX_PLACES = 500
"""Domains or zones that an offering may name."""

Offered = TypeVar("Offered", NetworkOffering, VpcOffering)


def world(view: View) -> OfferingWorld:
    """What offerings are judged by now."""
    c = columns(NetworkOffering)
    required = view.records.first(
        NetworkOffering, c.availability == Availability.REQUIRED.value, c.is_default.is_(False)
    ) or view.records.first(NetworkOffering, c.availability == Availability.REQUIRED.value)
    return OfferingWorld(
        providers=view.backends.providers.facts,
        required=None if required is None else required.name,
        routed=configuration.flag(view, "routed.network.vpc.enabled"),
        ipv6=configuration.flag(view, "ipv6.offering.enabled"),
    )


def create_network_offering(work: Work, draft: NetworkOfferingDraft) -> NetworkOffering:
    """A new offering of networks."""
    return _made(work, settle(draft, world(work), work.birth()))


def create_vpc_offering(work: Work, draft: VpcOfferingDraft) -> VpcOffering:
    """A new offering of VPCs."""
    return _made(work, settle_vpc(draft, world(work), work.birth()))


def _made(work: Work, offering: Offered) -> Offered:
    """A new offering, as far as it concerns other records."""
    _check_name(work, type(offering), offering.name)
    check_places(work, offering.domain_ids, offering.zone_ids)
    size = offering.service_offering_id
    if size is None:
        return work.insert(msgspec.structs.replace(offering, service_offering_id=router_size(work)))
    _check_router_size(work, size)
    return work.insert(offering)


class UpdateOffering(msgspec.Struct, frozen=True, kw_only=True):
    """What of an offering may change; None: it stays. Empty `domain_ids` or `zone_ids`: everybody, everywhere."""

    id: Uuid
    name: str | None = None
    display_text: str | None = None
    state: str | None = None
    sort_key: int | None = None
    domain_ids: tuple[DomainId, ...] | None = None
    zone_ids: tuple[Uuid, ...] | None = None


class UpdateNetworkOffering(UpdateOffering, frozen=True, kw_only=True):
    """The same, and what only offerings of networks have."""

    availability: str | None = None
    max_connections: int | None = None
    keep_alive: bool | None = None
    tags: tuple[str, ...] | None = None


def update_network_offering(work: Work, request: UpdateNetworkOffering) -> NetworkOffering:
    """The offering as it is now."""
    current = work.get(NetworkOffering, request.id)
    wanted = _updated(work, current, request)
    if request.availability is not None:
        availability = parse_word(Availability, request.availability, "availability")
        _check_availability(work, current, availability)
        wanted = msgspec.structs.replace(wanted, availability=availability)
    if request.max_connections is not None:
        if request.max_connections < 1:
            raise InvalidInput(
                f"{request.max_connections} connections", subject="maxconnections", hint="1 or more"
            )
        wanted = msgspec.structs.replace(wanted, max_connections=request.max_connections)
    if request.keep_alive is not None:
        wanted = msgspec.structs.replace(wanted, keep_alive=request.keep_alive)
    if request.tags is not None:
        wanted = msgspec.structs.replace(wanted, tags=check_tags(request.tags))
    return work.update(wanted)


def update_vpc_offering(work: Work, request: UpdateOffering) -> VpcOffering:
    """The offering as it is now."""
    return work.update(_updated(work, work.get(VpcOffering, request.id), request))


class DeleteOffering(msgspec.Struct, frozen=True, kw_only=True):
    """Delete an offering that nothing was made of."""

    id: Uuid


def delete_network_offering(work: Work, request: DeleteOffering) -> NetworkOffering:
    """Delete it; it comes back as it was."""
    offering = work.get(NetworkOffering, request.id)
    _refuse_default(offering.name, default=offering.is_default)
    c = columns(GuestNetwork)
    users = work.records.select(GuestNetwork, c.offering_id == offering.id, limit=3)
    _refuse_used(offering.name, offering.id, "network", [f"{u.name} ({u.id})" for u in users])
    work.delete(offering)
    return offering


def delete_vpc_offering(work: Work, request: DeleteOffering) -> VpcOffering:
    """Delete it in the second half; here only whether that may be."""
    offering = work.get(VpcOffering, request.id)
    _refuse_default(offering.name, default=offering.is_default)
    _refuse_used_vpc_offering(work, offering)
    return offering


async def _delete_vpc_offering(doing: Doing, offering: VpcOffering) -> None:
    def unit(work: Work) -> None:
        current = work.records.get(VpcOffering, offering.id)
        if current is not None:
            _refuse_used_vpc_offering(work, current)
            work.delete(current)

    await doing.write(unit)


def _refuse_used_vpc_offering(work: Work, offering: VpcOffering) -> None:
    users = work.records.select(Vpc, columns(Vpc).offering_id == offering.id, limit=3)
    _refuse_used(offering.name, offering.id, "VPC", [f"{u.name} ({u.id})" for u in users])


def check_places(view: View, domain_ids: tuple[DomainId, ...], zone_ids: tuple[Uuid, ...]) -> None:
    """Domains and zones that an offering names must be there.

    Raises:
        NotFound: one is not.
        InvalidInput: too many were named.
    """
    if len(domain_ids) > MAX_PLACES or len(zone_ids) > MAX_PLACES:
        raise InvalidInput(
            "too many domains or zones", subject="domainid", hint=f"up to {MAX_PLACES} of each"
        )
    domains = view.records.many(Domain, domain_ids) if domain_ids else {}
    for domain in domain_ids:
        if domain not in domains:
            raise missing(Domain, domain, "domainid")
    zones = find_by_ids(view.records.connection, Kind.ZONE, list(zone_ids)) if zone_ids else {}
    for zone in zone_ids:
        if zone not in zones:
            raise not_found(Kind.ZONE, zone, "zoneid")


def _updated(work: Work, current: Offered, request: UpdateOffering) -> Offered:
    if request.name is not None and request.name.strip() != current.name:
        _check_name(work, type(current), check_text(request.name, "name"))
    domains = current.domain_ids if request.domain_ids is None else request.domain_ids
    zones = current.zone_ids if request.zone_ids is None else request.zone_ids
    check_places(work, domains, zones)
    return msgspec.structs.replace(
        current,
        name=current.name if request.name is None else check_text(request.name, "name"),
        display_text=current.display_text
        if request.display_text is None
        else check_text(request.display_text, "displaytext"),
        state=current.state if request.state is None else parse_word(Allocation, request.state, "state"),
        sort_key=current.sort_key if request.sort_key is None else request.sort_key,
        domain_ids=domains,
        zone_ids=zones,
    )


def _check_availability(work: Work, current: NetworkOffering, wanted: Availability) -> None:
    if wanted is not Availability.REQUIRED or current.availability is Availability.REQUIRED:
        return
    if current.guest_type is not GuestType.ISOLATED or Service.SOURCE_NAT not in services_of(current):
        raise InvalidInput(
            f"offering {current.name!r} cannot be Required",
            code="required-not-isolated",
            subject="availability",
            hint="Optional; only an Isolated offering with SourceNat can be Required",
        )
    taken = world(work).required
    if taken is not None:
        raise Conflict(
            f"network offering {taken!r} is Required already",
            code="required-taken",
            subject="availability",
            hint="make that one Optional first",
        )


def _check_name(work: Work, offering_type: type[Offered], name: str) -> None:
    if work.records.exists(offering_type, columns(offering_type).name == name):
        raise Conflict(
            f"there is an offering {name!r} already",
            code="offering-taken",
            subject="name",
            hint="names of offerings are unique",
        )


def router_size(work: Work) -> Uuid | None:
    """The size of routers whose offering names none: the first that was made for routers."""
    c = columns(ServiceOffering)
    found = work.records.first(ServiceOffering, c.system_vm_type == ROUTER_VM)
    return None if found is None else found.id


def _check_router_size(work: Work, service_offering_id: Uuid) -> None:
    size = work.records.get(ServiceOffering, service_offering_id)
    if size is None:
        raise NotFound(
            f"there is no service offering {service_offering_id!r}",
            code="service-offering-not-found",
            subject="serviceofferingid",
        )
    if not size.is_system:
        raise InvalidInput(
            f"service offering {size.name!r} ({size.id}) is for instances",
            code="offering-not-system",
            subject="serviceofferingid",
            hint="a router's size is an offering for the system",
        )


def _refuse_default(name: str, *, default: bool) -> None:
    if default:
        raise Conflict(
            f"offering {name!r} came with netloom",
            code="offering-default",
            subject="id",
            hint="disable it",
        )


def _refuse_used(name: str, offering_id: Uuid, kind: str, users: list[str]) -> None:
    if users:
        raise Conflict(
            f"offering {name!r} ({offering_id}) is that of {kind} {', '.join(users)}",
            code="offering-in-use",
            subject="id",
            hint="disable it: nothing more is made of it then",
        )


CREATE_NETWORK_OFFERING = UseCase(
    name="network_offering.create",
    command="createNetworkOffering",
    request=NetworkOfferingDraft,
    begin=create_network_offering,
    event="NETWORK.OFFERING.CREATE",
)
UPDATE_NETWORK_OFFERING = UseCase(
    name="network_offering.update",
    command="updateNetworkOffering",
    request=UpdateNetworkOffering,
    begin=update_network_offering,
    event="NETWORK.OFFERING.EDIT",
)
DELETE_NETWORK_OFFERING = UseCase(
    name="network_offering.delete",
    command="deleteNetworkOffering",
    request=DeleteOffering,
    begin=delete_network_offering,
    event="NETWORK.OFFERING.DELETE",
)
CREATE_VPC_OFFERING = UseCase(
    name="vpc_offering.create",
    command="createVPCOffering",
    request=VpcOfferingDraft,
    begin=create_vpc_offering,
    apply=nothing_more,
    event="VPC.OFFERING.CREATE",
)
UPDATE_VPC_OFFERING = UseCase(
    name="vpc_offering.update",
    command="updateVPCOffering",
    request=UpdateOffering,
    begin=update_vpc_offering,
    apply=nothing_more,
    event="VPC.OFFERING.UPDATE",
)
DELETE_VPC_OFFERING = UseCase(
    name="vpc_offering.delete",
    command="deleteVPCOffering",
    request=DeleteOffering,
    begin=delete_vpc_offering,
    apply=_delete_vpc_offering,
    event="VPC.OFFERING.DELETE",
)
USE_CASES = (
    CREATE_NETWORK_OFFERING,
    UPDATE_NETWORK_OFFERING,
    DELETE_NETWORK_OFFERING,
    CREATE_VPC_OFFERING,
    UPDATE_VPC_OFFERING,
    DELETE_VPC_OFFERING,
)
