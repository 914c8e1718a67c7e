"""Units of work that tests of the store have done."""

from __future__ import annotations

from collections.abc import Callable

from netloom.app.intent import create_many
from netloom.model.kinds import Kind
from netloom.model.objects import Object
from netloom.model.specs import NetworkSpec, NicSpec, ZoneSpec
from netloom.store.transaction import Transaction

Made = tuple[Object, ...]


def network(tx: Transaction) -> Made:
    return create_many(tx, Kind.NETWORK, [NetworkSpec(name="blue", cidr="10.0.0.0/16")])


def create_nics(prefix: str, count: int) -> Callable[[Transaction], Made]:
    specs = [NicSpec(name=f"{prefix}{i}", network="blue") for i in range(count)]
    return lambda tx: create_many(tx, Kind.NIC, specs)


def create_zone(name: str, **fields: object) -> Callable[[Transaction], Made]:
    return lambda tx: create_many(tx, Kind.ZONE, [ZoneSpec(name=name, **fields)])  # type: ignore[arg-type]


def create_zones(count: int) -> Callable[[Transaction], Made]:
    return lambda tx: create_many(tx, Kind.ZONE, [ZoneSpec(name=f"z{i}") for i in range(count)])
