"""The tables of usage and of whose it was. Spans outlive all that they tell of: they refer to nothing by constraint."""

from __future__ import annotations

from netloom.model.cloud.former import FormerOwner
from netloom.model.cloud.usage import UsageSpan
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "usage_span",
        UsageSpan,
        indexes=(("resource_id",), ("account_id", "started_at"), ("started_at",), ("ended_at",)),
        audited=False,
    ),
    RecordTable("former_owner", FormerOwner, indexes=(("created_at",),), audited=False),
)
