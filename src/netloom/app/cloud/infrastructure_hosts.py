"""Hosts as operators of a cloud know them: in a pod and a cluster, enabled or not, in maintenance.

A host is native: an Open vSwitch that netloom reaches. Here it is given its place among the racks.

Rule 1: a host that is added by its address is made native; one that has that name or address already only gets its place.
Rule 2: maintenance is the native host's draining: nothing new is placed there, each instance is moved by a job of its own;
    one that has nowhere to go runs on, and an event tells why.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import msgspec

from netloom.app import intent
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.infrastructure import host, host_facet, hosts, zone
from netloom.app.cloud.infrastructure_zones import OneOf, kept
from netloom.app.cloud.instances_run import MIGRATE, MigrateInstance
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import HostId, Uuid
from netloom.model.cloud.infrastructure import Cluster, HostFacet, Pod
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.jobs import EventLevel
from netloom.model.cloud.words import Allocation, check_tags
from netloom.model.endpoints import OPENFLOW_PORT, OVSDB_PORT, Scheme, parse_endpoint
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.model.patches import HostPatch
from netloom.model.specs import HostSpec
from netloom.store.cloud.records import columns


class AddHost(msgspec.Struct, frozen=True, kw_only=True):
    """Give a host its place, and make it when it is not there.

    Attributes:
        url: `http://192.0.2.11` as CloudStack's clients write it, `ssl:192.0.2.11:6640` as Open vSwitch does, or the name of
            a host that is there.
        cluster_id, cluster: the cluster of the pod; None: the only one.
    """

    url: str
    zone_id: Uuid
    pod_id: Uuid
    hypervisor: str
    cluster_id: Uuid | None = None
    cluster: str | None = None
    tags: tuple[str, ...] = ()
    allocation: Allocation = Allocation.ENABLED


class UpdateHost(msgspec.Struct, frozen=True, kw_only=True):
    """Change a host; what is None stays."""

    id: Uuid
    name: str | None = None
    allocation: Allocation | None = None
    tags: tuple[str, ...] | None = None


class DeleteHost(OneOf, frozen=True, kw_only=True):
    """Take a host out; what netloom wrote on it goes with it."""


class DrainHost(OneOf, frozen=True, kw_only=True):
    """Have nothing new placed on a host, and its instances moved elsewhere."""


class ResumeHost(OneOf, frozen=True, kw_only=True):
    """Have instances placed on a host again."""


class ReconnectHost(OneOf, frozen=True, kw_only=True):
    """Connect to a host's switch anew; done when it is in sync, what it forwards stays."""


def state_of(view: View, found: Host) -> str:
    """Whether netloom reaches it, in CloudStack's words."""
    return "Up" if view.backends.hypervisors.reachable(HostId(found.id)) else "Disconnected"


def resource_state(found: Host, facet: HostFacet, *, busy: bool) -> str:
    """Whether instances are placed on it, in CloudStack's words; `busy`: instances run there."""
    if found.drain:
        return "PrepareForMaintenance" if busy else "Maintenance"
    return facet.allocation.value


def busy_hosts(view: View, host_ids: list[str]) -> frozenset[str]:
    """Those of these hosts on which instances are."""
    c = columns(Instance)
    return frozenset(each for each in host_ids if view.records.exists(Instance, c.host_id == each))


def _add(work: Work, request: AddHost) -> HostFacet:
    place = zone(work, request.zone_id)
    cluster = _cluster(work, request)
    if cluster.zone_id != place.id:
        raise InvalidInput(
            f"the cluster {cluster.name!r} ({cluster.id}) is not in the zone {place.name!r} ({place.id})",
            subject="clusterid",
        )
    if cluster.hypervisor.lower() != request.hypervisor.lower():
        raise InvalidInput(
            f"the cluster {cluster.name!r} ({cluster.id}) has hosts of {cluster.hypervisor}",
            subject="hypervisor",
            hint=cluster.hypervisor,
        )
    facet = written_facet(work, _native(work, request, place.name).id)
    return work.update(
        msgspec.structs.replace(
            facet,
            pod_id=cluster.pod_id,
            cluster_id=cluster.id,
            hypervisor=cluster.hypervisor,
            allocation=request.allocation,
            tags=check_tags(request.tags),
        )
    )


def _cluster(work: Work, request: AddHost) -> Cluster:
    pod = work.get(Pod, request.pod_id, "podid")
    c = columns(Cluster)
    found = work.records.select(Cluster, c.pod_id == pod.id)
    if request.cluster_id is not None:
        found = [work.get(Cluster, request.cluster_id, "clusterid")]
    elif request.cluster is not None:
        found = [each for each in found if each.name == request.cluster]
    if len(found) != 1 or found[0].pod_id != pod.id:
        raise InvalidInput(
            f"the pod {pod.name!r} ({pod.id}) has {'no such cluster' if len(found) < 2 else 'several clusters'}",
            subject="clusterid",
            hint="name a cluster of the pod",
        )
    return found[0]


