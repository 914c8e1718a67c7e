"""The tables of tenants' networks.

A network's row has the id of the native one; either is deleted with the other.
"""

from __future__ import annotations

from netloom.model.cloud.networks import GuestNetwork, NetworkPermission
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "network",
        GuestNetwork,
        indexes=(
            ("account_id", "number"),
            ("domain_id",),
            ("zone_id",),
            ("offering_id",),
            ("vpc_id",),
            ("acl_id",),
            ("vlan",),
        ),
        references={
            "account_id": "account",
            "domain_id": "domain",
            "offering_id": "network_offering",
        },
        natives={"id": "networks", "zone_id": "zones", "physical_network_id": "physical_networks"},
    ),
    RecordTable(
        "network_permission",
        NetworkPermission,
        unique=(("network_id", "account_id"),),
        indexes=(("account_id",),),
        references={"network_id": "network", "account_id": "account"},
    ),
)
