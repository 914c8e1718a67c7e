"""The tables of public addresses. An address has a row only while it is not free, and at most one in its range."""

from __future__ import annotations

from netloom.model.cloud.addresses import PublicIp, QuarantinedIp
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "public_ip",
        PublicIp,
        unique=(("range_id", "position"), ("range_id", "address")),
        indexes=(
            ("account_id", "number"),
            ("network_id",),
            ("vpc_id",),
            ("instance_id",),
            ("nic_id",),
            ("address",),
        ),
        references={
            "account_id": "account",
            "domain_id": "domain",
            "network_id": "network",
            "vpc_id": "vpc",
            "instance_id": "instance",
        },
        natives={"zone_id": "zones", "nic_id": "nics"},
    ),
    RecordTable("quarantined_ip", QuarantinedIp, indexes=(("range_id", "position"), ("address",))),
)
