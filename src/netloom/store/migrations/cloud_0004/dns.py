"""The tables of dns, as they were when they were made."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004.making import flag, index, number, owned, refers, table, text, unique

TABLES = (
    table(
        "cloud_dns_records",
        *owned(),
        text("network_id"),
        text("state"),
        flag("display"),
        text("name"),
        text("type"),
        text("value"),
        number("ttl"),
        refers("account_id", "cloud_accounts"),
        refers("domain_id", "cloud_domains"),
        refers("network_id", "cloud_networks"),
        unique("network_id", "name", "type", "value"),
        index("account_id", "number"),
    ),
)
