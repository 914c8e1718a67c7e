"""Ranges of pods' storage networks: addresses by which an operator's machines reach storage.

Rule 1: a zone in which nothing carries Storage traffic has none.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.doing import Doing, nothing_more
from netloom.app.cloud.infrastructure import wires_for
from netloom.app.cloud.infrastructure_zones import OneOf
from netloom.app.cloud.ranges_private import check_private
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.infrastructure import Pod
from netloom.model.cloud.infrastructure_ranges import StorageRange, checked_tag, checked_v4
from netloom.model.cloud.offerings import Traffic


class CreateStorageRange(msgspec.Struct, frozen=True, kw_only=True):
    """Make a range of a pod's storage network; without a VLAN it is untagged."""

    pod_id: Uuid
    gateway: str
    netmask: str
    start: str
    end: str | None = None
    vlan: int | None = None


class UpdateStorageRange(msgspec.Struct, frozen=True, kw_only=True):
    """Change a range; what is None stays."""

    id: Uuid
    netmask: str | None = None
    start: str | None = None
    end: str | None = None
    vlan: int | None = None


class DeleteStorageRange(OneOf, frozen=True, kw_only=True):
    """Delete a range of a pod's storage network."""


def _create(work: Work, request: CreateStorageRange) -> StorageRange:
    pod = work.get(Pod, request.pod_id, "podid")
    if not wires_for(work, pod.zone_id, Traffic.STORAGE):
        raise Conflict(
            f"no physical network of the zone of pod {pod.name!r} ({pod.id}) carries Storage traffic",
            code="no-storage-traffic",
            subject="podid",
            hint="have one carry it (addTrafficType)",
        )
    made = StorageRange(
        **work.birth(),
        zone_id=pod.zone_id,
        pod_id=pod.id,
        vlan=None if request.vlan is None else checked_tag(request.vlan),
        v4=checked_v4(request.gateway, request.netmask, request.start, request.end),
    )
    check_private(work, made.zone_id, made.v4)
    return work.insert(made)


def _update(work: Work, request: UpdateStorageRange) -> StorageRange:
    found = work.get(StorageRange, request.id)
    before = found.v4
    changed = msgspec.structs.replace(
        found,
        vlan=found.vlan if request.vlan is None else checked_tag(request.vlan),
        v4=checked_v4(
            before.gateway,
            request.netmask or str(before.subnet.netmask),
            request.start or before.start,
            request.end or before.end,
        ),
    )
    check_private(work, found.zone_id, changed.v4, but=found.id)
    return work.update(changed)


def _begin_delete(work: Work, request: OneOf) -> StorageRange:
    return work.get(StorageRange, request.id)


async def _apply_delete(_doing: Doing, found: StorageRange) -> Ending:
    return lambda work: work.delete(found)


CREATE = UseCase(
    name="storage_range.create",
    command="createStorageNetworkIpRange",
    request=CreateStorageRange,
    begin=_create,
    apply=nothing_more,
    event="STORAGE.IP.RANGE.CREATE",
)
UPDATE = UseCase(
    name="storage_range.update",
    command="updateStorageNetworkIpRange",
    request=UpdateStorageRange,
    begin=_update,
    apply=nothing_more,
    event="STORAGE.IP.RANGE.UPDATE",
)
DELETE = UseCase(
    name="storage_range.delete",
    command="deleteStorageNetworkIpRange",
    request=DeleteStorageRange,
    begin=_begin_delete,
    apply=_apply_delete,
    event="STORAGE.IP.RANGE.DELETE",
)
USE_CASES = (CREATE, UPDATE, DELETE)
