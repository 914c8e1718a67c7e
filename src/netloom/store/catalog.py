"""Find, add, replace and remove objects.

Rule 1: these functions move rows; what is allowed is decided before, by the use cases.
Rule 2: many are done in few statements: names and ids go in chunks that both databases take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from netloom.base.errors import NotFound
from netloom.base.ids import Uuid, is_uuid
from netloom.model.kinds import Kind
from netloom.model.objects import Network, Nic, Object, kind_of_object
from netloom.store import tables
from netloom.store.cloud.known import Known
from netloom.store.cloud.users import users_in_cloud
from netloom.store.lookup import CHUNK, Lookup, chunks
from netloom.store.rows import (
    TABLES,
    make_object,
    nic_row,
    select_objects,
    surroundings,
    to_row,
)
from netloom.store.transaction import Transaction

_BY_ID = {kind: Lookup(select_objects(kind), table.c.id) for kind, table in TABLES.items()}
_BY_NAME = {kind: Lookup(select_objects(kind), table.c.name) for kind, table in TABLES.items()}
_NAMES = {kind: Lookup(select(table.c.name), table.c.name) for kind, table in TABLES.items()}
_ON_SEGMENTS = Lookup(
    select_objects(Kind.NETWORK).where(tables.networks.c.physical_network_id == bindparam("wires")),
    tables.networks.c.segment,
)
_INSERTS = {kind: insert(table) for kind, table in TABLES.items()}
_IDENTITIES = Lookup(select(tables.nics.c.identity, tables.nics.c.name), tables.nics.c.identity)
_IN_NETWORK = {
    column: Lookup(
        select(tables.nics.c[column], tables.nics.c.name).where(
            tables.nics.c.network_id == bindparam("network")
        ),
        tables.nics.c[column],
    )
    for column in ("mac", "ipv4", "ipv6")
}


def find(connection: Connection, kind: Kind, ref: str, subject: str | None = None) -> Object:
    """The object with this name or id.

    Raises:
        NotFound: there is none.
    """
    wanted = ref.lower() if is_uuid(ref) else ref
    found = find_many(connection, kind, [wanted])
    if wanted not in found:
        raise not_found(kind, ref, subject)
    return found[wanted]


def recall(connection: Connection, known: Known, kind: Kind, ref: str, subject: str | None = None) -> Object:
    """As `find`, for what may have been asked already: zones and physical networks.

    Raises:
        NotFound: there is none.
    """
    wanted = ref.lower() if is_uuid(ref) else ref
    known.look(connection)
    found = known.natives.get((kind, wanted))
    if found is None:
        found = known.natives[kind, wanted] = find(connection, kind, ref, subject)
    return found


def recall_all(connection: Connection, known: Known, kind: Kind) -> list[Object]:
    """As `all_of`, for what may have been asked already: zones and physical networks."""
    known.look(connection)
    if kind not in known.every:
        known.every[kind] = all_of(connection, kind)
    return list(known.every[kind])


def not_found(kind: Kind, ref: str, subject: str | None = None) -> NotFound:
    """The error for a reference that leads nowhere."""
    return NotFound(
        f"there is no {kind.title} {ref!r}",
        code=f"{kind.word.replace('_', '-')}-not-found",
        subject=subject or kind.word,
    )


def find_many(
    connection: Connection, kind: Kind, refs: Iterable[str], known: Known | None = None
) -> dict[str, Object]:
    """The objects with these names or ids, by the reference used; those that are missing are left out.

    `known`: what was asked already of what they stand in.
    """
    ids: list[str] = []
    names: list[str] = []
    for ref in dict.fromkeys(refs):
        if ref.isprintable():  # nothing is called otherwise, and PostgreSQL takes no NUL
            (ids if is_uuid(ref) else names).append(ref)
    if not ids and not names:
        return {}
    around = surroundings(connection, kind, known)
    found: dict[str, Object] = {}
    for lookup, values in ((_BY_ID[kind], ids), (_BY_NAME[kind], names)):
        for row in lookup.rows(connection, values) if values else ():
            item = make_object(kind, row, around)
            found[item.id if values is ids else item.name] = item
    return found


def recall_many(tx: Transaction, kind: Kind, refs: Iterable[str]) -> dict[str, Object]:
    """As `find_many`, for references of new objects: what other units of the same commit have found is not asked again."""
    wanted = dict.fromkeys(refs)
    natives = tx.known.natives
    known = {ref: item for ref in wanted if (item := natives.get((kind, ref))) is not None}
    if len(known) < len(wanted):
        fresh = find_many(tx.connection, kind, [ref for ref in wanted if ref not in known], tx.known)
        natives.update(((kind, ref), item) for ref, item in fresh.items())
        known |= fresh
    return known


def find_by_ids(
    connection: Connection, kind: Kind, ids: Sequence[Uuid], known: Known | None = None
) -> dict[Uuid, Object]:
    """The objects with these ids that are there; `known` as for `find_many`."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    around = surroundings(connection, kind, known)
    rows = _BY_ID[kind].rows(connection, wanted)
    return {item.id: item for item in (make_object(kind, row, around) for row in rows)}


