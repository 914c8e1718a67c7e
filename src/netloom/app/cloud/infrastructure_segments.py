"""Which segments of physical networks there are, and which networks have them: a page at a time.

Rule 1: a range is never as long here as it is on the wire: what is not on the page is counted, not made.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, func, select

from netloom.app.cloud.physical_networks import dedications
from netloom.app.cloud.work import View
from netloom.model.cloud.infrastructure_ranges import GuestVlanRange
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.objects import Network, PhysicalNetwork
from netloom.model.segments import parse_ranges
from netloom.store import tables
from netloom.store.catalog import networks_on


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of a physical network.

    `native`: the network on the wires that has it; `network`: what the cloud says of that; `kept`: for whom it is kept.
    """

    wires: PhysicalNetwork
    number: int
    native: Network | None = None
    network: GuestNetwork | None = None
    kept: GuestVlanRange | None = None


def segments(
    view: View, carriers: Sequence[PhysicalNetwork], *, only: int | None, offset: int, limit: int
) -> tuple[list[Segment], int]:
    """A page of the segments that physical networks hand out, and how many there are; `only`: this number."""
    page: list[Segment] = []
    total = 0
    for wires in carriers:
        numbers: list[int] = []
        for span in parse_ranges(wires.segments, wires.isolations).ranges:
            first, last = span.first, span.last
            if only is not None:
                first, last = max(first, only), min(last, only)
            if first > last:
                continue
            skip = max(0, offset - total)
            room = limit - len(page) - len(numbers)
            numbers += range(first + skip, min(last, first + skip + room - 1) + 1)
            total += last - first + 1
        page += _filled(view, wires, numbers)
    return page, total


def taken_segments(
    view: View, carriers: Sequence[PhysicalNetwork], *, only: int | None, offset: int, limit: int
) -> tuple[list[Segment], int]:
    """The same of the segments that networks have."""
    n = tables.networks.c
    where: list[ColumnElement[bool]] = [n.physical_network_id.in_([each.id for each in carriers])]
    if only is not None:
        where.append(n.segment == only)
    connection = view.records.connection
    total = connection.execute(select(func.count()).select_from(tables.networks).where(*where)).scalar_one()
    rows = connection.execute(
        select(n.physical_network_id, n.segment)
        .where(*where)
        .order_by(n.physical_network_id, n.segment)
        .limit(limit)
        .offset(offset)
    ).all()
    page: list[Segment] = []
    for wires in carriers:
        page += _filled(view, wires, [row.segment for row in rows if row.physical_network_id == wires.id])
    return page, total


def _filled(view: View, wires: PhysicalNetwork, numbers: Sequence[int]) -> list[Segment]:
    """Segments of one physical network with who has them and for whom they are kept."""
    if not numbers:
        return []
    natives = networks_on(view.records.connection, wires.id, numbers, view.records.known)
    networks = view.records.many(GuestNetwork, [native.id for native in natives.values()])
    first, last = min(numbers), max(numbers)
    kept = [each for each in dedications(view, wires.id) if each.first <= last and each.last >= first]
    return [
        Segment(
            wires=wires,
            number=number,
            native=(native := natives.get(number)),
            network=None if native is None else networks.get(native.id),
            kept=next((each for each in kept if each.first <= number <= each.last), None),
        )
        for number in numbers
    ]
