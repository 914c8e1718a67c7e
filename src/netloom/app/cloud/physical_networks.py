"""Physical networks, their traffic types, and segments kept for accounts.

Rule 1: isolation and segments are the native object's: this changes it, so that networks in use keep what they have.
Rule 2: a traffic type but Guest is carried by one physical network of a zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from netloom.app import intent
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.infrastructure import (
    physical_network,
    physical_networks,
    settle,
    traffic_of,
    zone,
)
from netloom.app.cloud.infrastructure_zones import OneOf, forget_wires, kept
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import PhysicalNetworkId, Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.infrastructure import (
    HYPERVISORS,
    ONCE_A_ZONE,
    PhysicalNetworkFacet,
    TrafficLabel,
)
from netloom.model.cloud.infrastructure_ranges import GuestVlanRange, PublicRange
from netloom.model.cloud.offerings import Traffic
from netloom.model.cloud.words import Allocation, check_tags, parse_word
from netloom.model.isolation import TUNNELS, Isolation
from netloom.model.kinds import Kind
from netloom.model.patches import PhysicalNetworkPatch
from netloom.model.segments import SegmentRange, SegmentRanges, parse_ranges
from netloom.model.specs import DEFAULT_SEGMENTS, PhysicalNetworkSpec
from netloom.store.cloud.records import columns


class CreatePhysicalNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """Make a physical network; without isolation methods it carries all encapsulations."""

    zone_id: Uuid
    name: str
    isolations: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    speed: str | None = None
    broadcast_range: str = "ZONE"


class UpdatePhysicalNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """Change a physical network; what is None stays."""

    id: Uuid
    segments: tuple[str, ...] | None = None
    allocation: Allocation | None = None
    tags: tuple[str, ...] | None = None
    speed: str | None = None


class AddTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """Have a physical network carry a traffic type."""

    physical_network_id: Uuid
    traffic: str
    labels: Mapping[str, str] = {}


class UpdateTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """Change the labels of a traffic type; hypervisors that are not named keep theirs."""

    id: Uuid
    labels: Mapping[str, str]


class DedicateVlans(msgspec.Struct, frozen=True, kw_only=True):
    """Keep segments of a physical network for an account or project."""

    physical_network_id: Uuid
    segments: str
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


def own_segments(view: View, wires_id: str, account_id: str) -> SegmentRanges:
    """The segments that are kept for an account: its networks get these first."""
    return _ranges(each for each in dedications(view, wires_id) if each.account_id == account_id)


def others_segments(view: View, wires_id: str, account_id: str) -> SegmentRanges:
    """The segments that are kept for other accounts: none of them is for this one."""
    return _ranges(each for each in dedications(view, wires_id) if each.account_id != account_id)


def dedications(view: View, wires_id: str) -> list[GuestVlanRange]:
    """The segments of a physical network that are kept for accounts."""
    return [each for each in view.records.whole(GuestVlanRange) if each.physical_network_id == wires_id]


def _ranges(kept: Iterable[GuestVlanRange]) -> SegmentRanges:
    return SegmentRanges(tuple(sorted(SegmentRange(each.first, each.last) for each in kept)))


def _create(work: Work, request: CreatePhysicalNetwork) -> PhysicalNetworkFacet:
    place = zone(work, request.zone_id)
    isolations = tuple(parse_word(Isolation, text, "isolationmethods") for text in request.isolations)
    spec = PhysicalNetworkSpec(
        name=request.name,
        zone=place.id,
        isolations=isolations or TUNNELS,
        segments=request.segments or DEFAULT_SEGMENTS,
    )
    (made,) = intent.create_many(work.tx, Kind.PHYSICAL_NETWORK, [spec])
    birth = work.birth()
    birth["id"] = made.id
    facet = PhysicalNetworkFacet(
        **birth,
        allocation=Allocation.DISABLED,
        tags=check_tags(request.tags),
        speed=request.speed,
        broadcast_range=request.broadcast_range.upper(),
    )
    return work.insert(facet)


async def _written(_doing: Doing, _record: object) -> None:
    """It is all there when it is written."""


def _update(work: Work, request: UpdatePhysicalNetwork) -> PhysicalNetworkFacet:
    wires = physical_network(work, request.id, "id")
    facet = settle(work, wires.id)
    if request.segments is not None:
        _keep_dedications(work, wires.id, request.segments, wires.isolations)
        patch = PhysicalNetworkPatch(segments=request.segments)
        intent.patch(work.tx, Kind.PHYSICAL_NETWORK, wires.id, patch, None)
    return work.update(
        msgspec.structs.replace(
            facet,
            allocation=kept(request.allocation, facet.allocation),
            tags=facet.tags if request.tags is None else check_tags(request.tags),
            speed=kept(request.speed, facet.speed),
        )
    )


def _begin_delete(work: Work, request: OneOf) -> PhysicalNetworkFacet:
    return settle(work, physical_network(work, request.id, "id").id)


async def _apply_delete(_doing: Doing, facet: PhysicalNetworkFacet) -> Ending:
    def ending(work: Work) -> None:
        wires = physical_network(work, facet.id, "id")
        for record_type in (PublicRange, GuestVlanRange):
            count = work.records.count(record_type, columns(record_type).physical_network_id == wires.id)
            if count:
                raise Conflict(
                    f"the physical network {wires.name!r} ({wires.id}) has {count} ranges",
                    code="in-use",
                    subject="id",
                    hint="delete or release the ranges first",
                )
        forget_wires(work, wires.id)
        intent.delete(work.tx, Kind.PHYSICAL_NETWORK, wires.id, None)

    return ending


def _add_traffic(work: Work, request: AddTraffic) -> TrafficLabel:
    wires = physical_network(work, request.physical_network_id)
    settle(work, wires.id)
    traffic = parse_word(Traffic, request.traffic, "traffictype")
    neighbours = physical_networks(work, wires.zone_id) if traffic in ONCE_A_ZONE else [wires]
    for each in neighbours:
        if any(label.traffic is traffic for label in traffic_of(work, each.id)):
            raise Conflict(
                f"the physical network {each.name!r} ({each.id}) carries {traffic.value} traffic already",
                code="traffic-label-taken",
                subject="traffictype",
                hint="one physical network of a zone carries it",
            )
    return work.insert(
        TrafficLabel(
            **work.birth(),
            physical_network_id=PhysicalNetworkId(wires.id),
            traffic=traffic,
            labels=_labels(request.labels),
        )
    )


def _update_traffic(work: Work, request: UpdateTraffic) -> TrafficLabel:
    label = _label(work, request.id)
    return work.update(msgspec.structs.replace(label, labels={**label.labels, **_labels(request.labels)}))


def _begin_delete_traffic(work: Work, request: OneOf) -> TrafficLabel:
    return _label(work, request.id)


async def _apply_delete_traffic(_doing: Doing, label: TrafficLabel) -> Ending:
    def ending(work: Work) -> None:
        if label.traffic is Traffic.PUBLIC:
            c = columns(PublicRange)
            if work.records.exists(PublicRange, c.physical_network_id == label.physical_network_id):
                raise Conflict(
                    f"public ranges use the {label.traffic.value} traffic of {label.physical_network_id}",
                    code="in-use",
                    subject="id",
                    hint="delete the ranges first",
                )
        work.delete(label)

    return ending


def _dedicate(work: Work, request: DedicateVlans) -> GuestVlanRange:
    wires = physical_network(work, request.physical_network_id)
    account = work.owner(request.account, request.domain_id, request.project_id)
    asked = parse_ranges((request.segments,), wires.isolations, "vlanrange").ranges[0]
    known = parse_ranges(wires.segments, wires.isolations)
    if not any(each.first <= asked.first and asked.last <= each.last for each in known.ranges):
        raise InvalidInput(
            f"{asked} is not within the segments of {wires.name!r} ({wires.id})",
            subject="vlanrange",
            hint=f"it has {known}",
        )
    for each in dedications(work, wires.id):
        if each.first <= asked.last and asked.first <= each.last:
            raise Conflict(
                f"{each.first}-{each.last} is kept for {_owner(work, each)} already",
                code="guest-vlan-range-taken",
                subject="vlanrange",
                hint="release it first",
            )
    return work.insert(
        GuestVlanRange(
            **work.owned(account),
            physical_network_id=PhysicalNetworkId(wires.id),
            first=asked.first,
            last=asked.last,
        )
    )


def _begin_release(work: Work, request: OneOf) -> GuestVlanRange:
    return work.get(GuestVlanRange, request.id)


async def _apply_release(_doing: Doing, kept: GuestVlanRange) -> Ending:
    return lambda work: work.delete(kept)


def label_by_id(view: View, label_id: str) -> TrafficLabel | None:
    """A traffic type by id, also one that is a default."""
    found = view.records.get(TrafficLabel, label_id)
    if found is not None:
        return found
    for wires in physical_networks(view):
        for label in traffic_of(view, wires.id):
            if label.id == label_id:
                return label
    return None


def _label(work: Work, label_id: Uuid) -> TrafficLabel:
    found = label_by_id(work, label_id)
    if found is None:
        raise missing(TrafficLabel, label_id, "id")
    settle(work, found.physical_network_id)
    return work.get(TrafficLabel, label_id)


def _keep_dedications(
    work: Work, wires_id: str, segments: tuple[str, ...], isolations: tuple[Isolation, ...]
) -> None:
    ranges = parse_ranges(segments, isolations, "vlan")
    for each in dedications(work, wires_id):
        if not any(r.first <= each.first and each.last <= r.last for r in ranges.ranges):
            raise Conflict(
                f"{each.first}-{each.last} is kept for {_owner(work, each)}, and {ranges} leaves it out",
                code="in-use",
                subject="vlan",
                hint="release it first (releaseDedicatedGuestVlanRange)",
            )


def _owner(view: View, span: GuestVlanRange) -> str:
    """Whose a range is, for an operator's eyes."""
    owner = view.records.get(Account, span.account_id)
    return f"the account {span.account_id}" if owner is None else f"the account {owner.name!r} ({owner.id})"


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in labels if name not in HYPERVISORS]
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is no hypervisor", subject="labels", hint=", ".join(HYPERVISORS))
    return dict(labels)


