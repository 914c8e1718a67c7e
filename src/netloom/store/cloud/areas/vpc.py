"""The tables of vpc."""

from __future__ import annotations

from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = ()
