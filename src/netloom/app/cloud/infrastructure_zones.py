"""Zones, pods and clusters.

Rule 1: a zone is made native and gets its facet in one transaction; deleting takes both, and only when nothing is in it.
Rule 2: pods and clusters place hosts and nothing else: networks do not depend on them.
"""

from __future__ import annotations

import ipaddress
from typing import TypeVar

import msgspec

from netloom.app import intent
from netloom.app.cloud.domains import domain_seen
from netloom.app.cloud.infrastructure import physical_networks, zone, zone_facet
from netloom.app.cloud.ranges_private import check_private, span_key
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid, ZoneId, parse_name
from netloom.model.cloud.infrastructure import (
    HYPERVISORS,
    Cluster,
    HostFacet,
    NetworkServiceProvider,
    PhysicalNetworkFacet,
    Pod,
    TrafficLabel,
    ZoneFacet,
    ZoneType,
)
from netloom.model.cloud.infrastructure_ranges import StorageRange, checked_subnet, checked_v4
from netloom.model.cloud.record import DomainId, Record
from netloom.model.cloud.vpc import MAX_PREFIX, PRIVATE, check_domain
from netloom.model.cloud.words import Allocation
from netloom.model.kinds import Kind
from netloom.model.patches import ZonePatch
from netloom.model.specs import ZoneSpec
from netloom.store.cloud.records import columns

T = TypeVar("T")


class ZoneFields(msgspec.Struct, frozen=True, kw_only=True):
    """What may be said of a zone; None: not said."""

    dns1: str | None = None
    dns2: str | None = None
    ip6_dns1: str | None = None
    ip6_dns2: str | None = None
    internal_dns1: str | None = None
    internal_dns2: str | None = None
    guest_cidr: str | None = None
    network_domain: str | None = None
    allocation: Allocation | None = None
    dhcp_provider: str | None = None
    domain_id: Uuid | None = None
    local_storage: bool | None = None


class CreateZone(msgspec.Struct, frozen=True, kw_only=True):
    """Make a zone."""

    name: str
    type: ZoneType
    security_groups: bool = False
    fields: ZoneFields = ZoneFields()


class UpdateZone(msgspec.Struct, frozen=True, kw_only=True):
    """Change a zone; `public`: no longer dedicated to a domain."""

    id: Uuid
    name: str | None = None
    public: bool = False
    fields: ZoneFields = ZoneFields()


class OneOf(msgspec.Struct, frozen=True, kw_only=True):
    """The zone, pod or cluster to delete."""

    id: Uuid


class PodFields(msgspec.Struct, frozen=True, kw_only=True):
    """What may be said of a pod."""

    name: str | None = None
    gateway: str | None = None
    netmask: str | None = None
    start_ip: str | None = None
    end_ip: str | None = None
    allocation: Allocation | None = None


class CreatePod(msgspec.Struct, frozen=True, kw_only=True):
    """Make a pod in a zone."""

    zone_id: Uuid
    fields: PodFields


class UpdatePod(msgspec.Struct, frozen=True, kw_only=True):
    """Change a pod; what is None stays."""

    id: Uuid
    fields: PodFields


class CreateCluster(msgspec.Struct, frozen=True, kw_only=True):
    """Make a cluster in a pod."""

    name: str
    zone_id: Uuid
    pod_id: Uuid
    hypervisor: str


class UpdateCluster(msgspec.Struct, frozen=True, kw_only=True):
    """Change a cluster; what is None stays."""

    id: Uuid
    name: str | None = None
    allocation: Allocation | None = None
    managed: bool | None = None


def kept(said: T | None, there: T) -> T:
    """What was said, or what is there."""
    return there if said is None else said


def _create_zone(work: Work, request: CreateZone) -> ZoneFacet:
    (made,) = intent.create_many(work.tx, Kind.ZONE, [ZoneSpec(name=request.name)])
    birth = work.birth()
    birth["id"] = made.id
    basic = request.type is ZoneType.BASIC
    facet = ZoneFacet(
        **birth,
        type=request.type,
        security_groups=request.security_groups or basic,
        guest_cidr=None if basic else "10.1.1.0/24",
        allocation=Allocation.DISABLED,
    )
    return work.insert(_with(work, facet, request.fields))


def _update_zone(work: Work, request: UpdateZone) -> ZoneFacet:
    found = zone(work, request.id, "id")
    if request.name is not None and request.name != found.name:
        intent.patch(work.tx, Kind.ZONE, found.id, ZonePatch(name=request.name), None)
    facet = _with(work, _written(work, zone_facet(work, found.id)), request.fields)
    if request.public:
        facet = msgspec.structs.replace(facet, domain_id=None, account_id=None)
    return work.update(facet)


