"""The table of what providers do not know yet: small, and looked at every half minute by what is due."""

from __future__ import annotations

from netloom.model.cloud.untold import Untold
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "untold", Untold, audited=False, unique=(("place", "part"),), indexes=(("due_at",), ("created_at",))
    ),
)
