"""CloudStack's commands for machines that hypervisors had before netloom knew them."""

from __future__ import annotations

from collections.abc import Mapping

from netloom.app.cloud import instances_import as importing
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid, is_uuid
from netloom.base.net import format_mac, parse_mac
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, Rows
from netloom.faces.cloudstack.see import Row
from netloom.faces.cloudstack.table import INVALID
from netloom.faces.cloudstack.views.instances import instance_rows
from netloom.model.cloud.infrastructure import Cluster


async def list_unmanaged_instances(call: Call) -> Rows:
    """Lists the machines of a cluster that no instance stands for."""
    found = await _strays(call)
    name, keyword = call.text("name"), (call.text("keyword") or "").lower()
    return call.paged(
        [
            _row(each, call.need_uuid("clusterid"))
            for each in found
            if (not name or each.seen.name == name) and keyword in each.seen.name.lower()
        ]
    )


async def import_unmanaged_instance(call: Call) -> object:
    """Takes a machine over as an instance, with its interfaces."""
    stray = importing.stray_called(await _strays(call), call.need("name"))
    return await call.do(
        importing.IMPORT,
        importing.ImportInstance(
            stray=stray,
            service_offering_id=call.need_uuid("serviceofferingid"),
            template_id=call.uuid("templateid"),
            name=call.text("hostname") or None,
            display_name=call.text("displayname") or None,
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
            networks={mac: _id(value) for mac, value in _by_mac(call, "nicnetworklist", "network").items()},
            addresses=_by_mac(call, "nicipaddresslist", "ip4address"),
        ),
    )


async def _strays(call: Call) -> list[importing.Stray]:
    """The cluster's machines that are no instances, for whoever may ask."""
    cluster_id = call.need_uuid("clusterid")

    def seen(view: View) -> None:
        view.get(Cluster, cluster_id, "clusterid")

    await call.read(seen)
    return await importing.strays(call.cloud, cluster_id)


def _by_mac(call: Call, parameter: str, inner: str) -> Mapping[str, str]:
    """`nicnetworklist[0].nic=MAC&nicnetworklist[0].network=ID` as a mapping."""
    return {
        format_mac(parse_mac(entry.get("nic", ""), parameter)): entry[inner]
        for entry in call.maps(parameter)
        if entry.get(inner)
    }


def _id(value: str) -> Uuid:
    if not is_uuid(value):
        raise InvalidInput(f"nicnetworklist names no network: {value[:64]!r}", code=INVALID)
    return Uuid(value.lower())


def _row(stray: importing.Stray, cluster_id: Uuid) -> Row:
    seen = stray.seen
    return {
        "name": seen.name,
        "clusterid": cluster_id,
        "hostid": stray.host_id,
        "hostname": seen.host,
        "powerstate": "PowerOn" if seen.running else "PowerOff",
        "cpunumber": seen.cpu_number,
        "memory": seen.memory,
        "nic": [
            {"id": nic.mac, "macaddress": nic.mac, "ipaddresses": list(nic.addresses)} for nic in seen.nics
        ],
        "disk": [],
    }


COMMANDS: tuple[Command, ...] = (
    Command("listUnmanagedInstances", list_unmanaged_instances, Listing("unmanagedinstance")),
    Command(
        "importUnmanagedInstance",
        import_unmanaged_instance,
        JobAnswer(importing.IMPORT, "virtualmachine", instance_rows, about="VirtualMachine", with_id=True),
    ),
)