def _delete_zone(work: Work, request: OneOf) -> ZoneFacet:
    found = zone(work, request.id, "id")
    facet = zone_facet(work, found.id)
    for wires in physical_networks(work, found.id):
        raise Conflict(
            f"the zone {found.name!r} ({found.id}) has the physical network {wires.name!r} ({wires.id})",
            code="in-use",
            subject="id",
            hint="delete its physical networks first",
        )
    intent.delete(work.tx, Kind.ZONE, found.id, None)
    if facet.number:
        work.delete(facet)
    return facet


def forget_wires(work: Work, wires_id: str) -> None:
    """Take out what the cloud knows of a physical network that goes."""
    labels = columns(TrafficLabel)
    work.delete_all(work.records.select(TrafficLabel, labels.physical_network_id == wires_id))
    providers = columns(NetworkServiceProvider)
    work.delete_all(work.records.select(NetworkServiceProvider, providers.physical_network_id == wires_id))
    facet = work.records.get(PhysicalNetworkFacet, wires_id)
    if facet is not None:
        work.delete(facet)


def _written(work: Work, facet: ZoneFacet) -> ZoneFacet:
    if facet.number:
        return facet
    birth = work.birth()
    birth["id"] = facet.id
    return work.insert(ZoneFacet(**birth))


def _with(work: Work, facet: ZoneFacet, said: ZoneFields) -> ZoneFacet:
    """The facet with what was said; addresses are checked."""
    return msgspec.structs.replace(
        facet,
        dns1=_resolver(said.dns1, "dns1", 4) or facet.dns1,
        dns2=_resolver(said.dns2, "dns2", 4) or facet.dns2,
        ip6_dns1=_resolver(said.ip6_dns1, "ip6dns1", 6) or facet.ip6_dns1,
        ip6_dns2=_resolver(said.ip6_dns2, "ip6dns2", 6) or facet.ip6_dns2,
        internal_dns1=_resolver(said.internal_dns1, "internaldns1", 4) or facet.internal_dns1,
        internal_dns2=_resolver(said.internal_dns2, "internaldns2", 4) or facet.internal_dns2,
        guest_cidr=facet.guest_cidr if said.guest_cidr is None else _guest_cidr(said.guest_cidr),
        network_domain=facet.network_domain
        if said.network_domain is None
        else check_domain(said.network_domain, "domain"),
        allocation=kept(said.allocation, facet.allocation),
        dhcp_provider=kept(said.dhcp_provider, facet.dhcp_provider),
        domain_id=facet.domain_id
        if said.domain_id is None
        else DomainId(domain_seen(work, said.domain_id).id),
        local_storage=kept(said.local_storage, facet.local_storage),
    )


def _resolver(text: str | None, subject: str, version: int) -> str | None:
    """A resolver's address, canonical; None when none was said."""
    if text is None:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or address.version != version:
        raise InvalidInput(f"{text!r} is no IPv{version} address", subject=subject)
    return str(address)


def _guest_cidr(text: str) -> str:
    try:
        cidr = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no IPv4 CIDR", subject="guestcidraddress", hint="for example 10.1.1.0/24"
        ) from error
    if not any(cidr.subnet_of(private) for private in PRIVATE) or cidr.prefixlen > MAX_PREFIX:
        raise InvalidInput(
            f"{cidr} is not for guests",
            subject="guestcidraddress",
            hint=f"up to {MAX_PREFIX} bits, inside " + ", ".join(str(private) for private in PRIVATE),
        )
    return str(cidr)


def _create_pod(work: Work, request: CreatePod) -> Pod:
    found = zone(work, request.zone_id)
    if request.fields.name is None:
        raise InvalidInput("a pod has a name", subject="name")
    pod = Pod(**work.birth(), name=parse_name(request.fields.name), zone_id=ZoneId(found.id))
    return work.insert(_pod_with(work, pod, request.fields))


def _update_pod(work: Work, request: UpdatePod) -> Pod:
    return work.update(_pod_with(work, work.get(Pod, request.id), request.fields))


def _delete_pod(work: Work, request: OneOf) -> Pod:
    pod = work.get(Pod, request.id)
    _unused(work, pod, work.records.count(Cluster, columns(Cluster).pod_id == pod.id), "clusters")
    _unused(work, pod, work.records.count(HostFacet, columns(HostFacet).pod_id == pod.id), "hosts")
    storage = work.records.count(StorageRange, columns(StorageRange).pod_id == pod.id)
    _unused(work, pod, storage, "storage ranges")
    work.delete(pod)
    return pod


