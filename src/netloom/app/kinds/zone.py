"""Zones."""

from __future__ import annotations

import msgspec

from netloom.app.batch import Batch, birth, check_rename
from netloom.model.kinds import Kind
from netloom.model.objects import Zone
from netloom.model.specs import ZoneSpec
from netloom.store.catalog import add
from netloom.store.transaction import Transaction


def create(tx: Transaction, batch: Batch[ZoneSpec]) -> None:
    """Make the zones of a batch."""
    batch.refuse_taken_names(tx)
    items = {
        index: Zone(
            **birth(tx, Kind.ZONE, spec.name),
            name=spec.name,
            labels=spec.labels,
            description=spec.description,
        )
        for index, spec in batch.specs.items()
    }
    add(tx, list(items.values()))
    batch.made.update(items)


def revise(tx: Transaction, current: Zone, spec: ZoneSpec, _cleared: frozenset[str]) -> Zone:
    """The zone as the spec wants it."""
    check_rename(tx, Kind.ZONE, current.name, spec.name)
    return msgspec.structs.replace(current, name=spec.name, labels=spec.labels, description=spec.description)