def networks_on(
    connection: Connection, wires_id: Uuid, segments: Sequence[int], known: Known | None = None
) -> dict[int, Network]:
    """The networks that have these segments of a physical network, by segment; `known` as for `find_many`."""
    around = surroundings(connection, Kind.NETWORK, known)
    made = (
        make_object(Kind.NETWORK, row, around)
        for row in _ON_SEGMENTS.rows(connection, segments, {"wires": wires_id})
    )
    return {item.segment: item for item in made if isinstance(item, Network)}


def all_of(connection: Connection, kind: Kind) -> list[Object]:
    """All objects of a kind, in the order of their numbers."""
    around = surroundings(connection, kind)
    statement = select_objects(kind).order_by(TABLES[kind].c.number)
    return [make_object(kind, row, around) for row in connection.execute(statement)]


def count(connection: Connection, kind: Kind) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(TABLES[kind])).scalar_one()


def add(tx: Transaction, items: Sequence[Object], networks: dict[Uuid, Network] | None = None) -> None:
    """Insert objects of one kind; NICs need their networks, by id."""
    if not items:
        return
    kind = kind_of_object(items[0])
    tx.known.forget_native(kind)
    tx.connection.execute(_INSERTS[kind], [_row(item, networks or {}) for item in items])


def replace(tx: Transaction, item: Object, networks: dict[Uuid, Network] | None = None) -> None:
    """Write all columns of an object that is there."""
    kind = kind_of_object(item)
    table = TABLES[kind]
    tx.known.forget_native(kind)
    tx.connection.execute(update(table).where(table.c.id == item.id).values(_row(item, networks or {})))


def remove(tx: Transaction, kind: Kind, item_id: Uuid) -> None:
    """Delete an object; what refers to it has to be gone."""
    table = TABLES[kind]
    tx.known.forget_native(kind)
    tx.connection.execute(delete(table).where(table.c.id == item_id))


def users_of(connection: Connection, kind: Kind, item_id: Uuid, limit: int = 5) -> tuple[list[str], int]:
    """Who refers to an object, the cloud's records among them: the first few as `nic/name`, and how many there are."""
    names: list[str] = []
    total = 0
    for user, column in _USERS[kind]:
        table = TABLES[user]
        where = table.c[column] == item_id
        number = connection.execute(select(func.count()).select_from(table).where(where)).scalar_one()
        total += number
        if number and len(names) < limit:
            rows = connection.execute(
                select(table.c.name).where(where).order_by(table.c.number).limit(limit - len(names))
            )
            names += [f"{user.word}/{row[0]}" for row in rows]
    if kind is Kind.PHYSICAL_NETWORK:
        hosts = tables.hosts.c
        where = hosts.uplinks.contains(item_id, autoescape=True)
        linked = [
            f"host/{row[0]}"
            for row in connection.execute(select(hosts.name).where(where).order_by(hosts.number))
        ]
        names += linked[: max(0, limit - len(names))]
        total += len(linked)
    records, more = users_in_cloud(connection, TABLES[kind].name, item_id, limit - len(names))
    return names + records, total + more


_USERS: dict[Kind, tuple[tuple[Kind, str], ...]] = {
    Kind.ZONE: ((Kind.PHYSICAL_NETWORK, "zone_id"), (Kind.HOST, "zone_id"), (Kind.NETWORK, "zone_id")),
    Kind.PHYSICAL_NETWORK: ((Kind.NETWORK, "physical_network_id"),),
    Kind.HOST: ((Kind.NIC, "host_id"),),
    Kind.NETWORK: ((Kind.NIC, "network_id"),),
    Kind.NIC: (),
}


def taken_names(connection: Connection, kind: Kind, names: Sequence[str]) -> set[str]:
    """Which of these names exist."""
    return {row[0] for row in _NAMES[kind].rows(connection, names)}


def taken_identities(connection: Connection, identities: Sequence[str]) -> dict[str, str]:
    """Which of these identities exist, and the names of the NICs that have them."""
    return {row[0]: row[1] for row in _IDENTITIES.rows(connection, identities)}


def taken_in_network(
    connection: Connection, network_id: str, column: str, values: Sequence[str]
) -> dict[str, str]:
    """Which values of `mac`, `ipv4` or `ipv6` exist in a network, and the names of the NICs that have them."""
    rows = _IN_NETWORK[column].rows(connection, values, {"network": network_id})
    return {row[0]: row[1] for row in rows}


def taken_devices(connection: Connection, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Which (host id, device) exist, and the names of the NICs that have them."""
    i = tables.nics.c
    taken: dict[tuple[str, str], str] = {}
    for chunk in chunks(places, CHUNK // 5):
        where = or_(*((i.host_id == host) & (i.device == device) for host, device in chunk))
        rows = connection.execute(select(i.host_id, i.device, i.name).where(where))
        taken.update(((row[0], row[1]), row[2]) for row in rows)
    return taken


def _row(item: Object, networks: dict[Uuid, Network]) -> dict[str, str | int | bool | None]:
    if isinstance(item, Nic):
        network = networks[item.network_id]
        return nic_row(item, network.cidr, network.cidr6)
    return to_row(item)
