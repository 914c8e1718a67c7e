"""CloudStack's commands for the addresses of pods: of their management networks, and of their storage networks."""

from __future__ import annotations

from netloom.app.cloud import pods_ranges, ranges_storage
from netloom.app.cloud.pods_ranges import AddSpan, ChangeSpan, RemoveSpan
from netloom.app.cloud.ranges_storage import CreateStorageRange, DeleteStorageRange, UpdateStorageRange
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.views.infrastructure import pod_rows
from netloom.faces.cloudstack.views.infrastructure_ranges import storage_range_rows
from netloom.model.cloud.infrastructure import Pod
from netloom.model.cloud.infrastructure_ranges import StorageRange
from netloom.model.kinds import Kind
from netloom.store.cloud.records import columns


async def create_management_range(call: Call) -> object:
    """Gives a pod's management network further addresses."""
    return await call.do(
        pods_ranges.ADD,
        AddSpan(
            pod_id=call.need_uuid("podid"),
            gateway=call.need("gateway"),
            netmask=call.need("netmask"),
            start=call.need("startip"),
            end=call.text("endip") or None,
            vlan=call.text("vlan") or None,
            for_system=call.flag("forsystemvms", default=False),
        ),
    )


async def update_management_range(call: Call) -> object:
    """Changes the ends of a range of a pod's management network."""
    return await call.do(
        pods_ranges.CHANGE,
        ChangeSpan(
            pod_id=call.need_uuid("podid"),
            current_start=call.need("currentstartip"),
            current_end=call.need("currentendip"),
            start=call.text("newstartip") or None,
            end=call.text("newendip") or None,
        ),
    )


async def delete_management_range(call: Call) -> object:
    """Takes addresses out of a pod's management network."""
    return await call.do(
        pods_ranges.REMOVE,
        RemoveSpan(
            pod_id=call.need_uuid("podid"),
            start=call.need("startip"),
            end=call.need("endip"),
            vlan=call.need("vlan"),
        ),
    )


async def list_storage_ranges(call: Call) -> object:
    """Lists the ranges of pods' storage networks."""
    c = columns(StorageRange)
    return await call.select(
        StorageRange,
        call.match(c.id, "id", StorageRange),
        call.match(c.pod_id, "podid", Pod),
        call.match(c.zone_id, "zoneid", Kind.ZONE),
    )


async def create_storage_range(call: Call) -> object:
    """Makes a range of a pod's storage network."""
    return await call.do(
        ranges_storage.CREATE,
        CreateStorageRange(
            pod_id=call.need_uuid("podid"),
            gateway=call.need("gateway"),
            netmask=call.need("netmask"),
            start=call.need("startip"),
            end=call.text("endip") or None,
            vlan=call.integer("vlan"),
        ),
    )


async def update_storage_range(call: Call) -> object:
    """Changes a range of a pod's storage network."""
    return await call.do(
        ranges_storage.UPDATE,
        UpdateStorageRange(
            id=call.need_uuid("id"),
            netmask=call.text("netmask") or None,
            start=call.text("startip") or None,
            end=call.text("endip") or None,
            vlan=call.integer("vlan"),
        ),
    )


async def delete_storage_range(call: Call) -> object:
    """Deletes a range of a pod's storage network."""
    return await call.do(ranges_storage.DELETE, DeleteStorageRange(id=call.need_uuid("id")))


COMMANDS: tuple[Command, ...] = (
    Command(
        "createManagementNetworkIpRange",
        create_management_range,
        JobAnswer(pods_ranges.ADD, "pod", pod_rows),
    ),
    Command("updatePodManagementNetworkIpRange", update_management_range, JobAnswer(pods_ranges.CHANGE)),
    Command("deleteManagementNetworkIpRange", delete_management_range, JobAnswer(pods_ranges.REMOVE)),
    Command(
        "listStorageNetworkIpRange", list_storage_ranges, Listing("storagenetworkiprange", storage_range_rows)
    ),
    Command(
        "createStorageNetworkIpRange",
        create_storage_range,
        JobAnswer(ranges_storage.CREATE, "storagenetworkiprange", storage_range_rows),
    ),
    Command(
        "updateStorageNetworkIpRange",
        update_storage_range,
        JobAnswer(ranges_storage.UPDATE, "storagenetworkiprange", storage_range_rows),
    ),
    Command("deleteStorageNetworkIpRange", delete_storage_range, JobAnswer(ranges_storage.DELETE)),
)
