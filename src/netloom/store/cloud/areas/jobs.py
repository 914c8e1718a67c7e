"""The tables of jobs, events, alerts and the audit. What they tell of may be gone: they refer to nothing by constraint."""

from __future__ import annotations

from netloom.model.cloud.jobs import Alert, Audit, Event, Job
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "job",
        Job,
        audited=False,
        indexes=(("state",), ("account_id", "number"), ("resource_id",), ("finished_at",)),
    ),
    RecordTable(
        "event", Event, audited=False, indexes=(("account_id", "number"), ("created_at",), ("type",))
    ),
    RecordTable("alert", Alert, audited=False, unique=(("type", "subject"),)),
    RecordTable("audit", Audit, audited=False, indexes=(("resource_id",), ("created_at",))),
)
