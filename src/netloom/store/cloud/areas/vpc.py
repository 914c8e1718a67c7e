"""The tables of VPCs: the VPC, its access control lists, its private gateways and static routes.

Tiers are networks (`areas/networks`), which name their VPC and their list there.
"""

from __future__ import annotations

from netloom.model.cloud.acl import AclItem, AclList
from netloom.model.cloud.routes import PrivateGateway, StaticRoute
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.table import RecordTable

_OWNER = {"account_id": "account", "domain_id": "domain"}

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "vpc",
        Vpc,
        indexes=(("account_id", "number"), ("zone_id",), ("offering_id",)),
        references={**_OWNER, "offering_id": "vpc_offering"},
        natives={"zone_id": "zones"},
    ),
    RecordTable(
        "acl_list",
        AclList,
        indexes=(("account_id", "number"), ("vpc_id",)),
        references={**_OWNER, "vpc_id": "vpc"},
    ),
    RecordTable(
        "acl_item",
        AclItem,
        unique=(("acl_id", "order"),),
        indexes=(("account_id", "number"),),
        references={**_OWNER, "acl_id": "acl_list"},
    ),
    RecordTable(
        "private_gateway",
        PrivateGateway,
        indexes=(("account_id", "number"), ("vpc_id",), ("acl_id",), ("network_id",)),
        references={**_OWNER, "vpc_id": "vpc", "acl_id": "acl_list", "offering_id": "network_offering"},
        natives={
            "zone_id": "zones",
            "network_id": "networks",
            "physical_network_id": "physical_networks",
        },
    ),
    RecordTable(
        "static_route",
        StaticRoute,
        unique=(("vpc_id", "cidr"),),
        indexes=(("account_id", "number"), ("gateway_id",)),
        references={**_OWNER, "vpc_id": "vpc", "gateway_id": "private_gateway"},
    ),
)
