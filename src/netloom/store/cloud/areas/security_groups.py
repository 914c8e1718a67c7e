"""The tables of security groups."""

from __future__ import annotations

from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = ()
