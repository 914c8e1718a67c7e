"""How much of what a zone hands out is left: public addresses, addresses of shared networks, segments.

Processors, memory and disks are not netloom's to count: hypervisors know them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec
from sqlalchemy import func, select

from netloom.app.cloud.infrastructure import physical_networks
from netloom.app.cloud.work import View
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.instances import InstanceNic
from netloom.model.objects import Zone
from netloom.model.segments import parse_ranges
from netloom.store import tables
from netloom.store.cloud.records import columns


class CapacityKind(enum.Enum):
    """What is counted, by CloudStack's numbers."""

    PUBLIC_ADDRESSES = 4
    SEGMENTS = 7
    SHARED_ADDRESSES = 8


WORDS = {
    CapacityKind.PUBLIC_ADDRESSES: "VIRTUAL_NETWORK_PUBLIC_IP",
    CapacityKind.SEGMENTS: "VLAN",
    CapacityKind.SHARED_ADDRESSES: "DIRECT_ATTACHED_PUBLIC_IP",
}


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """How much of one thing a zone has, and how much of it is taken."""

    zone: Zone
    kind: CapacityKind
    total: int
    used: int

    @property
    def percent(self) -> float:
        """How much of it is taken, 0 to 100."""
        return 100 * self.used / self.total if self.total else 0.0


def capacities(view: View, zones: Iterable[Zone]) -> list[Capacity]:
    """What each zone has and has left."""
    return [
        Capacity(zone=zone, kind=kind, total=total, used=used)
        for zone in zones
        for kind, (total, used) in (
            (CapacityKind.PUBLIC_ADDRESSES, _public(view, zone)),
            (CapacityKind.SEGMENTS, _segments(view, zone)),
            (CapacityKind.SHARED_ADDRESSES, _shared(view, zone)),
        )
    ]


def _public(view: View, zone: Zone) -> tuple[int, int]:
    c, p = columns(PublicRange), columns(PublicIp)
    ranges = view.records.select(PublicRange, c.zone_id == zone.id, c.network_id.is_(None))
    used = view.records.count(PublicIp, p.zone_id == zone.id, p.portable.is_(False))
    return _length(ranges), used


def _shared(view: View, zone: Zone) -> tuple[int, int]:
    c, n = columns(PublicRange), columns(InstanceNic)
    ranges = view.records.select(PublicRange, c.zone_id == zone.id, c.network_id.is_not(None))
    networks = {each.network_id for each in ranges if each.network_id is not None}
    used = view.records.count(InstanceNic, n.network_id.in_(networks), n.ipv4.is_not(None))
    return _length(ranges), used


def _segments(view: View, zone: Zone) -> tuple[int, int]:
    n = tables.networks.c
    total = used = 0
    for wires in physical_networks(view, zone.id):
        ranges = parse_ranges(wires.segments, wires.isolations).ranges
        total += sum(each.last - each.first + 1 for each in ranges)
        for each in ranges:
            inside = (n.physical_network_id == wires.id, n.segment >= each.first, n.segment <= each.last)
            count = select(func.count()).select_from(tables.networks).where(*inside)
            used += view.records.connection.execute(count).scalar_one()
    return total, used


def _length(ranges: Iterable[PublicRange]) -> int:
    """Addresses of IPv4: those of IPv6 are more than anybody counts."""
    return sum(len(each.v4) for each in ranges if each.v4 is not None)
