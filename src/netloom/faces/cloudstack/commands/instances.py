"""CloudStack's commands for instances: made, run, moved, ended, listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import select

from netloom.app.cloud import instances_change as change
from netloom.app.cloud import instances_deploy as deploy
from netloom.app.cloud import instances_end as end
from netloom.app.cloud import instances_run as run
from netloom.app.cloud.instances_nics import NicWish
from netloom.app.cloud.usecase import AnyUseCase
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid, is_uuid
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, Match, One, Row, Rows
from netloom.faces.cloudstack.commands import (
    instances_hosts,
    instances_import,
    instances_nics,
    ssh_keys,
    templates,
)
from netloom.faces.cloudstack.table import INVALID
from netloom.faces.cloudstack.views.instances import instance_rows
from netloom.model.cloud.infrastructure import HostFacet
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState, Template
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.security_groups import SecurityGroupMember
from netloom.store.cloud.records import Where, columns


async def deploy_virtual_machine(call: Call) -> object:
    """Makes an instance and starts it."""
    return await call.do(
        deploy.DEPLOY,
        deploy.DeployInstance(
            zone_id=call.need_uuid("zoneid"),
            template_id=call.need_uuid("templateid"),
            service_offering_id=call.need_uuid("serviceofferingid"),
            name=call.text("name") or None,
            display_name=call.text("displayname") or None,
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
            nics=_wishes(call),
            ipv4=call.text("ipaddress") or None,
            ipv6=call.text("ip6address") or None,
            mac=call.text("macaddress") or None,
            host_id=call.uuid("hostid"),
            start=call.flag("startvm", default=True),
            hypervisor=call.text("hypervisor") or None,
            group=call.text("group") or None,
            user_data=call.text("userdata") or None,
            user_data_id=call.uuid("userdataid"),
            key_pairs=(*call.texts("keypair"), *call.texts("keypairs")),
            security_group_ids=call.uuids("securitygroupids"),
            security_group_names=call.texts("securitygroupnames"),
            display=call.flag("displayvm", default=True),
            dynamically_scalable=call.flag("dynamicscalingenabled", default=False),
            details=call.pairs("details"),
        ),
    )


def _wishes(call: Call) -> tuple[NicWish, ...]:
    """The interfaces, from `networkids` or from `iptonetworklist[0].networkid=...&iptonetworklist[0].ip=...`."""
    listed = call.maps("iptonetworklist")
    named = call.uuids("networkids")
    if listed and named:
        raise InvalidInput("networkids and iptonetworklist exclude each other", code=INVALID)
    wishes = [NicWish(network_id=network_id) for network_id in named]
    for entry in listed:
        network_id = entry.get("networkid", "")
        if not is_uuid(network_id):
            raise InvalidInput(f"iptonetworklist names no network: {network_id[:64]!r}", code=INVALID)
        wishes.append(
            NicWish(
                network_id=Uuid(network_id.lower()),
                ipv4=entry.get("ip") or None,
                ipv6=entry.get("ipv6") or None,
                mac=entry.get("mac") or None,
            )
        )
    return tuple(wishes)


async def start_virtual_machine(call: Call) -> object:
    """Starts an instance."""
    return await call.do(run.START, run.StartInstance(id=call.need_uuid("id"), host_id=call.uuid("hostid")))


async def stop_virtual_machine(call: Call) -> object:
    """Stops an instance."""
    return await call.do(
        run.STOP, run.StopInstance(id=call.need_uuid("id"), forced=call.flag("forced", default=False))
    )


async def reboot_virtual_machine(call: Call) -> object:
    """Stops an instance and starts it where it is."""
    return await call.do(
        run.REBOOT, run.RebootInstance(id=call.need_uuid("id"), forced=call.flag("forced", default=False))
    )


async def migrate_virtual_machine(call: Call) -> object:
    """Moves a running instance to another host."""
    host_id = call.uuid("hostid")
    if host_id is None and not call.flag("autoselect", default=True):
        raise InvalidInput(
            "no host is named, and none shall be chosen", code=INVALID, subject="hostid", hint="name one"
        )
    return await call.do(
        run.MIGRATE, run.MigrateInstance(id=call.need_uuid("virtualmachineid"), host_id=host_id)
    )


async def destroy_virtual_machine(call: Call) -> object:
    """Stops an instance and puts it away."""
    return await call.do(
        end.DESTROY, end.DestroyInstance(id=call.need_uuid("id"), expunge=call.flag("expunge", default=False))
    )


async def expunge_virtual_machine(call: Call) -> object:
    """Removes a destroyed instance for good."""
    return await call.do(end.EXPUNGE, end.ExpungeInstance(id=call.need_uuid("id")))


async def recover_virtual_machine(call: Call) -> object:
    """Brings a destroyed instance back."""
    return await call.do(end.RECOVER, end.RecoverInstance(id=call.need_uuid("id")))


async def update_virtual_machine(call: Call) -> object:
    """Changes names, words and protection of an instance."""
    groups = call.has("securitygroupids")
    names = call.has("securitygroupnames")
    return await call.do(
        change.UPDATE,
        change.UpdateInstance(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            display_name=call.text("displayname") or None,
            group=call.text("group") or None,
            ha_enabled=call.flag("haenable"),
            display=call.flag("displayvm"),
            dynamically_scalable=call.flag("isdynamicallyscalable"),
            delete_protection=call.flag("deleteprotection"),
            user_data=call.text("userdata") or None,
            user_data_id=call.uuid("userdataid"),
            details=call.pairs("details") if call.has("details") else None,
            clear_details=call.flag("cleanupdetails", default=False),
            security_group_ids=call.uuids("securitygroupids") if groups else None,
            security_group_names=call.texts("securitygroupnames") if names else None,
        ),
    )


async def change_service(call: Call) -> object:
    """Gives a stopped instance another service offering."""
    return await call.do(change.RESIZE, _size(call))


async def scale_virtual_machine(call: Call) -> object:
    """Gives a stopped instance another service offering; a running one is refused."""
    return await call.do(change.SCALE, _size(call))


def _size(call: Call) -> change.ResizeInstance:
    return change.ResizeInstance(
        id=call.need_uuid("id"),
        service_offering_id=call.need_uuid("serviceofferingid"),
        details=call.pairs("details"),
    )


async def list_virtual_machines(call: Call) -> object:
    """Lists instances."""
    c = columns(Instance)
    found = await call.select(
        Instance,
        call.match(c.id, "id"),
        call.match(c.id, "ids"),
        call.match(c.name, "name"),
        call.match(c.zone_id, "zoneid"),
        call.match(c.host_id, "hostid"),
        call.match(c.hypervisor, "hypervisor"),
        call.match(c.template_id, "templateid"),
        call.match(c.service_offering_id, "serviceofferingid"),
        call.match(c.user_id, "userid"),
        call.match(c.user_data_id, "userdataid"),
        call.match(c.display, "displayvm"),
        call.match(c.ha_enabled, "haenable"),
        _state(call),
        _in_group(call),
        *_placed(call),
        *_made_of(call),
        _holding(call, "keypair", "key_pairs"),
        keyword=("name", "display_name", "state"),
        tags_of="UserVm",
        also=_of_networks(call),
    )
    if call.flag("retrieveonlyresourcecount", default=False):
        return Rows((), found.count)
    if call.flag("userdata", default=False):
        return Rows(await _with_user_data(call, found.rows), found.count)
    return found


async def _with_user_data(call: Call, rows: Sequence[Row]) -> list[Row]:
    """The rows with the instances' own user data, base64 as it was given."""
    ids = [str(row["id"]) for row in rows]

    def read(view: View) -> list[Row]:
        instances = view.records.many(Instance, ids)
        return [
            {**row, "userdata": instances[Uuid(found)].user_data}
            for found, row in zip(ids, rows, strict=True)
        ]

    return await call.read(read)


