"""The table of hosts for gateways."""

from __future__ import annotations

from netloom.model.cloud.gateway_hosts import GatewayHost
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "gateway_host",
        GatewayHost,
        unique=(
            ("network_id", "host_id"),
            ("vpc_id", "host_id"),
            ("network_id", "priority"),
            ("vpc_id", "priority"),
        ),
        indexes=(("host_id",),),
        references={"network_id": "network", "vpc_id": "vpc"},
        natives={"host_id": "hosts"},
    ),
)
