"""The tables of tags."""

from __future__ import annotations

from netloom.model.cloud.tags import ResourceTag
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "resource_tag",
        ResourceTag,
        unique=(("resource_id", "key"),),
        indexes=(("account_id",), ("key", "value")),
        references={"account_id": "account", "domain_id": "domain"},
    ),
)
