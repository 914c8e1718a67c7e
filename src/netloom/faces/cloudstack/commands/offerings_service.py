"""CloudStack's commands for sizes of instances."""

from __future__ import annotations

from collections.abc import Callable

from netloom.app.cloud import offerings_service
from netloom.app.cloud.offerings import DeleteOffering
from netloom.app.cloud.offerings_service import CreateServiceOffering, UpdateServiceOffering
from netloom.app.cloud.work import View
from netloom.base.errors import Forbidden, InvalidInput
from netloom.faces.cloudstack.command import Call, Command, Listing, One, Rows, Success
from netloom.faces.cloudstack.commands.offerings_asked import (
    changes,
    domain_ids,
    listed,
    same_word,
    zone_ids,
)
from netloom.faces.cloudstack.views.offerings import service_offering_rows
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.offerings import ServiceOffering


async def list_service_offerings(call: Call) -> Rows:
    """Lists the sizes that instances may have."""
    system = call.flag("issystem", default=False)
    if system and not call.caller.is_root:
        raise Forbidden("sizes of netloom's own routers are for administrators of the root domain")
    numbers = {name: call.integer(name) for name in ("cpunumber", "cpuspeed", "memory")}

    instance_id = call.uuid("virtualmachineid")

    def fits(view: View) -> Callable[[ServiceOffering], bool]:
        instance = None if instance_id is None else view.get(Instance, instance_id, "virtualmachineid")
        has = None if instance is None else instance.service_offering_id  # it may become any other
        return lambda offering: (
            offering.is_system == system
            and same_word(call.text("systemvmtype"), offering.system_vm_type)
            and same_word(call.text("storagetype"), offering.storage_type)
            and numbers["cpunumber"] in {None, offering.cpu_number}
            and numbers["cpuspeed"] in {None, offering.cpu_speed}
            and numbers["memory"] in {None, offering.memory}
            and offering.id != has
        )

    return await listed(call, ServiceOffering, service_offering_rows, fits)


async def create_service_offering(call: Call) -> object:
    """Makes a size."""
    if call.flag("customized", default=False) and (call.integer("cpunumber") or call.integer("memory")):
        raise InvalidInput(
            "a customized size has neither processors nor memory of its own",
            code="not-done-here",
            subject="customized",
            hint="leave out cpunumber, cpuspeed and memory: each instance names its own",
        )
    return await call.do(
        offerings_service.CREATE_SERVICE_OFFERING,
        CreateServiceOffering(
            name=call.need("name"),
            display_text=call.text("displaytext") or None,
            cpu_number=call.integer("cpunumber"),
            cpu_speed=call.integer("cpuspeed"),
            memory=call.integer("memory"),
            network_rate=call.integer("networkrate"),
            root_disk_size=call.integer("rootdisksize") or 0,
            storage_type=call.text("storagetype") or "shared",
            provisioning_type=call.text("provisioningtype") or "thin",
            offer_ha=call.flag("offerha", default=False),
            limit_cpu_use=call.flag("limitcpuuse", default=False),
            is_volatile=call.flag("isvolatile", default=False),
            dynamic_scaling=call.flag("dynamicscalingenabled", default=True),
            is_system=call.flag("issystem", default=False),
            system_vm_type=call.text("systemvmtype") or None,
            host_tags=call.text("hosttags") or None,
            storage_tags=call.text("tags") or None,
            domain_ids=domain_ids(call),
            zone_ids=zone_ids(call),
            details=call.pairs("serviceofferingdetails"),
        ),
    )


async def update_service_offering(call: Call) -> object:
    """Changes a size."""
    return await call.do(
        offerings_service.UPDATE_SERVICE_OFFERING,
        UpdateServiceOffering(
            **changes(call),
            host_tags=call.text("hosttags"),
            storage_tags=call.text("storagetags"),
        ),
    )


async def delete_service_offering(call: Call) -> object:
    """Deletes a size; one that something was made with is offered no more."""
    return await call.do(offerings_service.DELETE_SERVICE_OFFERING, DeleteOffering(id=call.need_uuid("id")))


COMMANDS: tuple[Command, ...] = (
    Command("listServiceOfferings", list_service_offerings, Listing("serviceoffering")),
    Command("createServiceOffering", create_service_offering, One("serviceoffering", service_offering_rows)),
    Command("updateServiceOffering", update_service_offering, One("serviceoffering", service_offering_rows)),
    Command("deleteServiceOffering", delete_service_offering, Success()),
)
