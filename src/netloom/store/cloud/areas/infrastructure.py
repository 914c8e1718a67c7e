"""The tables of infrastructure. Facets have the ids of native objects and go with them."""

from __future__ import annotations

from netloom.model.cloud.configuration import Configuration
from netloom.model.cloud.infrastructure import (
    Cluster,
    HostFacet,
    NetworkServiceProvider,
    PhysicalNetworkFacet,
    Pod,
    TrafficLabel,
    ZoneFacet,
)
from netloom.model.cloud.infrastructure_ranges import GuestVlanRange, PortableRange, PublicRange, StorageRange
from netloom.model.cloud.ipv6_pools import Ipv6Pool, Ipv6Subnet
from netloom.store.cloud.table import RecordTable

_WIRES = {"physical_network_id": "physical_networks"}

TABLES: tuple[RecordTable, ...] = (
    RecordTable("configuration", Configuration, unique=(("name",),), lasting=True),
    RecordTable("zone_facet", ZoneFacet, lasting=True),
    RecordTable("pod", Pod, unique=(("zone_id", "name"),), natives={"zone_id": "zones"}),
    RecordTable(
        "cluster",
        Cluster,
        unique=(("pod_id", "name"),),
        references={"pod_id": "pod"},
        natives={"zone_id": "zones"},
    ),
    RecordTable("host_facet", HostFacet, references={"pod_id": "pod", "cluster_id": "cluster"}),
    RecordTable("physical_network_facet", PhysicalNetworkFacet, lasting=True),
    RecordTable("traffic_label", TrafficLabel, unique=(("physical_network_id", "traffic"),)),
    RecordTable(
        "network_service_provider",
        NetworkServiceProvider,
        unique=(("physical_network_id", "name"),),
        lasting=True,
    ),
    RecordTable(
        "public_range",
        PublicRange,
        indexes=(("zone_id",), ("network_id",)),
        references={"account_id": "account", "domain_id": "domain"},
        natives={"zone_id": "zones", **_WIRES},
    ),
    RecordTable("portable_range", PortableRange),
    RecordTable(
        "storage_range",
        StorageRange,
        indexes=(("zone_id",),),
        references={"pod_id": "pod"},
        natives={"zone_id": "zones"},
    ),
    RecordTable("ipv6_pool", Ipv6Pool, unique=(("prefix",),), natives={"zone_id": "zones"}),
    RecordTable(
        "ipv6_subnet",
        Ipv6Subnet,
        unique=(("pool_id", "position"), ("network_id",)),
        references={"pool_id": "ipv6_pool", "network_id": "network"},
    ),
    RecordTable(
        "guest_vlan_range",
        GuestVlanRange,
        indexes=(("physical_network_id",),),
        references={"account_id": "account", "domain_id": "domain"},
        natives=_WIRES,
        lasting=True,
    ),
)
