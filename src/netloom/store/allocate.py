"""Choose segment ids, addresses and MACs by what is free now; uniqueness itself is a constraint's affair.

Rule 1: nothing is pre-filled and nothing is scanned whole: a window of what is used is read behind the last choice, and a
dense stretch is jumped over by one indexed query.
Rule 2: next fit: what was freed just now is chosen last, so that a late packet does not reach its new owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from netloom.base.net import IPNetwork
from netloom.model.addressing import nic_range
from netloom.model.isolation import Isolation
from netloom.model.segments import SegmentRanges
from netloom.store import tables
from netloom.store.transaction import Transaction

_WINDOW = 32
_MAX_WINDOW = 8_192


class Range(Protocol):
    """Numbers from `first` to `last`, both included."""

    @property
    def first(self) -> int:
        """The smallest."""
        ...

    @property
    def last(self) -> int:
        """The largest."""
        ...


class Column64:
    """A column of whole numbers whose values are unique within some rows; its statements are made once.

    Args:
        table: where it stands.
        name: the column.
        rows: the conditions that pick the rows, any of which will do, with parameters, for the table or an alias of it.

    What is asked of the column stands beside each of the conditions: so each is one search in an index that has both.
    """

    def __init__(
        self, table: Table, name: str, rows: Callable[[FromClause], Sequence[ColumnElement[bool]]]
    ) -> None:
        column = table.c[name]
        mine, theirs = table.alias("mine"), table.alias("theirs")
        neighbour = select(1).where(_any(rows(theirs), theirs.c[name] == mine.c[name] + 1))
        first: BindParameter[int] = bindparam("first")
        last: BindParameter[int] = bindparam("last")
        self.used = select(column).where(_any(rows(table), column.between(first, last)))
        title: Column[Any] = table.c.get("name", table.c.id)
        self.holder = select(table.c.id, title).where(_any(rows(table), column == first)).limit(1)
        self.largest = select(func.max(column)).where(_any(rows(table)))
        self.gap = (
            select(mine.c[name] + 1)
            .where(_any(rows(mine), mine.c[name] >= first, mine.c[name] < last), ~neighbour.exists())
            .order_by(mine.c[name])
            .limit(1)
        )


@dataclass(frozen=True, slots=True)
class Pool:
    """The values of a column in the rows that `where` picks; `key` names it among the hints."""

    key: tuple[str, str]
    column: Column64
    where: Mapping[str, str]

    def used(self, connection: Connection, first: int, last: int) -> set[int]:
        """The values used in a window."""
        rows = connection.execute(self.column.used, {**self.where, "first": first, "last": last})
        return {row[0] for row in rows}

    def holder(self, connection: Connection, value: int) -> tuple[str, str] | None:
        """Id and name of who has a value; the id twice where there are no names."""
        row = connection.execute(self.column.holder, {**self.where, "first": value}).first()
        return None if row is None else (row[0], row[1])

    def last_used(self, connection: Connection) -> int | None:
        """The largest value used."""
        largest: int | None = connection.execute(self.column.largest, dict(self.where)).scalar_one()
        return largest

    def gap(self, connection: Connection, used: int, last: int) -> int | None:
        """The first free value behind a used one, up to `last`."""
        found: int | None = connection.execute(
            self.column.gap, {**self.where, "first": used, "last": last}
        ).scalar_one_or_none()
        return found


def choose(
    connection: Connection, pool: Pool, ranges: Iterable[Range], count: int, avoid: set[int]
) -> list[int]:
    """Up to `count` free values from the ranges, in their order; fewer when there are no more."""
    chosen: list[int] = []
    for r in ranges:
        position = r.first
        window = min(max(_WINDOW, 2 * (count - len(chosen))), _MAX_WINDOW)
        while position <= r.last and len(chosen) < count:
            end = min(position + window - 1, r.last)
            used = pool.used(connection, position, end)
            for value in range(position, end + 1):
                if value not in used and value not in avoid:
                    chosen.append(value)
                    if len(chosen) == count:
                        return chosen
            if end in used and end < r.last:
                gap = pool.gap(connection, end, r.last)
                if gap is None:
                    break
                position = gap
            else:
                position = end + 1
        if len(chosen) == count:
            break
    return chosen


_VLAN: ColumnElement[str] = literal_column(f"'{Isolation.VLAN.value}'")


def _any(rows: Sequence[ColumnElement[bool]], *beside: ColumnElement[bool]) -> ColumnElement[bool]:
    """Any of the conditions, each with what stands beside it."""
    return or_(*(and_(each, *beside) for each in rows))


def _in_the_way(table: FromClause) -> Sequence[ColumnElement[bool]]:
    same_zone = and_(
        table.c.zone_id == bindparam("zone"),
        table.c.isolation == bindparam("isolation"),
        table.c.isolation
        != _VLAN,  # true of all that have the scope of a zone; says that their index will do
    )
    return (table.c.physical_network_id == bindparam("wires"), same_zone)


def _of_network(table: FromClause) -> Sequence[ColumnElement[bool]]:
    return (table.c.network_id == bindparam("network"),)


_SEGMENTS = Column64(tables.networks, "segment", _in_the_way)
_ADDRESSES = {
    4: Column64(tables.nics, "ipv4_offset", _of_network),
    6: Column64(tables.nics, "ipv6_offset", _of_network),
}


def segment_pool(zone_id: str, physical_network_id: str, isolation: Isolation) -> Pool:
    """Segments in the way of a new network: those of its physical network, and of its zone in the same encapsulation.

    A VLAN is a label on the wires of one physical network: others of the zone are not in its way.
    """
    scope = zone_id if isolation.is_tunnel else ""
    return Pool(
        (physical_network_id, isolation.value),
        _SEGMENTS,
        {"zone": scope, "wires": physical_network_id, "isolation": isolation.value},
    )


def choose_segments(
    tx: Transaction, pool: Pool, ranges: SegmentRanges, count: int, avoid: set[int]
) -> list[int]:
    """Free segments; fewer than asked when the ranges are exhausted."""
    hint = tx.hint(pool.key)
    if hint is None:
        used = pool.last_used(tx.connection)
        hint = ranges.ranges[0].first if used is None else used + 1
    chosen = choose(tx.connection, pool, ranges.from_hint(hint), count, avoid)
    if chosen:
        tx.leave_hint(pool.key, chosen[-1] + 1)
    return chosen


def address_pool(network_id: str, version: int) -> Pool:
    """The addresses of one family in a network, as offsets."""
    return Pool((network_id, f"ipv{version}"), _ADDRESSES[version], {"network": network_id})


def choose_addresses(
    tx: Transaction, network_id: str, network: IPNetwork, count: int, avoid: set[int]
) -> Sequence[str]:
    """Free addresses; fewer than asked when the network is full."""
    pool = address_pool(network_id, network.version)
    span = nic_range(network)
    hint = tx.hint(pool.key)
    if hint is None:
        used = pool.last_used(tx.connection)
        hint = span.first if used is None or used >= span.last else used + 1
    if hint > span.last:
        hint = span.first
    chosen = choose(tx.connection, pool, span.from_hint(hint), count, avoid)
    if chosen:
        tx.leave_hint(pool.key, chosen[-1] + 1)
    base = network.network_address
    return [str(base + offset) for offset in chosen]
