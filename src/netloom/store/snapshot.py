"""Bulk reads for the planner: everything at one revision, then what changed since, each object as it is now.

Rule 1: a change says *look again*: an object that changed ten times is read once.
Rule 2: reading everything must be cheap, because it is what makes a restart and a lost watcher harmless.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from netloom.base.ids import Uuid
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object, PhysicalNetwork, Zone
from netloom.store import tables
from netloom.store.catalog import all_of, find_by_ids
from netloom.store.changelog import read_changes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All intent as it was at a revision, each kind in the order of numbers."""

    revision: int
    zones: tuple[Zone, ...]
    physical_networks: tuple[PhysicalNetwork, ...]
    hosts: tuple[Host, ...]
    networks: tuple[Network, ...]
    nics: tuple[Nic, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed up to a revision: the objects as they are now, and which are gone. Kinds come in dependency order.

    `more`: there is more to read at once, from `revision` on.
    """

    revision: int
    objects: tuple[Object, ...]
    gone: tuple[tuple[Kind, Uuid], ...]
    more: bool


def read_all(connection: Connection) -> Snapshot:
    """Everything."""
    return Snapshot(
        connection.execute(select(tables.counters.c.revision)).scalar_one(),
        tuple(item for item in all_of(connection, Kind.ZONE) if isinstance(item, Zone)),
        tuple(
            item for item in all_of(connection, Kind.PHYSICAL_NETWORK) if isinstance(item, PhysicalNetwork)
        ),
        tuple(item for item in all_of(connection, Kind.HOST) if isinstance(item, Host)),
        tuple(item for item in all_of(connection, Kind.NETWORK) if isinstance(item, Network)),
        tuple(item for item in all_of(connection, Kind.NIC) if isinstance(item, Nic)),
    )


def read_changed(connection: Connection, since: int, limit: int) -> Changed:
    """What changed after a revision, at most `limit` changes.

    Raises:
        RevisionCompacted: read everything again.
    """
    changes = read_changes(connection, since, limit)
    touched: dict[Kind, dict[Uuid, None]] = {kind: {} for kind in Kind}
    for change in changes:
        touched[change.kind][change.id] = None
    objects: list[Object] = []
    gone: list[tuple[Kind, Uuid]] = []
    for kind, ids in touched.items():
        found = find_by_ids(connection, kind, list(ids))
        objects += sorted(found.values(), key=lambda item: item.number)
        gone += [(kind, item_id) for item_id in ids if item_id not in found]
    revision = changes[-1].revision if changes else since
    return Changed(revision, tuple(objects), tuple(gone), len(changes) == limit)
