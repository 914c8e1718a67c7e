"""Machines that a hypervisor had before netloom knew them: found, and taken over with their interfaces.

Rule 1: a machine is taken over as it runs: its MAC addresses stay, and its addresses where the networks allow them.
Rule 2: what a port of it says already (`iface-id`) stays its identity, so that packets flow as soon as the record is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from netloom.app.cloud import instances_life as life
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.hypervisors import GuestSeen, HostFacts, Hypervisor, NicSeen, within
from netloom.app.cloud.instances_addresses import may_be_given
from netloom.app.cloud.instances_attach import replug
from netloom.app.cloud.instances_networks import bring_up
from netloom.app.cloud.instances_nics import NicWish, add_nic
from netloom.app.cloud.instances_place import host_of
from netloom.app.cloud.instances_report import REPORT_SECONDS, asked_hosts, called
from netloom.app.cloud.instances_terms import check_display, check_hostname, size_of
from netloom.app.cloud.networks_use import usable_network
from netloom.app.cloud.security_groups_members import groups_for, set_groups
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import InvalidInput, NotFound
from netloom.base.ids import HostId, Uuid, ZoneId
from netloom.model.cloud.infrastructure import HostFacet
from netloom.model.cloud.instances import Instance, InstanceState, Template
from netloom.model.cloud.networks import GuestNetwork
from netloom.store.cloud.records import columns

MAX_SEEN: Final = 10_000
"""Machines of one report that are looked at."""


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that no instance stands for, on a host, by the adapter that reported it."""

    hypervisor: str
    host_id: HostId
    seen: GuestSeen


class ImportInstance(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that was seen just now, to be taken over.

    Attributes:
        networks: the network of each interface, by its MAC.
        addresses: an address for an interface, by its MAC; else the one that it has, or a free one.
    """

    stray: Stray
    service_offering_id: Uuid
    networks: Mapping[str, Uuid]
    addresses: Mapping[str, str] = {}
    template_id: Uuid | None = None
    name: str | None = None
    display_name: str | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


async def strays(cloud: Cloud, cluster_id: Uuid | None = None) -> list[Stray]:
    """The machines on hosts (of a cluster) that no instance stands for.

    Raises:
        NetloomError: a hypervisor cannot be asked.
    """
    caller, found = system_caller(), list[Stray]()
    for adapter in cloud.backends.hypervisors.adapters.values():
        hosts = await cloud.read_as(
            caller,
            partial(_asked, adapter=adapter, cluster_id=cluster_id),
        )
        seen = (await within(adapter.report(hosts), "report", REPORT_SECONDS))[:MAX_SEEN] if hosts else ()
        by_name = {host.name: host.id for host in hosts}
        known = await cloud.read_as(caller, partial(names_of, hypervisor=adapter.name))
        found += [
            Stray(hypervisor=adapter.name, host_id=by_name[guest.host], seen=guest)
            for guest in seen
            if guest.name not in known and guest.host in by_name
        ]
    return found


def _asked(view: View, adapter: Hypervisor, cluster_id: Uuid | None) -> list[HostFacts]:
    return asked_hosts(view, adapter, hosts_of(view, cluster_id))


def hosts_of(view: View, cluster_id: Uuid | None) -> list[str] | None:
    """The hosts of a cluster; None for all."""
    if cluster_id is None:
        return None
    return [each.id for each in view.records.select(HostFacet, columns(HostFacet).cluster_id == cluster_id)]


def names_of(view: View, hypervisor: str) -> set[str]:
    """What the instances of a hypervisor are called on their hosts."""
    c = columns(Instance)
    return {called(each) for each in view.records.select(Instance, c.hypervisor == hypervisor)}


def stray_called(found: Sequence[Stray], name: str) -> Stray:
    """The machine of a name.

    Raises:
        NotFound: none is called so, or an instance stands for it.
    """
    for stray in found:
        if stray.seen.name == name:
            return stray
    raise NotFound(
        f"no hypervisor reports a machine {name[:64]!r} that is not an instance",
        code="machine-not-found",
        subject="name",
        hint="listUnmanagedInstances shows those that there are",
    )


def _import(work: Work, request: ImportInstance) -> Instance:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    stray, seen = request.stray, request.stray.seen
    host = host_of(work, stray.host_id)
    size = size_of(work, request.service_offering_id, owner, {"memory": str(seen.memory)})
    template = _template(work, request)
    name = check_hostname(request.name or seen.name)
    instance = work.insert(
        Instance(
            **work.owned(owner),
            name=name,
            display_name=check_display(request.display_name or name),
            state=InstanceState.RUNNING if seen.running else InstanceState.STOPPED,
            zone_id=ZoneId(host.zone_id),
            template_id=template.id,
            service_offering_id=request.service_offering_id,
            hypervisor=stray.hypervisor,
            user_id=work.caller.user_id,
            host_id=HostId(host.id) if seen.running else None,
            last_host_id=HostId(host.id),
            cpu_number=size.cpu_number,
            cpu_speed=size.cpu_speed,
            memory=size.memory,
            external_id=seen.name,
        )
    )
    networks = [usable_network(work, _network_of(request, nic), owner, "nicnetworklist") for nic in seen.nics]
    set_groups(work, instance, groups_for(work, owner, (), networks))
    for number, (nic, network) in enumerate(zip(seen.nics, networks, strict=True)):
        add_nic(work, instance, _wish(work, request, network, nic), network, number)
    return instance


def _template(work: Work, request: ImportInstance) -> Template:
    """The template that was named, or one of the machine's hypervisor: what it was made of is not known."""
    c = columns(Template)
    if request.template_id is not None:
        return work.get(Template, request.template_id, "templateid")
    found = work.records.first(Template, c.hypervisor == request.stray.hypervisor)
    if found is None:
        raise missing(Template, request.stray.hypervisor, "templateid")
    return found


def _network_of(request: ImportInstance, nic: NicSeen) -> Uuid:
    found = request.networks.get(nic.mac)
    if found is None:
        raise InvalidInput(
            f"no network is named for interface {nic.mac} of machine {request.stray.seen.name}",
            subject="nicnetworklist",
            code="network-needed",
            hint="name the network of each interface, by its MAC address",
        )
    return found


def _wish(work: Work, request: ImportInstance, network: GuestNetwork, nic: NicSeen) -> NicWish:
    """The interface as it is; an address that the network does not have is not taken over."""
    wanted = request.addresses.get(nic.mac)
    fit = [address for address in nic.addresses if may_be_given(work, network, address)]
    return NicWish(
        network_id=network.id,
        mac=nic.mac,
        identity=nic.identity,
        ipv4=wanted or next((address for address in fit if ":" not in address), None),
        ipv6=next((address for address in fit if ":" in address), None),
    )


async def _take_over(doing: Doing, instance: Instance) -> Ending | None:
    """Have the networks up, and the ports of a running machine say which interfaces they are."""
    if instance.state is InstanceState.RUNNING:
        await bring_up(doing, instance)
        await replug(doing, instance)
    return None


IMPORT = UseCase(
    name="instance.import",
    command="importUnmanagedInstance",
    event="VM.IMPORT",
    request=ImportInstance,
    begin=_import,
    apply=_take_over,
    queue=life.queue_of,
)
USE_CASES = (IMPORT,)
