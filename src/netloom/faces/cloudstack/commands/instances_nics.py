"""CloudStack's commands for interfaces of instances and their addresses."""

from __future__ import annotations

from netloom.app.cloud import instances_attach as attach
from netloom.app.cloud import instances_ips as ips
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.views.instances import instance_rows
from netloom.faces.cloudstack.views.instances_nics import listed_nic_rows, secondary_rows
from netloom.model.cloud.instances import Instance, InstanceNic
from netloom.store.cloud.records import columns


async def add_nic(call: Call) -> object:
    """Gives an instance a further interface."""
    return await call.do(
        attach.ADD_NIC,
        attach.AddNic(
            instance_id=call.need_uuid("virtualmachineid"),
            network_id=call.need_uuid("networkid"),
            ipv4=call.text("ipaddress") or None,
            mac=call.text("macaddress") or None,
            dhcp_options=call.pairs("dhcpoptions"),
        ),
    )


async def remove_nic(call: Call) -> object:
    """Takes an interface away from an instance."""
    return await call.do(
        attach.REMOVE_NIC,
        attach.RemoveNic(instance_id=call.need_uuid("virtualmachineid"), nic_id=call.need_uuid("nicid")),
    )


async def update_default_nic(call: Call) -> object:
    """Makes another interface of an instance the default one."""
    return await call.do(
        attach.DEFAULT_NIC,
        attach.UseNic(instance_id=call.need_uuid("virtualmachineid"), nic_id=call.need_uuid("nicid")),
    )


async def update_vm_nic_ip(call: Call) -> object:
    """Gives an interface of a stopped instance another address."""
    return await call.do(
        ips.UPDATE_IP,
        ips.ChangeAddress(nic_id=call.need_uuid("nicid"), address=call.text("ipaddress") or None),
    )


async def list_nics(call: Call) -> object:
    """Lists the interfaces of an instance."""
    c = columns(InstanceNic)
    return await call.select(
        InstanceNic,
        call.match(c.instance_id, "virtualmachineid", Instance),
        call.match(c.id, "nicid"),
        call.match(c.network_id, "networkid"),
        c.id.is_(None) if call.flag("fordisplay") is False else None,  # all are shown
        keyword=("mac", "ipv4"),
        order=c.device_number,
        opened_by=("virtualmachineid",),
    )


async def add_ip(call: Call) -> object:
    """Gives an interface a secondary address."""
    return await call.do(
        ips.ADD_IP,
        ips.AddSecondary(nic_id=call.need_uuid("nicid"), address=call.text("ipaddress") or None),
    )


async def remove_ip(call: Call) -> object:
    """Takes a secondary address away from an interface."""
    return await call.do(ips.REMOVE_IP, ips.RemoveSecondary(id=call.need_uuid("id")))


COMMANDS: tuple[Command, ...] = (
    Command(
        "addNicToVirtualMachine",
        add_nic,
        JobAnswer(attach.ADD_NIC, "virtualmachine", instance_rows, about="VirtualMachine", with_id=True),
    ),
    Command(
        "removeNicFromVirtualMachine",
        remove_nic,
        JobAnswer(attach.REMOVE_NIC, "virtualmachine", instance_rows),
    ),
    Command(
        "updateDefaultNicForVirtualMachine",
        update_default_nic,
        JobAnswer(attach.DEFAULT_NIC, "virtualmachine", instance_rows),
    ),
    Command("updateVmNicIp", update_vm_nic_ip, JobAnswer(ips.UPDATE_IP, "virtualmachine", instance_rows)),
    Command("listNics", list_nics, Listing("nic", listed_nic_rows)),
    Command(
        "addIpToNic",
        add_ip,
        JobAnswer(ips.ADD_IP, "nicsecondaryip", secondary_rows, made=True, about="IpAddress", with_id=True),
    ),
    Command("removeIpFromNic", remove_ip, JobAnswer(ips.REMOVE_IP)),
)
