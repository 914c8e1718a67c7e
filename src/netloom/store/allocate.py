"""Choose segment ids, addresses and MACs by what is free now; uniqueness itself is a constraint's affair.

Rule 1: nothing is pre-filled and nothing is scanned whole: a window of what is used is read behind the last choice, and a
dense stretch is jumped over by one indexed query.
Rule 2: next fit: what was freed just now is chosen last, so that a late packet does not reach its new owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Table, and_, func, or_, select

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


@dataclass(frozen=True, slots=True)
class Pool:
    """A column whose values within some rows are unique; `key` names it among the hints."""

    key: tuple[str, str]
    table: Table
    column: Column[int]
    rows: Callable[[FromClause], ColumnElement[bool]]

    def used(self, connection: Connection, first: int, last: int) -> set[int]:
        """The values used in a window."""
        within = self.rows(self.table)
        rows = connection.execute(select(self.column).where(within, self.column.between(first, last)))
        return {row[0] for row in rows}

    def last_used(self, connection: Connection) -> int | None:
        """The largest value used."""
        largest: int | None = connection.execute(
            select(func.max(self.column)).where(self.rows(self.table))
        ).scalar_one()
        return largest

    def gap(self, connection: Connection, used: int, last: int) -> int | None:
        """The first free value behind a used one, up to `last`."""
        mine, theirs = self.table.alias("mine"), self.table.alias("theirs")
        name = self.column.name
        neighbour = select(1).where(self.rows(theirs), theirs.c[name] == mine.c[name] + 1)
        statement = (
            select(mine.c[name] + 1)
            .where(self.rows(mine), mine.c[name].between(used, last - 1), ~neighbour.exists())
            .order_by(mine.c[name])
            .limit(1)
        )
        found: int | None = connection.execute(statement).scalar_one_or_none()
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


def segment_pool(zone_id: str, physical_network_id: str, isolation: Isolation) -> Pool:
    """Segments in the way of a new network: those of its physical network, and of its zone in the same encapsulation."""

    def rows(table: FromClause) -> ColumnElement[bool]:
        same_zone = and_(table.c.zone_id == zone_id, table.c.isolation == isolation.value)
        return or_(table.c.physical_network_id == physical_network_id, same_zone)

    return Pool((physical_network_id, isolation.value), tables.networks, tables.networks.c.segment, rows)


def choose_segments(
    tx: Transaction, pool: Pool, ranges: SegmentRanges, count: int, avoid: set[int]
) -> list[int]:
    """Free segments; fewer than asked when the ranges are exhausted."""
    hint = tx.hints.get(pool.key)
    if hint is None:
        used = pool.last_used(tx.connection)
        hint = ranges.ranges[0].first if used is None else used + 1
    chosen = choose(tx.connection, pool, ranges.from_hint(hint), count, avoid)
    if chosen:
        tx.hints.put(pool.key, chosen[-1] + 1)
    return chosen


def address_pool(network_id: str, version: int) -> Pool:
    """The addresses of one family in a network, as offsets."""
    i = tables.nics.c
    column = i.ipv4_offset if version == 4 else i.ipv6_offset

    def rows(table: FromClause) -> ColumnElement[bool]:
        return table.c.network_id == network_id

    return Pool((network_id, f"ipv{version}"), tables.nics, column, rows)


def choose_addresses(
    tx: Transaction, network_id: str, network: IPNetwork, count: int, avoid: set[int]
) -> Sequence[str]:
    """Free addresses; fewer than asked when the network is full."""
    pool = address_pool(network_id, network.version)
    span = nic_range(network)
    hint = tx.hints.get(pool.key)
    if hint is None:
        used = pool.last_used(tx.connection)
        hint = span.first if used is None or used >= span.last else used + 1
    if hint > span.last:
        hint = span.first
    chosen = choose(tx.connection, pool, span.from_hint(hint), count, avoid)
    if chosen:
        tx.hints.put(pool.key, chosen[-1] + 1)
    base = network.network_address
    return [str(base + offset) for offset in chosen]
