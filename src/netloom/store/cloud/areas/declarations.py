"""The table of what files have declared. What a declaration made may be gone: it refers to nothing by constraint."""

from __future__ import annotations

from netloom.model.cloud.declarations import Declaration
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "declaration",
        Declaration,
        audited=False,
        unique=(("kind", "owner", "name"),),
        indexes=(("record_id",),),
    ),
)