CREATE = UseCase(
    name="physical_network.create",
    command="createPhysicalNetwork",
    request=CreatePhysicalNetwork,
    begin=_create,
    apply=_written,
    event="PHYSICAL.NETWORK.CREATE",
)
UPDATE = UseCase(
    name="physical_network.update",
    command="updatePhysicalNetwork",
    request=UpdatePhysicalNetwork,
    begin=_update,
    apply=_written,
    event="PHYSICAL.NETWORK.UPDATE",
)
DELETE = UseCase(
    name="physical_network.delete",
    command="deletePhysicalNetwork",
    request=OneOf,
    begin=_begin_delete,
    apply=_apply_delete,
    event="PHYSICAL.NETWORK.DELETE",
)
ADD_TRAFFIC = UseCase(
    name="traffic_type.add",
    command="addTrafficType",
    request=AddTraffic,
    begin=_add_traffic,
    apply=_written,
    event="TRAFFIC.TYPE.CREATE",
)
UPDATE_TRAFFIC = UseCase(
    name="traffic_type.update",
    command="updateTrafficType",
    request=UpdateTraffic,
    begin=_update_traffic,
    apply=_written,
    event="TRAFFIC.TYPE.UPDATE",
)
DELETE_TRAFFIC = UseCase(
    name="traffic_type.delete",
    command="deleteTrafficType",
    request=OneOf,
    begin=_begin_delete_traffic,
    apply=_apply_delete_traffic,
    event="TRAFFIC.TYPE.DELETE",
)
DEDICATE_VLANS = UseCase(
    name="guest_vlan_range.dedicate",
    command="dedicateGuestVlanRange",
    request=DedicateVlans,
    begin=_dedicate,
    event="GUESTVLANRANGE.DEDICATE",
)
RELEASE_VLANS = UseCase(
    name="guest_vlan_range.release",
    command="releaseDedicatedGuestVlanRange",
    request=OneOf,
    begin=_begin_release,
    apply=_apply_release,
    event="GUESTVLANRANGE.RELEASE",
)
USE_CASES = (
    CREATE,
    UPDATE,
    DELETE,
    ADD_TRAFFIC,
    UPDATE_TRAFFIC,
    DELETE_TRAFFIC,
    DEDICATE_VLANS,
    RELEASE_VLANS,
)
