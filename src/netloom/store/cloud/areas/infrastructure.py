"""The tables of infrastructure."""

from __future__ import annotations

from netloom.model.cloud.configuration import Configuration
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (RecordTable("configuration", Configuration, unique=(("name",),)),)
