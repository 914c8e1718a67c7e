"""What CloudStack's answers say of zones, pods and clusters.

Rule 1: users see which zones there are; how a zone is set up inside is for administrators of the root.
"""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud import configuration
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.identity import Domain
from netloom.model.cloud.infrastructure import Cluster, Pod, PodSpan, ZoneFacet, derived_id
from netloom.model.objects import Zone

UNTAGGED = "vlan://untagged"


def zone_rows(facets: Sequence[ZoneFacet], see: See) -> list[Row]:
    """Zones, by their facets."""
    natives = see.natives(Zone, [facet.id for facet in facets])
    domains = see.many(Domain, {facet.domain_id for facet in facets})
    routed = configuration.flag(see.view, "routed.network.vpc.enabled")
    rows: list[Row] = []
    for facet in facets:
        native = natives.get(facet.id)
        row: Row = {
            "id": facet.id,
            "name": None if native is None else native.name,
            "networktype": facet.type.value,
            "securitygroupsenabled": facet.security_groups,
            "allocationstate": facet.allocation.value,
            "zonetoken": derived_id(facet.id, "token"),
            "dhcpprovider": facet.dhcp_provider,
            "localstorageenabled": facet.local_storage,
            "tags": [],
            "allowuserspecifyvrmtu": facet.users_choose_mtu,
            "routerprivateinterfacemaxmtu": facet.private_mtu,
            "routerpublicinterfacemaxmtu": facet.public_mtu,
            "type": "Core",
            "isnsxenabled": False,
            "ismultiarch": False,
            "asnrange": "",
            "routedmodeenabled": routed,
            "hasannotations": False,
        }
        if see.caller.is_root:
            domain = None if facet.domain_id is None else domains.get(facet.domain_id)
            row |= {
                "description": None if native is None else native.description or None,
                "dns1": facet.dns1,
                "dns2": facet.dns2,
                "ip6dns1": facet.ip6_dns1,
                "ip6dns2": facet.ip6_dns2,
                "internaldns1": facet.internal_dns1,
                "internaldns2": facet.internal_dns2,
                "guestcidraddress": facet.guest_cidr,
                "domain": facet.network_domain,
                "domainid": facet.domain_id,
                "domainname": None if domain is None else domain.name,
            }
        rows.append(row)
    return rows


def pod_rows(pods: Sequence[Pod], see: See) -> list[Row]:
    """Pods."""
    see.natives(Zone, {pod.zone_id for pod in pods})
    return [
        {
            "id": pod.id,
            "name": pod.name,
            **see.zone(pod.zone_id),
            "gateway": pod.gateway,
            "netmask": pod.netmask,
            **_pod_range(pod),
            "allocationstate": pod.allocation.value,
            "hasannotations": False,
        }
        for pod in pods
    ]


def _pod_range(pod: Pod) -> Row:
    """The addresses of a pod in the two forms in which CloudStack tells them."""
    spans = list(pod.spans)
    if pod.start_ip is not None:
        spans.insert(0, PodSpan(pod.start_ip, pod.end_ip or pod.start_ip, UNTAGGED))
    if not spans:
        return {}
    return {
        "ipranges": [
            {
                "startip": span.start,
                "endip": span.end,
                "forsystemvms": str(int(span.for_system)),
                "vlanid": span.vlan,
            }
            for span in spans
        ],
        "startip": [span.start for span in spans],
        "endip": [span.end for span in spans],
        "forsystemvms": [str(int(span.for_system)) for span in spans],
        "vlanid": [span.vlan for span in spans],
    }


def cluster_rows(clusters: Sequence[Cluster], see: See) -> list[Row]:
    """Clusters."""
    pods = see.many(Pod, {cluster.pod_id for cluster in clusters})
    see.natives(Zone, {cluster.zone_id for cluster in clusters})
    return [
        {
            "id": cluster.id,
            "name": cluster.name,
            "podid": cluster.pod_id,
            "podname": pods[cluster.pod_id].name if cluster.pod_id in pods else None,
            **see.zone(cluster.zone_id),
            "hypervisortype": cluster.hypervisor,
            "clustertype": "CloudManaged",
            "allocationstate": cluster.allocation.value,
            "managedstate": "Managed" if cluster.managed else "Unmanaged",
            "cpuovercommitratio": "1.0",
            "memoryovercommitratio": "1.0",
            "resourcedetails": {"cpuOvercommitRatio": "1.0", "memoryOvercommitRatio": "1.0"},
            "arch": cluster.arch,
            "hasannotations": False,
        }
        for cluster in clusters
    ]
