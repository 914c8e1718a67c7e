"""Where a new network is: its zone, the wires that carry it, and a segment that is not kept for somebody else.

Rule 1: a zone or physical network that takes nothing new is refused here; root administrators may use such a zone.
Rule 2: segments that are kept for an account are its own first; those kept for others are nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable

from netloom.app.cloud import configuration
from netloom.app.cloud.infrastructure import (
    physical_network,
    physical_networks,
    wires_facet,
    wires_for,
    zone_facet,
    zone_seen,
    zones_seen,
)
from netloom.app.cloud.physical_networks import dedications, others_segments, own_segments
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Domain, is_under
from netloom.model.cloud.infrastructure import ZoneFacet
from netloom.model.cloud.offerings import NetworkOffering, Traffic
from netloom.model.cloud.words import Allocation
from netloom.model.isolation import Isolation
from netloom.model.objects import PhysicalNetwork, Zone
from netloom.model.segments import SegmentRange, SegmentRanges, parse_ranges
from netloom.store.allocate import choose_segments, segment_pool


def zone_for(view: View, zone_id: Uuid, owner: Account) -> tuple[Zone, ZoneFacet]:
    """The zone of a new network, and the rest of it.

    Raises:
        NotFound: there is none.
        Conflict: it takes nothing new, or is dedicated to others (`zone-disabled`, `zone-dedicated`).
    """
    place = zone_seen(view, zone_id)
    facet = zone_facet(view, place.id)
    if facet.allocation is Allocation.DISABLED and not view.caller.is_root:
        raise Conflict(
            f"zone {place.name!r} ({place.id}) takes nothing new",
            code="zone-disabled",
            subject="zoneid",
            hint="use another zone, or have an administrator enable it",
        )
    if facet.domain_id is not None and not view.caller.is_root:
        theirs = view.records.get(Domain, facet.domain_id)
        mine = view.records.get(Domain, owner.domain_id)
        if theirs is None or mine is None or not is_under(mine.path, theirs.path):
            raise Conflict(
                f"zone {place.name!r} ({place.id}) is dedicated to another domain",
                code="zone-dedicated",
                subject="zoneid",
                hint="use another zone",
            )
    return place, facet


def only_zone(view: View) -> Uuid:
    """The zone that is meant when none is named: the only one that the caller may use.

    Raises:
        InvalidInput: there are several, or none (`zone-unclear`).
    """
    there = [place for place, _ in zones_seen(view)]
    if len(there) == 1:
        return Uuid(there[0].id)
    names = ", ".join(f"{each.name} ({each.id})" for each in there)
    raise InvalidInput(
        "which zone is not said" if there else "there is no zone that could be used",
        code="zone-unclear",
        subject="zoneid",
        hint=f"one of {names}" if there else "have an administrator make or enable one",
    )


Designed = Callable[[PhysicalNetwork], bool]
"""Whether a guru would design the network on these wires so that they can carry it."""


def wires_of(
    view: View, place: Zone, asked: Uuid | None, offering: NetworkOffering, designed: Designed
) -> PhysicalNetwork:
    """The physical network of a new network: the one that is named, or the only one that fits.

    Tags are there to be asked for: an offering without any takes the only one without, be there others with tags besides.
    Where several would do, it is the only one of them on which a guru designs a network that these wires can carry: one on
    a VLAN that was named has nothing to choose between wires with VLANs and wires without.

    Raises:
        NotFound: there is no such physical network.
        InvalidInput: it is another zone's, carries no guests, lacks the offering's tags, or several would do
            (`physical-network-unclear`).
    """
    if asked is not None:
        wires = physical_network(view, asked)
        why = _unfit(view, wires, place, offering)
        if why is None:
            return wires
        raise InvalidInput(
            f"physical network {wires.name!r} ({wires.id}) cannot carry the network: {why}",
            code="physical-network-unfit",
            subject="physicalnetworkid",
            hint="leave it out, and one that fits is chosen",
        )
    fitting = [
        each for each in wires_for(view, place.id, Traffic.GUEST) if _lacks(view, each, offering) is None
    ]
    if len(fitting) > 1 and not offering.tags:
        fitting = [each for each in fitting if not wires_facet(view, each.id).tags] or fitting
    if len(fitting) > 1:
        fitting = [each for each in fitting if designed(each)] or fitting
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(f"{each.name} ({each.id})" for each in fitting)
        raise InvalidInput(
            f"more than one physical network of zone {place.name!r} ({place.id}) can carry the network",
            code="physical-network-unclear",
            subject="physicalnetworkid",
            hint=f"name one of {names}; or have all but one tagged, and offerings that ask for the tags",
        )
    why = "; ".join(
        f"{each.name} ({each.id}): {_unfit(view, each, place, offering)}"
        for each in physical_networks(view, place.id)
    )
    told = f": {why or 'it has none'}" if view.caller.is_root else ""  # tenants are told nothing of wires
    raise InvalidInput(
        f"no physical network of zone {place.name!r} ({place.id}) can carry the network{told}",
        code="physical-network-unclear",
        subject="physicalnetworkid",
        hint="have an administrator add one, give one the traffic type Guest, or enable one"
        + (f"; the offering wants the tag {offering.tags[0]!r}" if offering.tags else ""),
    )


def check_named_segment(view: View, wires: PhysicalNetwork, segment: int, owner: Account) -> None:
    """Let a VLAN pass that was named.

    Raises:
        Conflict: it is kept for another account (`segment-dedicated`).
    """
    if segment in others_segments(view, wires.id, owner.id):
        raise Conflict(
            f"segment {segment} of physical network {wires.name!r} ({wires.id}) is kept for another account",
            code="segment-dedicated",
            subject="vlan",
            hint="name another",
        )


def own_segment(work: Work, wires: PhysicalNetwork, isolation: Isolation, owner: Account) -> int | None:
    """A free segment where some are kept for accounts; None: any free one will do.

    Raises:
        Exhausted: none is free that this account may have (`segments-exhausted`).
    """
    if not dedications(work, wires.id):
        return None
    own = own_segments(work, wires.id, owner.id)
    others = others_segments(work, wires.id, owner.id)
    pool = segment_pool(wires.zone_id, wires.id, isolation)
    every = parse_ranges(wires.segments, wires.isolations).within(isolation.max_segment)
    wanted = [_within(own, isolation)]
    if not own.ranges or configuration.flag(work, "use.system.guest.vlans"):
        wanted.append(_without(_without(every, others), own))
    for ranges in wanted:
        chosen = choose_segments(work.tx, pool, ranges, 1, set()) if ranges.ranges else []
        if chosen:
            return chosen[0]
    raise Exhausted(
        f"no segment of physical network {wires.name!r} ({wires.id}) is free for account {owner.name!r} ({owner.id})",
        code="segments-exhausted",
        subject="physicalnetworkid",
        hint="widen its ranges, release dedicated ones, or delete networks",
    )


def _unfit(view: View, wires: PhysicalNetwork, place: Zone, offering: NetworkOffering) -> str | None:
    if wires.zone_id != place.id:
        return f"it is in zone {wires.zone!r}"
    if all(each.id != wires.id for each in wires_for(view, place.id, Traffic.GUEST)):
        return "it carries no Guest traffic"
    return _lacks(view, wires, offering)


def _lacks(view: View, wires: PhysicalNetwork, offering: NetworkOffering) -> str | None:
    facet = wires_facet(view, wires.id)
    if facet.allocation is Allocation.DISABLED:
        return "it is disabled and takes nothing new"
    missing = [tag for tag in offering.tags if tag not in facet.tags]
    return f"it has not the offering's tag {missing[0]!r}" if missing else None


def _within(ranges: SegmentRanges, isolation: Isolation) -> SegmentRanges:
    return ranges.within(isolation.max_segment)


def _without(ranges: SegmentRanges, taken: SegmentRanges) -> SegmentRanges:
    """The ranges but for what others take of them."""
    left = list(ranges.ranges)
    for gone in taken.ranges:
        parts: list[SegmentRange] = []
        for each in left:
            if gone.last < each.first or gone.first > each.last:
                parts.append(each)
                continue
            if each.first < gone.first:
                parts.append(SegmentRange(each.first, gone.first - 1))
            if gone.last < each.last:
                parts.append(SegmentRange(gone.last + 1, each.last))
        left = parts
    return SegmentRanges(tuple(left))
