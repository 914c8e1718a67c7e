"""CloudStack's commands for hosts."""

from __future__ import annotations

from typing import Final

from netloom.app.cloud import infrastructure, infrastructure_hosts
from netloom.app.cloud.infrastructure_hosts import AddHost, UpdateHost, busy_hosts, resource_state, state_of
from netloom.app.cloud.instances_place import targets
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Row, Rows, See, Success
from netloom.faces.cloudstack.commands.offerings_asked import same_word
from netloom.faces.cloudstack.views.infrastructure_hosts import host_rows
from netloom.model.cloud.infrastructure import HostFacet
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.words import Allocation
from netloom.model.objects import Host

_STATES: Final = {
    "enable": Allocation.ENABLED,
    "enabled": Allocation.ENABLED,
    "disable": Allocation.DISABLED,
    "disabled": Allocation.DISABLED,
}


async def list_hosts(call: Call) -> Rows:
    """Lists hosts."""
    wanted, instance_id = call.uuid("id"), call.uuid("virtualmachineid")
    keyword = (call.listing.keyword or "").lower()

    def fits(view: View, native: Host, facet: HostFacet) -> bool:
        return (
            wanted in {None, native.id}
            and call.text("name") in {None, "", native.name}
            and keyword in native.name.lower()
            and call.uuid("zoneid") in {None, native.zone_id}
            and call.uuid("podid") in {None, facet.pod_id}
            and call.uuid("clusterid") in {None, facet.cluster_id}
            and same_word(call.text("hypervisor"), facet.hypervisor)
            and same_word(call.text("type"), "Routing")
            and same_word(call.text("state"), state_of(view, native))
            and (
                not call.text("resourcestate")
                or same_word(
                    call.text("resourcestate"),
                    resource_state(native, facet, busy=native.drain and bool(busy_hosts(view, [native.id]))),
                )
            )
        )

    def read(view: View) -> Rows:
        if wanted is not None:
            infrastructure.host(view, wanted)
        instance = None if instance_id is None else view.get(Instance, instance_id, "virtualmachineid")
        natives = infrastructure.hosts(view)
        facets = zip(natives, infrastructure.host_facets(view, natives), strict=True)
        found = [facet for native, facet in facets if fits(view, native, facet)]
        if instance is None:
            return call.shown(found, lambda page: host_rows(page, See(view)))
        return call.shown(
            _beside(view, instance, found), lambda page: _suitable(view, instance, host_rows(page, See(view)))
        )

    return await call.read(read)


def _beside(view: View, instance: Instance, facets: list[HostFacet]) -> list[HostFacet]:
    """Those in the cluster of the host that an instance runs on; all when it runs nowhere."""
    if instance.host_id is None:
        return facets
    cluster_id = infrastructure.host_facet(view, instance.host_id).cluster_id
    return [facet for facet in facets if facet.cluster_id == cluster_id]


def _suitable(view: View, instance: Instance, rows: list[Row]) -> list[Row]:
    """The rows, with whether the instance could run there."""
    fit = {host.id for host, reason in targets(view, instance) if reason is None}
    return [{**row, "suitableformigration": row["id"] in fit} for row in rows]


async def add_host(call: Call) -> object:
    """Gives a host its place in a cluster, and makes it when it is not there."""
    done = await call.do(
        infrastructure_hosts.ADD,
        AddHost(
            url=call.need("url"),
            zone_id=call.need_uuid("zoneid"),
            pod_id=call.need_uuid("podid"),
            hypervisor=call.need("hypervisor"),
            cluster_id=call.uuid("clusterid"),
            cluster=call.text("clustername") or None,
            tags=call.texts("hosttags"),
            allocation=_allocation(call) or Allocation.ENABLED,
        ),
    )
    rows = await call.read(lambda view: host_rows([done.record], See(view)))
    return Rows(rows, 1)


async def update_host(call: Call) -> object:
    """Changes a host."""
    return await call.do(
        infrastructure_hosts.UPDATE,
        UpdateHost(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            allocation=_allocation(call),
            tags=call.texts("hosttags") if call.has("hosttags") else None,
        ),
    )


async def delete_host(call: Call) -> object:
    """Takes a host out; what netloom wrote on it goes with it."""
    return await call.do(
        infrastructure_hosts.DELETE, infrastructure_hosts.DeleteHost(id=call.need_uuid("id"))
    )


async def prepare_host_for_maintenance(call: Call) -> object:
    """Has nothing new placed on a host."""
    return await call.do(infrastructure_hosts.DRAIN, infrastructure_hosts.DrainHost(id=call.need_uuid("id")))


async def cancel_host_maintenance(call: Call) -> object:
    """Has instances placed on a host again."""
    return await call.do(
        infrastructure_hosts.RESUME, infrastructure_hosts.ResumeHost(id=call.need_uuid("id"))
    )


async def reconnect_host(call: Call) -> object:
    """Connects to a host's switch anew; the job ends when the host is in sync, or tells why it is not."""
    return await call.do(
        infrastructure_hosts.RECONNECT, infrastructure_hosts.ReconnectHost(id=call.need_uuid("id"))
    )


def _allocation(call: Call) -> Allocation | None:
    word = call.text("allocationstate")
    if not word:
        return None
    found = _STATES.get(word.strip().lower())
    if found is None:
        raise InvalidInput(
            f"{word[:64]!r} is no state of a host", subject="allocationstate", hint="Enable or Disable"
        )
    return found


COMMANDS: tuple[Command, ...] = (
    Command("listHosts", list_hosts, Listing("host")),
    Command("addHost", add_host, Listing("host")),
    Command("updateHost", update_host, One("host", host_rows)),
    Command("deleteHost", delete_host, Success()),
    Command(
        "prepareHostForMaintenance",
        prepare_host_for_maintenance,
        JobAnswer(infrastructure_hosts.DRAIN, "host", host_rows, about="Host", with_id=True),
    ),
    Command(
        "cancelHostMaintenance",
        cancel_host_maintenance,
        JobAnswer(infrastructure_hosts.RESUME, "host", host_rows, about="Host", with_id=True),
    ),
    Command(
        "reconnectHost",
        reconnect_host,
        JobAnswer(infrastructure_hosts.RECONNECT, "host", host_rows, about="Host", with_id=True),
    ),
)
