"""The tables of offerings."""

from __future__ import annotations

from netloom.model.cloud.offerings import NetworkOffering, ServiceOffering, VpcOffering
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable("service_offering", ServiceOffering, lasting=True),
    RecordTable(
        "network_offering",
        NetworkOffering,
        unique=(("name",),),
        references={"service_offering_id": "service_offering"},
        lasting=True,
    ),
    RecordTable(
        "vpc_offering",
        VpcOffering,
        unique=(("name",),),
        references={"service_offering_id": "service_offering"},
        lasting=True,
    ),
)
