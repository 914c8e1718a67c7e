"""The tables of usage, as they were when they were made."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004.making import index, number, owned, record, table, text

TABLES = (
    table(
        "cloud_former_owners",
        *record(),
        text("name"),
        text("project_id", null=True),
        text("project", null=True),
        text("path", null=True),
        index("created_at"),
    ),
    table(
        "cloud_usage_spans",
        *owned(),
        text("type"),
        text("resource_id"),
        text("name"),
        text("facts"),
        number("started_at"),
        number("ended_at", null=True),
        index("account_id", "started_at"),
        index("ended_at"),
        index("resource_id"),
        index("started_at"),
    ),
)