def _native(work: Work, request: AddHost, zone_name: str) -> Host:
    """The host that the address leads to, made when there is none."""
    name, ovsdb = _address(request.url)
    for each in hosts(work):
        if each.name == name or (ovsdb is not None and each.ovsdb == ovsdb):
            if each.zone_id != request.zone_id:
                raise Conflict(
                    f"the host {each.name!r} ({each.id}) is in the zone {each.zone!r}",
                    code="host-elsewhere",
                    subject="url",
                )
            return each
    if ovsdb is None:
        raise InvalidInput(
            f"there is no host {name!r}, and {request.url!r} is no numeric address",
            subject="url",
            hint="http://192.0.2.11, or the name of a host that is there",
        )
    endpoint = parse_endpoint(ovsdb, OVSDB_PORT, "url")
    openflow = None
    if endpoint.scheme is not Scheme.UNIX:
        openflow = str(msgspec.structs.replace(endpoint, port=OPENFLOW_PORT))
    spec = HostSpec(
        name=name, zone=zone_name, ovsdb=ovsdb, openflow=openflow, tunnel_ip=endpoint.address or None
    )
    (made,) = intent.create_many(work.tx, Kind.HOST, [spec])
    return host(work, made.id)


def _address(url: str) -> tuple[str, str | None]:
    """What a host is called, and where its database is; no place when it is only a name."""
    text = url.strip()
    try:
        endpoint = parse_endpoint(text, OVSDB_PORT, "url")
    except NetloomError:
        if "://" not in text:
            return text, None
        place = urlsplit(text).hostname or ""
        try:
            address = ipaddress.ip_address(place)
        except ValueError:
            return place, None
        shown = f"[{address}]" if address.version == 6 else str(address)
        return str(address), f"ssl:{shown}:{OVSDB_PORT}"
    return endpoint.address or text, str(endpoint)


def written_facet(work: Work, host_id: str) -> HostFacet:
    """The rest of a host, written if it never was."""
    facet = host_facet(work, host_id)
    if facet.number:
        return facet
    return work.insert(msgspec.structs.replace(facet, number=work.tx.new_number()))


def _update(work: Work, request: UpdateHost) -> HostFacet:
    found = host(work, request.id)
    if request.name is not None and request.name != found.name:
        intent.patch(work.tx, Kind.HOST, found.id, HostPatch(name=request.name), None)
    facet = written_facet(work, found.id)
    return work.update(
        msgspec.structs.replace(
            facet,
            allocation=kept(request.allocation, facet.allocation),
            tags=facet.tags if request.tags is None else check_tags(request.tags),
        )
    )


def _delete(work: Work, request: OneOf) -> HostFacet:
    found = host(work, request.id)
    facet = written_facet(work, found.id)
    c = columns(Instance)
    for instance in work.records.select(Instance, c.host_id == found.id, limit=1):
        raise Conflict(
            f"the instance {instance.name!r} ({instance.id}) runs on the host {found.name!r} ({found.id})",
            code="in-use",
            subject=f"host/{found.id}",
            hint="prepare it for maintenance, then delete it",
        )
    intent.delete(work.tx, Kind.HOST, found.id, None)
    work.delete(facet)
    return facet


def _drain(work: Work, request: OneOf) -> HostFacet:
    facet = _draining(work, request, drain=True)
    c = columns(Instance)
    running = c.state == InstanceState.RUNNING.value
    for instance in work.records.select(Instance, c.host_id == facet.id, running):
        wish = MigrateInstance(id=instance.id)
        try:
            moving = MIGRATE.begin(work, wish)
        except NetloomError as error:
            text = f"instance {instance.name} ({instance.id}) stays on the host {facet.id}: {error.message}"
            work.event("MAINT.PREPARE", text, instance, level=EventLevel.WARN)
        else:
            work.then(MIGRATE, moving, wish)
    return facet


def _resume(work: Work, request: OneOf) -> HostFacet:
    return _draining(work, request, drain=False)


def _draining(work: Work, request: OneOf, *, drain: bool) -> HostFacet:
    found = host(work, request.id)
    if found.drain == drain:
        raise Conflict(
            f"the host {found.name!r} ({found.id}) is {'already' if drain else 'not'} in maintenance",
            code="bad-transition",
            subject="id",
        )
    intent.patch(work.tx, Kind.HOST, found.id, HostPatch(drain=drain), None)
    return written_facet(work, found.id)


def _begin_reconnect(work: Work, request: OneOf) -> HostFacet:
    return written_facet(work, host(work, request.id).id)


async def _apply_reconnect(doing: Doing, facet: HostFacet) -> None:
    await doing.backends.switches.reconnect(HostId(facet.id))


async def _written(_doing: Doing, _record: HostFacet) -> Ending | None:
    """It is all there when it is written; switches follow by themselves."""


ADD = UseCase(name="host.add", command="addHost", request=AddHost, begin=_add, event="HOST.ADD")
UPDATE = UseCase(
    name="host.update", command="updateHost", request=UpdateHost, begin=_update, event="HOST.UPDATE"
)
DELETE = UseCase(
    name="host.delete", command="deleteHost", request=DeleteHost, begin=_delete, event="HOST.DELETE"
)
DRAIN = UseCase(
    name="host.drain",
    command="prepareHostForMaintenance",
    request=DrainHost,
    begin=_drain,
    apply=_written,
    event="MAINT.PREPARE",
)
RESUME = UseCase(
    name="host.resume",
    command="cancelHostMaintenance",
    request=ResumeHost,
    begin=_resume,
    apply=_written,
    event="MAINT.CANCEL",
)
RECONNECT = UseCase(
    name="host.reconnect",
    command="reconnectHost",
    request=ReconnectHost,
    begin=_begin_reconnect,
    apply=_apply_reconnect,
    event="HOST.RECONNECT",
    queue=lambda facet: f"host/{facet.id}",
)
USE_CASES = (ADD, UPDATE, DELETE, DRAIN, RESUME, RECONNECT)
