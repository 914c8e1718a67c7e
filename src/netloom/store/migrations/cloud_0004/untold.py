"""The tables of untold, as they were when they were made."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004.making import index, number, record, table, text, unique

TABLES = (
    table(
        "cloud_untolds",
        *record(),
        text("place"),
        text("part"),
        text("reason"),
        number("due_at"),
        number("tries"),
        unique("place", "part"),
        index("created_at"),
        index("due_at"),
    ),
)
