"""The tables of declarations, as they were when they were made."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004.making import index, record, table, text, unique

TABLES = (
    table(
        "cloud_declarations",
        *record(),
        text("kind"),
        text("owner"),
        text("name"),
        text("record_id"),
        text("spec"),
        unique("kind", "owner", "name"),
        index("record_id"),
    ),
)
