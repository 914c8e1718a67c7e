"""Sizes of instances, and of netloom's own routers.

Rule 1: what an instance was made with stays with it; a size that is no longer offered is inactive or deleted.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.app.cloud.offerings import DeleteOffering, UpdateOffering, check_places
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.offerings import (
    NetworkOffering,
    ServiceOffering,
    ServiceOfferingState,
    VpcOffering,
)
from netloom.model.cloud.record import DomainId
from netloom.model.cloud.words import check_text, parse_word
from netloom.store.cloud.records import columns

MAX_CPUS = 512
MAX_SPEED = 100_000
MAX_MEMORY = 16_777_216
"""MiB."""


class CreateServiceOffering(msgspec.Struct, frozen=True, kw_only=True):
    """A size; `cpu_number`, `cpu_speed` (MHz) and `memory` (MiB) all None: chosen with each instance."""

    name: str
    display_text: str | None = None
    cpu_number: int | None = None
    cpu_speed: int | None = None
    memory: int | None = None
    network_rate: int | None = None
    root_disk_size: int = 0
    storage_type: str = "shared"
    provisioning_type: str = "thin"
    offer_ha: bool = False
    limit_cpu_use: bool = False
    is_volatile: bool = False
    dynamic_scaling: bool = True
    is_system: bool = False
    system_vm_type: str | None = None
    host_tags: str | None = None
    storage_tags: str | None = None
    domain_ids: tuple[DomainId, ...] = ()
    zone_ids: tuple[Uuid, ...] = ()
    details: Mapping[str, str] = {}


class UpdateServiceOffering(UpdateOffering, frozen=True, kw_only=True):
    """What of a size may change."""

    host_tags: str | None = None
    storage_tags: str | None = None


def create_service_offering(work: Work, request: CreateServiceOffering) -> ServiceOffering:
    """A new size."""
    given = (request.cpu_number, request.cpu_speed, request.memory)
    customized = given[0] is None and given[2] is None
    if not customized and None in (request.cpu_number, request.memory):
        raise InvalidInput(
            "processors and memory belong together",
            subject="cpunumber",
            hint="give cpunumber, cpuspeed and memory, or none of them for a size chosen with each instance",
        )
    for value, most, subject in zip(
        given, (MAX_CPUS, MAX_SPEED, MAX_MEMORY), ("cpunumber", "cpuspeed", "memory"), strict=True
    ):
        if value is not None and not 1 <= value <= most:
            raise InvalidInput(f"{subject} {value}", subject=subject, hint=f"1 to {most}")
    if request.network_rate is not None and request.network_rate < 0:
        raise InvalidInput(
            f"a rate of {request.network_rate} Mbit/s", subject="networkrate", hint="0 or more"
        )
    check_places(work, request.domain_ids, request.zone_ids)
    return work.insert(
        ServiceOffering(
            **work.birth(),
            name=check_text(request.name, "name"),
            display_text=check_text(request.display_text or request.name, "displaytext"),
            cpu_number=request.cpu_number,
            cpu_speed=request.cpu_speed,
            memory=request.memory,
            customized=customized,
            network_rate=request.network_rate,
            root_disk_size=request.root_disk_size,
            storage_type=request.storage_type,
            provisioning_type=request.provisioning_type,
            offer_ha=request.offer_ha,
            limit_cpu_use=request.limit_cpu_use,
            is_volatile=request.is_volatile,
            dynamic_scaling=request.dynamic_scaling,
            is_system=request.is_system,
            system_vm_type=request.system_vm_type,
            host_tags=request.host_tags,
            storage_tags=request.storage_tags,
            domain_ids=request.domain_ids,
            zone_ids=request.zone_ids,
            details=dict(request.details),
        )
    )


def update_service_offering(work: Work, request: UpdateServiceOffering) -> ServiceOffering:
    """The size as it is now."""
    current = work.get(ServiceOffering, request.id)
    domains = current.domain_ids if request.domain_ids is None else request.domain_ids
    zones = current.zone_ids if request.zone_ids is None else request.zone_ids
    check_places(work, domains, zones)
    return work.update(
        msgspec.structs.replace(
            current,
            name=current.name if request.name is None else check_text(request.name, "name"),
            display_text=current.display_text
            if request.display_text is None
            else check_text(request.display_text, "displaytext"),
            state=current.state
            if request.state is None
            else parse_word(ServiceOfferingState, request.state, "state"),
            sort_key=current.sort_key if request.sort_key is None else request.sort_key,
            host_tags=current.host_tags if request.host_tags is None else request.host_tags,
            storage_tags=current.storage_tags if request.storage_tags is None else request.storage_tags,
            domain_ids=domains,
            zone_ids=zones,
        )
    )


def delete_service_offering(work: Work, request: DeleteOffering) -> ServiceOffering:
    """Delete it, or, where something was made with it, offer it no more; it comes back as it was."""
    offering = work.get(ServiceOffering, request.id)
    if offering.default_use:
        raise Conflict(
            f"offering {offering.name!r} ({offering.id}) came with netloom",
            code="offering-default",
            subject="id",
            hint="make it Inactive",
        )
    if _is_used(work, offering):
        work.update(msgspec.structs.replace(offering, state=ServiceOfferingState.INACTIVE))
    else:
        work.delete(offering)
    return offering


def _is_used(work: Work, offering: ServiceOffering) -> bool:
    return any(
        work.records.exists(kind, columns(kind).service_offering_id == offering.id)
        for kind in (NetworkOffering, VpcOffering, Instance)
    )


CREATE_SERVICE_OFFERING = UseCase(
    name="service_offering.create",
    command="createServiceOffering",
    request=CreateServiceOffering,
    begin=create_service_offering,
    event="SERVICE.OFFERING.CREATE",
)
UPDATE_SERVICE_OFFERING = UseCase(
    name="service_offering.update",
    command="updateServiceOffering",
    request=UpdateServiceOffering,
    begin=update_service_offering,
    event="SERVICE.OFFERING.EDIT",
)
DELETE_SERVICE_OFFERING = UseCase(
    name="service_offering.delete",
    command="deleteServiceOffering",
    request=DeleteOffering,
    begin=delete_service_offering,
    event="SERVICE.OFFERING.DELETE",
)
USE_CASES = (CREATE_SERVICE_OFFERING, UPDATE_SERVICE_OFFERING, DELETE_SERVICE_OFFERING)