def _state(call: Call) -> Where | Match | None:
    """`state`, where `Present` is all that is not gone, and administrators see what others are told to be gone."""
    c, text = columns(Instance), call.text("state")
    gone = [InstanceState.DESTROYED.value, InstanceState.EXPUNGING.value]
    if not text:
        by_id = call.has("id") or call.has("ids")
        return None if call.caller.is_admin or by_id else c.state.not_in(gone)
    if text.lower() == "present":
        return c.state.not_in(gone)
    known = {state.value.lower(): state.value for state in InstanceState}
    found = known.get(text.lower())
    if found is None:
        raise InvalidInput(f"there is no state {text[:32]!r}", code=INVALID, hint=", ".join(known.values()))
    return c.state == found


def _holding(call: Call, parameter: str, field: str) -> Where | None:
    """Instances that have something among what a field lists, which is stored as JSON text."""
    wanted = call.text(parameter)
    if not wanted:
        return None
    return columns(Instance)[field].contains(f'"{wanted}"', autoescape=True)


def _in_group(call: Call) -> Where | None:
    """Instances that are in a security group."""
    group_id = call.uuid("securitygroupid")
    if group_id is None:
        return None
    m = columns(SecurityGroupMember)
    return columns(Instance).id.in_(select(m.instance_id).where(m.group_id == group_id))


