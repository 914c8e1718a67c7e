"""Public addresses that nobody has: counted, listed and named without a row for any of them.

Rule 1: what is free follows from the ranges and the rows of what is taken; a free one's id is made from its range and place.
Rule 2: a caller sees free those of ranges that are everybody's or its own domain's; the root administrator sees all.
"""

from __future__ import annotations

import ipaddress

import msgspec

from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, NotFound
from netloom.base.ids import PhysicalNetworkId, Uuid, ZoneId
from netloom.model.cloud.addresses import PublicIp, free_id, free_position
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.store.cloud.records import Where, columns


class FreeIp(msgspec.Struct, frozen=True, kw_only=True):
    """An address that nobody has, and where it is from."""

    id: Uuid
    address: str
    range_id: Uuid
    zone_id: ZoneId
    physical_network_id: PhysicalNetworkId
    vlan: str
    for_system: bool


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which free addresses; None: any."""

    zone_id: Uuid | None = None
    range_id: Uuid | None = None
    address: str | None = None
    for_system: bool | None = None


def list_free(view: View, wanted: Filter, offset: int, limit: int) -> tuple[list[FreeIp], int]:
    """A part of the free addresses, in the order of ranges and addresses, and how many there are in all."""
    found: list[FreeIp] = []
    total = 0
    for span in _ranges(view, wanted):
        if span.v4 is None:
            continue
        first, last = span.v4.positions
        if wanted.address is not None:
            at = _position(span, wanted.address)
            if at is None:
                continue
            first = last = at
        c = columns(PublicIp)
        where = [c.range_id == span.id, c.position >= first, c.position <= last]
        count = last - first + 1 - view.records.count(PublicIp, *where)
        if found or offset < total + count:
            skip = max(0, offset - total)
            found += _some(view, span, (first, last), skip, limit - len(found))
        total += count
    return found, total


def find_free(view: View, ip_id: Uuid) -> FreeIp:
    """The free address of an id that a list told.

    Raises:
        NotFound: no range makes such an id, or somebody has the address.
    """
    for span in _ranges(view, Filter()):
        position = free_position(span.id, ip_id)
        if span.v4 is None or not span.v4.positions[0] <= position <= span.v4.positions[1]:
            continue
        c = columns(PublicIp)
        if not view.records.exists(PublicIp, c.range_id == span.id, c.position == position):
            return _free(span, position)
    raise NotFound(
        f"there is no public address {ip_id!r}",
        code="public-ip-not-found",
        subject="id",
        hint="an id of a free one, as listPublicIpAddresses shows them",
    )


def find_free_address(view: View, address: str, zone_id: Uuid | None) -> FreeIp:
    """The free address that is written so.

    Raises:
        NotFound: no range of the zone (of any zone, when none is named) has it, or somebody has it.
        Conflict: ranges of several zones have it (`ambiguous-name`).
    """
    found, count = list_free(view, Filter(zone_id=zone_id, address=address), 0, 1)
    if count > 1:
        raise Conflict(
            f"{count} zones have the address {address[:64]!r}",
            code="ambiguous-name",
            subject="zoneid",
            hint="name the zone",
        )
    if not found:
        raise NotFound(
            f"{address[:64]!r} is no free public address",
            code="public-ip-not-found",
            subject="address",
            hint="an address of a public range that nobody has",
        )
    return found[0]


def _ranges(view: View, wanted: Filter) -> list[PublicRange]:
    c = columns(PublicRange)
    where: list[Where] = [c.network_id.is_(None)]
    if wanted.zone_id is not None:
        where.append(c.zone_id == wanted.zone_id)
    if wanted.range_id is not None:
        where.append(c.id == wanted.range_id)
    if wanted.for_system is not None:
        where.append(c.for_system.is_(wanted.for_system))
    caller = view.caller
    return [
        span
        for span in view.records.select(PublicRange, *where)
        if caller.is_root
        or (
            span.account_id in (None, caller.account_id)
            and span.domain_id in (None, caller.domain_id)
            and not span.for_system
        )
    ]


def _position(span: PublicRange, text: str) -> int | None:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return None
    if span.v4 is None:
        return None
    first, last = span.v4.positions
    position = int(address) - int(span.v4.subnet.network_address)
    return position if first <= position <= last else None


def _some(view: View, span: PublicRange, bounds: tuple[int, int], skip: int, limit: int) -> list[FreeIp]:
    """Free addresses of a range, behind the first `skip` of them: by the gaps between those that are taken."""
    c = columns(PublicIp)
    first, last = bounds
    taken = view.records.values(
        PublicIp, "position", c.range_id == span.id, c.position >= first, c.position <= last
    )
    found: list[FreeIp] = []
    at = first
    for stop in (*sorted(taken), last + 1):
        gap = stop - at
        start, skip = at + min(skip, gap), max(0, skip - gap)
        for position in range(start, stop):
            if len(found) >= limit:
                return found
            found.append(_free(span, position))
        at = stop + 1
    return found


def _free(span: PublicRange, position: int) -> FreeIp:
    address = "" if span.v4 is None else span.v4.address(position)
    return FreeIp(
        id=free_id(span.id, position),
        address=address,
        range_id=span.id,
        zone_id=span.zone_id,
        physical_network_id=span.physical_network_id,
        vlan=span.vlan,
        for_system=span.for_system,
    )
