"""The tables of gateways, as they were when they were made."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004.making import index, number, record, refers, table, text, unique

TABLES = (
    table(
        "cloud_gateway_hosts",
        *record(),
        text("host_id"),
        number("priority"),
        text("network_id", null=True),
        text("vpc_id", null=True),
        refers("host_id", "hosts"),
        refers("network_id", "cloud_networks"),
        refers("vpc_id", "cloud_vpcs"),
        unique("network_id", "host_id"),
        unique("network_id", "priority"),
        unique("vpc_id", "host_id"),
        unique("vpc_id", "priority"),
        index("host_id"),
    ),
)
