"""Bulk reads for the planner: everything at one revision, then what changed since, each object as it is now.

Rule 1: a change says *look again*: an object that changed ten times is read once.
Rule 2: reading everything must be cheap, because it is what makes a restart and a lost watcher harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from netloom.base.ids import Uuid
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object, PhysicalNetwork, Zone
from netloom.store import tables
from netloom.store.catalog import all_of, find_by_ids
from netloom.store.changelog import read_touched
from netloom.store.cloud.filters import LOG_WORD, GroupRules, read_groups, read_nic_groups
from netloom.store.cloud.secondaries import read_secondaries


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All intent as it was at a revision, each kind in the order of numbers; `nic_groups`: NICs that are filtered;
    `secondaries`: further addresses of NICs.
    """

    revision: int
    zones: tuple[Zone, ...]
    physical_networks: tuple[PhysicalNetwork, ...]
    hosts: tuple[Host, ...]
    networks: tuple[Network, ...]
    nics: tuple[Nic, ...]
    nic_groups: Mapping[Uuid, tuple[int, ...]] = field(default_factory=dict)
    groups: tuple[GroupRules, ...] = ()
    secondaries: Mapping[Uuid, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed up to a revision: the objects as they are now, and which are gone. Kinds come in dependency order.

    `more`: there is more to read at once, from `revision` on. `nic_groups`: the security groups of those NICs that are
    filtered; `groups`: groups that changed; `secondaries`: further addresses of those NICs.
    """

    revision: int
    objects: tuple[Object, ...]
    gone: tuple[tuple[Kind, Uuid], ...]
    more: bool
    nic_groups: Mapping[Uuid, tuple[int, ...]] = field(default_factory=dict)
    groups: tuple[GroupRules, ...] = ()
    groups_gone: tuple[Uuid, ...] = ()
    secondaries: Mapping[Uuid, tuple[str, ...]] = field(default_factory=dict)


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
        read_nic_groups(connection),
        tuple(read_groups(connection)),
        read_secondaries(connection),
    )


def read_changed(connection: Connection, since: int, limit: int) -> Changed:
    """What changed after a revision, at most `limit` changes.

    Raises:
        RevisionCompacted: read everything again.
    """
    log = read_touched(connection, since, limit)
    touched: dict[str, dict[Uuid, None]] = {word: {} for word in (*(kind.value for kind in Kind), LOG_WORD)}
    for _, word, item_id in log:
        touched[word][item_id] = None
    objects: list[Object] = []
    gone: list[tuple[Kind, Uuid]] = []
    for kind in Kind:
        ids = touched[kind.value]
        found = find_by_ids(connection, kind, list(ids))
        objects += sorted(found.values(), key=lambda item: item.number)
        gone += [(kind, item_id) for item_id in ids if item_id not in found]
    nics = list(touched[Kind.NIC.value])
    groups = read_groups(connection, touched[LOG_WORD]) if touched[LOG_WORD] else []
    present = {found.group.id for found in groups}
    return Changed(
        log[-1][0] if log else since,
        tuple(objects),
        tuple(gone),
        len(log) == limit,
        read_nic_groups(connection, nics) if nics else {},
        tuple(groups),
        tuple(group_id for group_id in touched[LOG_WORD] if group_id not in present),
        read_secondaries(connection, nics) if nics else {},
    )
