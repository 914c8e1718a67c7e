"""The tables of tags, as they were when they were made."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004.making import index, owned, refers, table, text, unique

TABLES = (
    table(
        "cloud_resource_tags",
        *owned(),
        text("kind"),
        text("resource_id"),
        text("key"),
        text("value"),
        text("customer", null=True),
        refers("account_id", "cloud_accounts"),
        refers("domain_id", "cloud_domains"),
        unique("resource_id", "key"),
        index("account_id"),
        index("key", "value"),
    ),
)
