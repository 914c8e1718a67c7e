"""Physical networks: segments in use must stay theirs."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from netloom.app.batch import Batch, birth, check_rename, immutable, refers
from netloom.base.errors import Conflict
from netloom.base.ids import ZoneId
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import PhysicalNetwork
from netloom.model.segments import parse_ranges
from netloom.model.specs import PhysicalNetworkSpec
from netloom.store import tables
from netloom.store.catalog import add
from netloom.store.transaction import Transaction


def create(tx: Transaction, batch: Batch[PhysicalNetworkSpec]) -> None:
    """Make the physical networks of a batch."""
    batch.refuse_taken_names(tx)
    zones = batch.resolve(tx, Kind.ZONE, {index: spec.zone for index, spec in batch.specs.items()}, "zone")
    items = {
        index: PhysicalNetwork(
            **birth(tx, Kind.PHYSICAL_NETWORK, spec.name),
            name=spec.name,
            labels=spec.labels,
            zone=zones[index].name,
            zone_id=ZoneId(zones[index].id),
            isolations=spec.isolations,
            segments=spec.segments,
            mtu=spec.mtu,
        )
        for index, spec in batch.specs.items()
    }
    add(tx, list(items.values()))
    batch.made.update(items)


def revise(
    tx: Transaction, current: PhysicalNetwork, spec: PhysicalNetworkSpec, _cleared: frozenset[str]
) -> PhysicalNetwork:
    """The physical network as the spec wants it."""
    check_rename(tx, Kind.PHYSICAL_NETWORK, current.name, spec.name)
    if not refers(spec.zone, current.zone, current.zone_id):
        raise immutable(Kind.PHYSICAL_NETWORK, "zone", current.zone, spec.zone)
    if (spec.segments, spec.isolations) != (current.segments, current.isolations):
        _check_use(tx, current, spec)
    return msgspec.structs.replace(
        current,
        name=spec.name,
        labels=spec.labels,
        isolations=spec.isolations,
        segments=spec.segments,
        mtu=spec.mtu,
    )


def _check_use(tx: Transaction, current: PhysicalNetwork, spec: PhysicalNetworkSpec) -> None:
    """Networks that exist keep their encapsulation and segment."""
    ranges = parse_ranges(spec.segments, spec.isolations)
    n = tables.networks.c
    rows = tx.connection.execute(
        select(n.name, n.isolation, n.segment).where(n.physical_network_id == current.id).order_by(n.number)
    )
    for name, isolation, segment in rows:
        if Isolation(isolation) not in spec.isolations:
            raise Conflict(
                f"network/{name} uses {isolation}",
                code="in-use",
                subject="isolations",
                hint="delete the networks that use it first",
            )
        if Isolation(isolation) is not Isolation.VLAN and segment not in ranges:
            raise Conflict(
                f"network/{name} uses segment {segment}, which {ranges} leaves out",
                code="in-use",
                subject="segments",
                hint="keep the segments that networks use",
            )
