"""What a new database starts with: a zone and a physical network called `default`, so that nobody has to declare wires
before the first network.
"""

from __future__ import annotations

from netloom.base.ids import ZoneId
from netloom.model.changes import Action
from netloom.model.kinds import Kind
from netloom.model.objects import PhysicalNetwork, Zone
from netloom.model.specs import DEFAULT_PHYSICAL_NETWORK, DEFAULT_ZONE, PhysicalNetworkSpec, ZoneSpec
from netloom.store.catalog import add
from netloom.store.transaction import Transaction


def add_defaults(tx: Transaction) -> None:
    """Add them to a database that never held anything; an operator who removed them does not get them back."""
    if tx.revision:
        return
    zone_spec = ZoneSpec(name=DEFAULT_ZONE, description="Where everything is unless told otherwise").checked()
    zone_id = tx.new_id()
    zone = Zone(
        id=zone_id,
        number=tx.new_number(),
        name=zone_spec.name,
        labels=zone_spec.labels,
        generation=1,
        revision=tx.record(Kind.ZONE, zone_id, zone_spec.name, Action.CREATED, 1),
        created_at=tx.at,
        updated_at=tx.at,
        description=zone_spec.description,
    )
    add(tx, [zone])
    spec = PhysicalNetworkSpec(name=DEFAULT_PHYSICAL_NETWORK).checked()
    item_id = tx.new_id()
    wires = PhysicalNetwork(
        id=item_id,
        number=tx.new_number(),
        name=spec.name,
        labels=spec.labels,
        generation=1,
        revision=tx.record(Kind.PHYSICAL_NETWORK, item_id, spec.name, Action.CREATED, 1),
        created_at=tx.at,
        updated_at=tx.at,
        zone=zone.name,
        zone_id=ZoneId(zone.id),
        isolations=spec.isolations,
        segments=spec.segments,
        mtu=spec.mtu,
    )
    add(tx, [wires])
