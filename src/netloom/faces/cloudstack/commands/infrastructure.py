"""CloudStack's commands for zones, pods and clusters."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud import infrastructure, infrastructure_zones
from netloom.app.cloud.infrastructure_capacity import capacities
from netloom.app.cloud.infrastructure_zones import (
    CreateCluster,
    CreatePod,
    CreateZone,
    OneOf,
    PodFields,
    UpdateCluster,
    UpdatePod,
    UpdateZone,
    ZoneFields,
)
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, Listing, One, Row, Rows, See, Success
from netloom.faces.cloudstack.unused import check_stays
from netloom.faces.cloudstack.views.infrastructure import cluster_rows, pod_rows, zone_rows
from netloom.faces.cloudstack.views.infrastructure_elements import capacity_rows
from netloom.model.cloud.infrastructure import Cluster, Pod, ZoneFacet, ZoneType
from netloom.model.cloud.infrastructure_ranges import DEFAULT_REGION
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.words import Allocation, parse_word
from netloom.model.kinds import Kind
from netloom.store.catalog import not_found
from netloom.store.cloud.records import columns


async def list_zones(call: Call) -> Rows:
    """Lists the zones that the caller may use; with available=false those where its account has an instance."""
    used, counted = call.flag("available") is False, call.flag("showcapacities", default=False)
    wanted = {*call.uuids("ids"), *((found,) if (found := call.uuid("id")) else ())}
    name, kind, keyword = call.text("name"), call.text("networktype"), call.listing.keyword

    def fits(facet: ZoneFacet, zone_name: str) -> bool:
        return (
            (not wanted or facet.id in wanted)
            and (not name or zone_name == name)
            and (not keyword or keyword.lower() in zone_name.lower())
            and (not kind or facet.type.value.lower() == kind.lower())
        )

    def read(view: View) -> Rows:
        seen = infrastructure.zones_seen(view, call.uuid("domainid"))
        one = call.uuid("id")
        if one is not None and one not in {zone.id for zone, _ in seen}:
            raise not_found(Kind.ZONE, one, "id")
        facets = [facet for zone, facet in seen if fits(facet, zone.name)]
        if used:
            c = columns(Instance)
            facets = [
                facet
                for facet in facets
                if view.records.exists(
                    Instance, c.zone_id == facet.id, c.account_id == view.caller.account_id
                )
            ]
        return call.shown(facets, lambda page: shown(view, page))

    def shown(view: View, page: Sequence[ZoneFacet]) -> list[Row]:
        rows = zone_rows(page, See(view))
        if counted and call.caller.is_root:
            for row, facet in zip(rows, page, strict=True):
                row["capacity"] = capacity_rows(capacities(view, [infrastructure.zone(view, facet.id)]))
        return rows

    return await call.read(read)


async def create_zone(call: Call) -> object:
    """Makes a zone."""
    if call.flag("isedge", default=False):
        raise InvalidInput("there are no edge zones", subject="isedge", hint="leave it out")
    return await call.do(
        infrastructure_zones.CREATE_ZONE,
        CreateZone(
            name=call.need("name"),
            type=parse_word(ZoneType, call.need("networktype"), "networktype"),
            security_groups=call.flag("securitygroupenabled", default=False),
            fields=_zone_fields(call),
        ),
    )


async def update_zone(call: Call) -> object:
    """Changes a zone."""
    return await call.do(
        infrastructure_zones.UPDATE_ZONE,
        UpdateZone(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            public=call.flag("ispublic", default=False),
            fields=_zone_fields(call),
        ),
    )


async def delete_zone(call: Call) -> object:
    """Deletes a zone in which nothing is."""
    return await call.do(infrastructure_zones.DELETE_ZONE, OneOf(id=call.need_uuid("id")))


def _zone_fields(call: Call) -> ZoneFields:
    return ZoneFields(
        dns1=call.text("dns1") or None,
        dns2=call.text("dns2") or None,
        ip6_dns1=call.text("ip6dns1") or None,
        ip6_dns2=call.text("ip6dns2") or None,
        internal_dns1=call.text("internaldns1") or None,
        internal_dns2=call.text("internaldns2") or None,
        guest_cidr=call.text("guestcidraddress") or None,
        network_domain=call.text("domain") or None,
        allocation=_allocation(call),
        dhcp_provider=call.text("dhcpprovider") or None,
        domain_id=call.uuid("domainid"),
        local_storage=call.flag("localstorageenabled"),
    )


def _allocation(call: Call) -> Allocation | None:
    word = call.text("allocationstate")
    return parse_word(Allocation, word, "allocationstate") if word else None


async def list_pods(call: Call) -> Rows:
    """Lists pods."""
    c = columns(Pod)
    return await call.select(
        Pod,
        call.match(c.id, "id", Pod),
        call.match(c.name, "name"),
        call.match(c.zone_id, "zoneid", Kind.ZONE),
        call.match(c.allocation, "allocationstate"),
        keyword=("name",),
    )


async def create_pod(call: Call) -> object:
    """Makes a pod in a zone."""
    return await call.do(
        infrastructure_zones.CREATE_POD, CreatePod(zone_id=call.need_uuid("zoneid"), fields=_pod_fields(call))
    )


async def update_pod(call: Call) -> object:
    """Changes a pod."""
    return await call.do(
        infrastructure_zones.UPDATE_POD, UpdatePod(id=call.need_uuid("id"), fields=_pod_fields(call))
    )


async def delete_pod(call: Call) -> object:
    """Deletes a pod without clusters and hosts."""
    return await call.do(infrastructure_zones.DELETE_POD, OneOf(id=call.need_uuid("id")))


def _pod_fields(call: Call) -> PodFields:
    return PodFields(
        name=call.text("name") or None,
        gateway=call.text("gateway") or None,
        netmask=call.text("netmask") or None,
        start_ip=call.text("startip") or None,
        end_ip=call.text("endip") or None,
        allocation=_allocation(call),
    )


async def list_clusters(call: Call) -> Rows:
    """Lists clusters."""
    c = columns(Cluster)
    managed = call.text("managedstate")
    return await call.select(
        Cluster,
        call.match(c.id, "id", Cluster),
        call.match(c.name, "name"),
        call.match(c.zone_id, "zoneid", Kind.ZONE),
        call.match(c.pod_id, "podid", Pod),
        call.match(c.hypervisor, "hypervisor"),
        call.match(c.allocation, "allocationstate"),
        call.match(c.arch, "arch"),
        c.managed.is_(managed.lower() == "managed") if managed else None,
        keyword=("name", "hypervisor"),
    )


async def add_cluster(call: Call) -> Rows:
    """Makes a cluster in a pod."""
    if call.need("clustertype").lower() != "cloudmanaged":
        raise InvalidInput(
            f"there are no clusters of type {call.text('clustertype')!r}",
            subject="clustertype",
            hint="CloudManaged",
        )
    done = await call.do(
        infrastructure_zones.CREATE_CLUSTER,
        CreateCluster(
            name=call.need("clustername"),
            zone_id=call.need_uuid("zoneid"),
            pod_id=call.need_uuid("podid"),
            hypervisor=call.need("hypervisor"),
        ),
    )
    rows = await call.read(lambda view: cluster_rows([done.record], See(view)))
    return Rows(rows, 1)


async def update_cluster(call: Call) -> object:
    """Changes a cluster."""
    managed, cluster_id = call.text("managedstate"), call.need_uuid("id")

    def stays(view: View) -> None:
        cluster = view.get(Cluster, cluster_id, "id")
        whose = f"cluster {cluster.name!r} ({cluster.id})"
        check_stays("hypervisor", call.text("hypervisor"), cluster.hypervisor, whose)
        check_stays("arch", call.text("arch"), cluster.arch, whose)

    await call.read(stays)
    return await call.do(
        infrastructure_zones.UPDATE_CLUSTER,
        UpdateCluster(
            id=cluster_id,
            name=call.text("clustername") or None,
            allocation=_allocation(call),
            managed=managed.lower() == "managed" if managed else None,
        ),
    )


async def delete_cluster(call: Call) -> object:
    """Deletes a cluster without hosts."""
    return await call.do(infrastructure_zones.DELETE_CLUSTER, OneOf(id=call.need_uuid("id")))


async def list_regions(call: Call) -> Rows:
    """Lists the one region that there is."""
    wanted, name = call.integer("id"), call.text("name") or None
    row: Row = {
        "id": DEFAULT_REGION,
        "name": "Local",
        "endpoint": "/client/api",
        "gslbserviceenabled": False,
        "portableipserviceenabled": True,
    }
    fits = wanted in {None, row["id"]} and name in {None, row["name"]}
    return await call.read(lambda _view: call.paged([row] if fits else [], keyword=("name",)))


COMMANDS: tuple[Command, ...] = (
    Command("listZones", list_zones, Listing("zone")),
    Command("createZone", create_zone, One("zone", zone_rows)),
    Command("updateZone", update_zone, One("zone", zone_rows)),
    Command("deleteZone", delete_zone, Success()),
    Command("listPods", list_pods, Listing("pod", pod_rows)),
    Command("createPod", create_pod, One("pod", pod_rows)),
    Command("updatePod", update_pod, One("pod", pod_rows)),
    Command("deletePod", delete_pod, Success()),
    Command("listClusters", list_clusters, Listing("cluster", cluster_rows)),
    Command("addCluster", add_cluster, Listing("cluster")),
    Command("updateCluster", update_cluster, One("cluster", cluster_rows)),
    Command("deleteCluster", delete_cluster, Success()),
    Command("listRegions", list_regions, Listing("region")),
)
