"""What CloudStack's answers say of hosts. What netloom does not measure (processors, memory) is not told."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud.infrastructure_hosts import busy_hosts, resource_state, state_of
from netloom.faces.cloudstack.protocol.envelopes import VERSION
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.infrastructure import Cluster, HostFacet, Pod
from netloom.model.objects import Host, Zone


def host_rows(facets: Sequence[HostFacet], see: See) -> list[Row]:
    """Hosts, by their facets."""
    natives = see.natives(Host, [facet.id for facet in facets])
    see.natives(Zone, {native.zone_id for native in natives.values()})
    pods = see.many(Pod, {facet.pod_id for facet in facets})
    clusters = see.many(Cluster, {facet.cluster_id for facet in facets})
    busy = busy_hosts(see.view, [native.id for native in natives.values() if native.drain])
    rows: list[Row] = []
    for facet in facets:
        native = natives.get(facet.id)
        if native is None:  # gone since
            rows.append({"id": facet.id})
            continue
        pod = None if facet.pod_id is None else pods.get(facet.pod_id)
        cluster = None if facet.cluster_id is None else clusters.get(facet.cluster_id)
        rows.append(
            {
                "id": native.id,
                "name": native.name,
                "state": state_of(see.view, native),
                "type": "Routing",
                "ipaddress": native.tunnel_ip,
                **see.zone(native.zone_id),
                "podid": facet.pod_id,
                "podname": None if pod is None else pod.name,
                "clusterid": facet.cluster_id,
                "clustername": None if cluster is None else cluster.name,
                "clustertype": None if cluster is None else "CloudManaged",
                "hypervisor": facet.hypervisor,
                "version": VERSION,
                "created": see.time(native.created_at),
                "resourcestate": resource_state(native, facet, busy=native.id in busy),
                "hosttags": ",".join(facet.tags) or None,
                "explicithosttags": ",".join(facet.tags) or None,
                "hahost": False,
                "islocalstorageactive": False,
                "ueficapability": False,
                "hostha": {"haenable": False, "hastate": "Disabled"},
                "outofbandmanagement": {"powerstate": "Disabled", "enabled": False},
                "arch": "x86_64" if cluster is None else cluster.arch,
                "hasannotations": False,
            }
        )
    return rows