def _placed(call: Call) -> list[Where]:
    """Instances on the hosts of a pod or cluster."""
    facet, c = columns(HostFacet), columns(Instance)
    asked = ((facet.pod_id, call.uuid("podid")), (facet.cluster_id, call.uuid("clusterid")))
    return [c.host_id.in_(select(facet.id).where(column == found)) for column, found in asked if found]


def _made_of(call: Call) -> list[Where]:
    """Instances whose template is of an architecture; and `isvnf`: none is a network function."""
    c, t, arch = columns(Instance), columns(Template), call.text("arch")
    found: list[Where] = [c.id.is_(None)] if call.flag("isvnf") else []
    if arch:
        found.append(c.template_id.in_(select(t.id).where(t.arch == arch.lower())))
    return found


def _of_networks(call: Call) -> Callable[[View], Iterable[Where]]:
    """Conditions on the networks that instances are in."""

    def conditions(view: View) -> Iterable[Where]:
        c, n, g = columns(Instance), columns(InstanceNic), columns(GuestNetwork)
        network_id, vpc_id = call.uuid("networkid"), call.uuid("vpcid")
        if network_id is not None:
            yield c.id.in_(select(n.instance_id).where(n.network_id == network_id))
        if vpc_id is not None:
            tiers = select(g.id).where(g.vpc_id == vpc_id)
            yield c.id.in_(select(n.instance_id).where(n.network_id.in_(tiers)))
        isolated = call.flag("forvirtualnetwork")
        if isolated is not None:
            of_type = select(g.id).where(g.guest_type == GuestType.ISOLATED.value)
            there = c.id.in_(select(n.instance_id).where(n.network_id.in_(of_type)))
            yield there if isolated else ~there

    return conditions


def _job(use_case: AnyUseCase, *, made: bool = False) -> JobAnswer:
    return JobAnswer(
        use_case, "virtualmachine", instance_rows, made=made, about="VirtualMachine", with_id=True
    )


COMMANDS: tuple[Command, ...] = (
    Command("deployVirtualMachine", deploy_virtual_machine, _job(deploy.DEPLOY, made=True)),
    Command("startVirtualMachine", start_virtual_machine, _job(run.START)),
    Command("stopVirtualMachine", stop_virtual_machine, _job(run.STOP)),
    Command("rebootVirtualMachine", reboot_virtual_machine, _job(run.REBOOT)),
    Command("migrateVirtualMachine", migrate_virtual_machine, _job(run.MIGRATE)),
    Command("destroyVirtualMachine", destroy_virtual_machine, _job(end.DESTROY)),
    Command("expungeVirtualMachine", expunge_virtual_machine, JobAnswer(end.EXPUNGE, about="VirtualMachine")),
    Command("recoverVirtualMachine", recover_virtual_machine, One("virtualmachine", instance_rows)),
    Command("updateVirtualMachine", update_virtual_machine, One("virtualmachine", instance_rows)),
    Command("changeServiceForVirtualMachine", change_service, One("virtualmachine", instance_rows)),
    Command(
        "scaleVirtualMachine",
        scale_virtual_machine,
        JobAnswer(change.SCALE, about="VirtualMachine", with_id=True),
    ),
    Command("listVirtualMachines", list_virtual_machines, Listing("virtualmachine", instance_rows)),
    *instances_nics.COMMANDS,
    *instances_import.COMMANDS,
    *instances_hosts.COMMANDS,
    *templates.COMMANDS,
    *ssh_keys.COMMANDS,
)
