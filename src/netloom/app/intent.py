"""Making, changing and deleting objects of any kind, inside a transaction.

Rule 1: the generation grows exactly when what a user asked for became different.
Rule 2: what is in use is not deleted; the error names the users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec
from msgspec import UNSET
from sqlalchemy import select

from netloom.app.batch import Batch, Mistakes
from netloom.app.kinds import host, network, nic, physical_network, zone
from netloom.base.errors import Conflict, InvalidInput, NetloomError, StaleVersion
from netloom.base.ids import Uuid
from netloom.model.changes import Action
from netloom.model.kinds import Kind
from netloom.model.objects import (
    Host,
    Network,
    Nic,
    Object,
    PhysicalNetwork,
    Zone,
    kind_of_object,
    spec_of,
)
from netloom.model.patches import PATCH_TYPES, Patch
from netloom.model.specs import (
    SPEC_TYPES,
    HostSpec,
    NetworkSpec,
    NicSpec,
    PhysicalNetworkSpec,
    Spec,
    ZoneSpec,
)
from netloom.store import tables
from netloom.store.catalog import find, find_by_ids, remove, replace, users_of
from netloom.store.transaction import Transaction

MAX_BATCH = 10_000
"""Objects in one `create_many`."""


def check_all(kind: Kind, specs: Mapping[int, Spec], mistakes: Mistakes) -> dict[int, Spec]:
    """The specs in canonical form; those that are wrong in themselves are noted and left out."""
    checked: dict[int, Spec] = {}
    for index, spec in specs.items():
        try:
            if not isinstance(spec, SPEC_TYPES[kind]):
                raise InvalidInput(f"this is no {kind.title}", subject="kind")
            checked[index] = spec.checked()
        except NetloomError as error:
            mistakes.broken.add((kind, spec.name))
            mistakes.add(index, error)
    return checked


def create_checked(
    tx: Transaction, kind: Kind, specs: Mapping[int, Spec], mistakes: Mistakes
) -> dict[int, Object]:
    """Make objects from checked specs; what cannot be made is noted."""
    match kind:
        case Kind.ZONE:
            zones = Batch(kind, cast("dict[int, ZoneSpec]", dict(specs)), mistakes)
            zone.create(tx, zones)
            return zones.made
        case Kind.PHYSICAL_NETWORK:
            wires = Batch(kind, cast("dict[int, PhysicalNetworkSpec]", dict(specs)), mistakes)
            physical_network.create(tx, wires)
            return wires.made
        case Kind.HOST:
            hosts = Batch(kind, cast("dict[int, HostSpec]", dict(specs)), mistakes)
            host.create(tx, hosts)
            return hosts.made
        case Kind.NETWORK:
            networks = Batch(kind, cast("dict[int, NetworkSpec]", dict(specs)), mistakes)
            network.create(tx, networks)
            return networks.made
        case Kind.NIC:
            nics = Batch(kind, cast("dict[int, NicSpec]", dict(specs)), mistakes)
            nic.create(tx, nics)
            return nics.made


def create_many(tx: Transaction, kind: Kind, specs: Sequence[Spec]) -> tuple[Object, ...]:
    """Make all of them or none.

    Raises:
        InvalidDocuments: with each mistake and its index.
    """
    mistakes = Mistakes()
    checked = check_all(kind, dict(enumerate(specs)), mistakes)
    made = create_checked(tx, kind, checked, mistakes)
    mistakes.raise_if_any()
    return tuple(made[index] for index in range(len(specs)))


def patch(tx: Transaction, kind: Kind, ref: str, change: Patch, if_generation: int | None) -> Object:
    """Change the fields that the patch names.

    Raises:
        NotFound: there is no such object.
        StaleVersion: its generation is not the one given.
        InvalidInput, Conflict: the change is not possible.
    """
    if not isinstance(change, PATCH_TYPES[kind]):
        raise InvalidInput(f"this changes no {kind.title}", subject="kind")
    current = find(tx.connection, kind, ref, "ref")
    check_generation(current, if_generation)
    fields = {
        name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET
    }
    cleared = frozenset(name for name, value in fields.items() if value is None)
    spec = msgspec.structs.replace(spec_of(current), **fields).checked()
    return revise(tx, current, spec, cleared)


def revise(tx: Transaction, current: Object, spec: Spec, cleared: frozenset[str] = frozenset()) -> Object:
    """Bring an object to a checked spec; the same object comes back when it was so already."""
    wanted = _revised(tx, current, spec, cleared)
    if wanted == current:
        return current
    kind = kind_of_object(current)
    generation = current.generation + 1
    wanted = msgspec.structs.replace(
        wanted,
        generation=generation,
        revision=tx.record(kind, current.id, wanted.name, Action.UPDATED, generation),
        updated_at=tx.at,
    )
    _write(tx, wanted)
    if isinstance(current, Network) and isinstance(wanted, Network):
        _fill_new_family(tx, current, wanted)
    return wanted


def delete(tx: Transaction, kind: Kind, ref: str, if_generation: int | None) -> Object:
    """Delete an object; it comes back as it was last.

    Raises:
        NotFound: there is no such object.
        StaleVersion: its generation is not the one given.
        Conflict: something refers to it (`in-use`), named in the message.
    """
    current = find(tx.connection, kind, ref, "ref")
    check_generation(current, if_generation)
    names, total = users_of(tx.connection, kind, current.id)
    if total:
        more = f" and {total - len(names)} more" if total > len(names) else ""
        raise Conflict(
            f"{kind.title} {current.name!r} is used by {', '.join(names)}{more}",
            code="in-use",
            subject=f"{kind.word}/{current.name}",
            hint="detach or delete them first",
        )
    remove(tx, kind, current.id)
    tx.record(kind, current.id, current.name, Action.DELETED, current.generation)
    return current


def check_generation(current: Object, if_generation: int | None) -> None:
    """Optimistic concurrency: nobody overwrites what they have not seen.

    Raises:
        StaleVersion: with the generation now.
    """
    if if_generation is not None and if_generation != current.generation:
        raise StaleVersion(
            f"generation {if_generation} was given, {current.generation} is there",
            current=current.generation,
            subject=f"{kind_of_object(current).word}/{current.name}",
        )


def _revised(tx: Transaction, current: Object, spec: Spec, cleared: frozenset[str]) -> Object:
    match current, spec:
        case Zone(), ZoneSpec():
            return zone.revise(tx, current, spec, cleared)
        case PhysicalNetwork(), PhysicalNetworkSpec():
            return physical_network.revise(tx, current, spec, cleared)
        case Host(), HostSpec():
            return host.revise(tx, current, spec, cleared)
        case Network(), NetworkSpec():
            return network.revise(tx, current, spec, cleared)
        case Nic(), NicSpec():
            return nic.revise(tx, current, spec, cleared)
        case _:
            raise InvalidInput(f"this is no {kind_of_object(current).title}", subject="kind")


def _write(tx: Transaction, item: Object) -> None:
    networks: dict[Uuid, Network] = {}
    if isinstance(item, Nic):
        found = find(tx.connection, Kind.NETWORK, item.network_id)
        if isinstance(found, Network):
            networks[found.id] = found
    replace(tx, item, networks)


def _fill_new_family(tx: Transaction, before: Network, after: Network) -> None:
    """NICs of a network that got a second CIDR get an address of it."""
    i = tables.nics.c
    for field, old, new in (("ipv4", before.cidr, after.cidr), ("ipv6", before.cidr6, after.cidr6)):
        if old is not None or new is None:
            continue
        ids = tx.connection.execute(select(i.id).where(i.network_id == after.id).order_by(i.number))
        nics = find_by_ids(tx.connection, Kind.NIC, [Uuid(row[0]) for row in ids])
        ordered = sorted((item for item in nics.values() if isinstance(item, Nic)), key=lambda n: n.number)
        for item in nic.fill_addresses(tx, after, field, ordered):
            generation = item.generation + 1
            revision = tx.record(Kind.NIC, item.id, item.name, Action.UPDATED, generation)
            changed = msgspec.structs.replace(
                item, generation=generation, revision=revision, updated_at=tx.at
            )
            replace(tx, changed, {after.id: after})
