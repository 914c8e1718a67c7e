"""The tables of DNS records; what stands beside a record is looked for by network and name."""

from __future__ import annotations

from netloom.model.cloud.dns import DnsRecord
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "dns_record",
        DnsRecord,
        unique=(("network_id", "name", "type", "value"),),
        indexes=(("account_id", "number"),),
        references={"account_id": "account", "domain_id": "domain", "network_id": "network"},
    ),
)