def _pod_with(work: Work, pod: Pod, said: PodFields) -> Pod:
    changed = msgspec.structs.replace(
        pod,
        name=pod.name if said.name is None else parse_name(said.name),
        gateway=kept(said.gateway, pod.gateway),
        netmask=kept(said.netmask, pod.netmask),
        start_ip=kept(said.start_ip, pod.start_ip),
        end_ip=kept(said.end_ip, pod.end_ip),
        allocation=kept(said.allocation, pod.allocation),
    )
    if changed.gateway and changed.netmask:
        checked_subnet(changed.gateway, changed.netmask)
    for span in changed.spans:  # they stay in the pod's subnet
        checked_v4(changed.gateway, changed.netmask, span.start, span.end)
    if changed.start_ip is None:
        return changed
    interval = checked_v4(changed.gateway, changed.netmask, changed.start_ip, changed.end_ip)
    if (interval.start, interval.end) != (pod.start_ip, pod.end_ip):
        check_private(work, pod.zone_id, interval, but=span_key(pod, pod.start_ip or ""))
    return msgspec.structs.replace(changed, start_ip=interval.start, end_ip=interval.end)


def _create_cluster(work: Work, request: CreateCluster) -> Cluster:
    pod = work.get(Pod, request.pod_id, "podid")
    if pod.zone_id != request.zone_id:
        raise InvalidInput(
            f"the pod {pod.name!r} ({pod.id}) is not in the zone {request.zone_id}", subject="podid"
        )
    known = {each.lower(): each for each in HYPERVISORS}
    hypervisor = known.get(request.hypervisor.lower())
    if hypervisor is None:
        raise InvalidInput(
            f"{request.hypervisor!r} is no hypervisor that netloom knows",
            subject="hypervisor",
            hint=", ".join(HYPERVISORS),
        )
    return work.insert(
        Cluster(
            **work.birth(),
            name=parse_name(request.name, "clustername"),
            zone_id=pod.zone_id,
            pod_id=pod.id,
            hypervisor=hypervisor,
        )
    )


def _update_cluster(work: Work, request: UpdateCluster) -> Cluster:
    cluster = work.get(Cluster, request.id)
    return work.update(
        msgspec.structs.replace(
            cluster,
            name=cluster.name if request.name is None else parse_name(request.name, "clustername"),
            allocation=kept(request.allocation, cluster.allocation),
            managed=kept(request.managed, cluster.managed),
        )
    )


def _delete_cluster(work: Work, request: OneOf) -> Cluster:
    cluster = work.get(Cluster, request.id)
    used = work.records.count(HostFacet, columns(HostFacet).cluster_id == cluster.id)
    _unused(work, cluster, used, "hosts")
    work.delete(cluster)
    return cluster


def _unused(_work: Work, record: Record, count: int, what: str) -> None:
    if count:
        raise Conflict(
            f"{getattr(record, 'name', record.id)!r} ({record.id}) has {count} {what}",
            code="in-use",
            subject="id",
            hint=f"move or delete the {what} first",
        )


CREATE_ZONE = UseCase(
    name="zone.create", command="createZone", request=CreateZone, begin=_create_zone, event="ZONE.CREATE"
)
UPDATE_ZONE = UseCase(
    name="zone.update", command="updateZone", request=UpdateZone, begin=_update_zone, event="ZONE.EDIT"
)
DELETE_ZONE = UseCase(
    name="zone.delete", command="deleteZone", request=OneOf, begin=_delete_zone, event="ZONE.DELETE"
)
CREATE_POD = UseCase(
    name="pod.create", command="createPod", request=CreatePod, begin=_create_pod, event="POD.CREATE"
)
UPDATE_POD = UseCase(
    name="pod.update", command="updatePod", request=UpdatePod, begin=_update_pod, event="POD.EDIT"
)
DELETE_POD = UseCase(
    name="pod.delete", command="deletePod", request=OneOf, begin=_delete_pod, event="POD.DELETE"
)
CREATE_CLUSTER = UseCase(
    name="cluster.create",
    command="addCluster",
    request=CreateCluster,
    begin=_create_cluster,
    event="CLUSTER.CREATE",
)
UPDATE_CLUSTER = UseCase(
    name="cluster.update",
    command="updateCluster",
    request=UpdateCluster,
    begin=_update_cluster,
    event="CLUSTER.EDIT",
)
DELETE_CLUSTER = UseCase(
    name="cluster.delete",
    command="deleteCluster",
    request=OneOf,
    begin=_delete_cluster,
    event="CLUSTER.DELETE",
)
USE_CASES = (
    CREATE_ZONE,
    UPDATE_ZONE,
    DELETE_ZONE,
    CREATE_POD,
    UPDATE_POD,
    DELETE_POD,
    CREATE_CLUSTER,
    UPDATE_CLUSTER,
    DELETE_CLUSTER,
)
