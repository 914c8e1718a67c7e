"""Networks: where they live, how they are told apart on the wire."""

from __future__ import annotations

import msgspec

from netloom.app.batch import Batch, birth, check_rename, immutable, refers
from netloom.base.errors import Conflict, Exhausted, InvalidInput, NetloomError
from netloom.base.ids import PhysicalNetworkId, Uuid
from netloom.model.isolation import PREFERENCE, Isolation
from netloom.model.kinds import Kind
from netloom.model.mtu import MIN_GUEST_IPV4, MIN_GUEST_IPV6
from netloom.model.objects import Network, PhysicalNetwork
from netloom.model.segments import parse_ranges
from netloom.model.specs import DEFAULT_PHYSICAL_NETWORK, NetworkSpec
from netloom.model.states import NetworkState
from netloom.store.allocate import choose_segments, segment_pool
from netloom.store.catalog import add, all_of, find
from netloom.store.rows import effective_mtu, gateway_text, surroundings
from netloom.store.transaction import Transaction


def create(
    tx: Transaction, batch: Batch[NetworkSpec], *, state: NetworkState = NetworkState.ALLOCATED
) -> None:
    """Make the networks of a batch, each with a segment of its own; `state`: Setup when there is nothing to implement."""
    batch.refuse_taken_names(tx)
    wires = _choose_wires(tx, batch)
    isolations: dict[int, Isolation] = {}
    for index, spec in list(batch.specs.items()):
        try:
            isolations[index] = _choose_isolation(spec, wires[index])
        except NetloomError as error:
            batch.fail(index, error)
    segments = _choose_all_segments(tx, batch, wires, isolations)
    around = surroundings(tx.connection, Kind.NETWORK, tx.known)
    items: dict[int, Network] = {}
    for index, spec in list(batch.specs.items()):
        physical = wires[index]
        mtu = effective_mtu(
            spec.mtu,
            physical.mtu,
            isolations[index],
            ipv6_underlay=physical.zone_id in around.ipv6_zones,
        )
        least = MIN_GUEST_IPV6 if spec.cidr6 is not None else MIN_GUEST_IPV4
        if mtu < least:
            batch.fail(index, _too_narrow(mtu, least, physical))
            continue
        items[index] = Network(
            **birth(tx, Kind.NETWORK, spec.name, batch.ids.get(index)),
            name=spec.name,
            labels=spec.labels,
            zone=physical.zone,
            zone_id=physical.zone_id,
            physical_network=physical.name,
            physical_network_id=PhysicalNetworkId(physical.id),
            isolation=isolations[index],
            segment=segments[index],
            cidr=spec.cidr,
            cidr6=spec.cidr6,
            gateway=gateway_text(spec.cidr),
            gateway6=gateway_text(spec.cidr6),
            mtu=spec.mtu,
            guest_mtu=mtu,
            state=state,
            state_since=tx.at,
        )
    add(tx, list(items.values()))
    batch.made.update(items)


def revise(tx: Transaction, current: Network, spec: NetworkSpec, cleared: frozenset[str]) -> Network:
    """The network as the spec wants it."""
    check_rename(tx, Kind.NETWORK, current.name, spec.name)
    if not refers(spec.zone, current.zone, current.zone_id):
        raise immutable(Kind.NETWORK, "zone", current.zone, spec.zone)
    if not refers(spec.physical_network, current.physical_network, current.physical_network_id):
        raise immutable(Kind.NETWORK, "physical_network", current.physical_network, spec.physical_network)
    if spec.isolation is not None and spec.isolation is not current.isolation:
        raise immutable(Kind.NETWORK, "isolation", current.isolation.value, spec.isolation.value)
    if spec.segment is not None and spec.segment != current.segment:
        raise immutable(Kind.NETWORK, "segment", current.segment, spec.segment)
    for field, old, new in (("cidr", current.cidr, spec.cidr), ("cidr6", current.cidr6, spec.cidr6)):
        if old is not None and new != old and (new is not None or field in cleared):
            raise immutable(Kind.NETWORK, field, old, new or "none")
    if spec.mtu == current.mtu:
        guest = current.guest_mtu
    else:
        physical = find(tx.connection, Kind.PHYSICAL_NETWORK, current.physical_network_id)
        assert isinstance(physical, PhysicalNetwork)  # noqa: S101 - the kind says so
        ipv6 = current.zone_id in surroundings(tx.connection, Kind.NETWORK, tx.known).ipv6_zones
        guest = effective_mtu(spec.mtu, physical.mtu, current.isolation, ipv6_underlay=ipv6)
    cidr, cidr6 = current.cidr or spec.cidr, current.cidr6 or spec.cidr6
    return msgspec.structs.replace(
        current,
        name=spec.name,
        labels=spec.labels,
        cidr=cidr,
        cidr6=cidr6,
        gateway=gateway_text(cidr),
        gateway6=gateway_text(cidr6),
        mtu=spec.mtu,
        guest_mtu=guest,
    )


def _choose_wires(tx: Transaction, batch: Batch[NetworkSpec]) -> dict[int, PhysicalNetwork]:
    """The physical network of each; named, or the zone's only one, or the one called `default`."""
    zones = batch.resolve(
        tx,
        Kind.ZONE,
        {index: spec.zone for index, spec in batch.specs.items() if spec.zone is not None},
        "zone",
    )
    named = batch.resolve(
        tx,
        Kind.PHYSICAL_NETWORK,
        {i: s.physical_network for i, s in batch.specs.items() if s.physical_network is not None},
        "physical_network",
    )
    every: list[PhysicalNetwork] = []
    if len(named) < len(batch.specs):
        found = all_of(tx.connection, Kind.PHYSICAL_NETWORK)
        every = [item for item in found if isinstance(item, PhysicalNetwork)]
    default = next((item for item in every if item.name == DEFAULT_PHYSICAL_NETWORK), None)
    wires: dict[int, PhysicalNetwork] = {}
    for index in list(batch.specs):
        zone_id = zones[index].id if index in zones else None
        if index in named:
            chosen = named[index]
            assert isinstance(chosen, PhysicalNetwork)  # noqa: S101 - the kind says so
            if zone_id is not None and chosen.zone_id != zone_id:
                batch.fail(
                    index,
                    Conflict(
                        f"physical network {chosen.name!r} is in zone {chosen.zone!r}",
                        code="zone-mismatch",
                        subject="physical_network",
                        hint="leave out zone, or name a physical network of the zone",
                    ),
                )
                continue
            wires[index] = chosen
            continue
        only = _only_wires(every, default, zone_id)
        if only is None:
            batch.fail(
                index,
                InvalidInput(
                    "which physical network is not clear",
                    subject="physical_network",
                    hint="name one of: " + (", ".join(p.name for p in every[:5]) or "(there is none)"),
                ),
            )
            continue
        wires[index] = only
    return wires


def _only_wires(
    every: list[PhysicalNetwork], default: PhysicalNetwork | None, zone_id: Uuid | None
) -> PhysicalNetwork | None:
    candidates = [p for p in every if zone_id is None or p.zone_id == zone_id]
    if default is not None and default in candidates:
        return default
    return candidates[0] if len(candidates) == 1 else None


def _choose_isolation(spec: NetworkSpec, physical: PhysicalNetwork) -> Isolation:
    offered = ", ".join(i.value for i in physical.isolations)
    if spec.isolation is not None and spec.isolation not in physical.isolations:
        raise InvalidInput(
            f"physical network {physical.name!r} does not carry {spec.isolation.value}",
            code="isolation-not-offered",
            subject="isolation",
            hint=f"it carries {offered}",
        )
    isolation = spec.isolation or next(i for i in PREFERENCE if i in physical.isolations)
    if spec.segment is None:
        return isolation
    if not isolation.min_segment <= spec.segment <= isolation.max_segment:
        raise InvalidInput(
            f"{isolation.value} has no segment {spec.segment}",
            subject="segment",
            hint=f"{isolation.min_segment} to {isolation.max_segment}",
        )
    if isolation is Isolation.VLAN:
        return isolation  # a VLAN that is there already is shared with devices outside: it need not be one to hand out
    ranges = parse_ranges(physical.segments, physical.isolations)
    if spec.segment not in ranges:
        raise InvalidInput(
            f"segment {spec.segment} is outside the ranges of physical network {physical.name!r}",
            code="segment-out-of-range",
            subject="segment",
            hint=f"one of {ranges}",
        )
    return isolation


def _choose_all_segments(
    tx: Transaction,
    batch: Batch[NetworkSpec],
    wires: dict[int, PhysicalNetwork],
    isolations: dict[int, Isolation],
) -> dict[int, int]:
    """Segments as asked, checked, then free ones for the rest."""
    segments: dict[int, int] = {}
    by_wires: dict[str, set[int]] = {}
    by_scope: dict[tuple[str, Isolation], set[int]] = {}
    for index, spec in list(batch.specs.items()):
        if spec.segment is None:
            continue
        physical, isolation = wires[index], isolations[index]
        pool = segment_pool(physical.zone_id, physical.id, isolation)
        mine = by_wires.setdefault(physical.id, set())
        scope = by_scope.setdefault((_scope(physical, isolation), isolation), set())
        holder = pool.holder(tx.connection, spec.segment)
        if holder is not None:
            batch.fail(index, _taken(spec.segment, f"network {holder[1]}'s ({holder[0]})"))
            continue
        if spec.segment in mine or spec.segment in scope:
            batch.fail(index, _taken(spec.segment, "that of another network in the same request"))
            continue
        segments[index] = spec.segment
        mine.add(spec.segment)
        scope.add(spec.segment)
    groups: dict[tuple[str, str, Isolation], list[int]] = {}
    for index, spec in batch.specs.items():
        if spec.segment is None:
            key = (wires[index].zone_id, wires[index].id, isolations[index])
            groups.setdefault(key, []).append(index)
    for (zone_id, physical_id, isolation), indices in groups.items():
        physical = wires[indices[0]]
        ranges = parse_ranges(physical.segments, physical.isolations).within(isolation.max_segment)
        mine = by_wires.setdefault(physical_id, set())
        scope = by_scope.setdefault((_scope(physical, isolation), isolation), set())
        pool = segment_pool(zone_id, physical_id, isolation)
        chosen = choose_segments(tx, pool, ranges, len(indices), mine | scope) if ranges.ranges else []
        mine.update(chosen)
        scope.update(chosen)
        segments.update(zip(indices, chosen, strict=False))
        for index in indices[len(chosen) :]:
            batch.fail(
                index,
                Exhausted(
                    f"no segment is free in {ranges} of physical network {physical.name!r}",
                    code="segments-exhausted",
                    subject="segment",
                    hint="widen the ranges of the physical network, or delete networks",
                ),
            )
    return segments


def _taken(segment: int, whose: str) -> Conflict:
    return Conflict(
        f"segment {segment} is {whose}",
        code="segment-taken",
        subject="segment",
        hint="leave it out to get a free one",
    )


def _scope(physical: PhysicalNetwork, isolation: Isolation) -> str:
    """Where a segment means one network: a tunnel's in its zone, a VLAN's on its wires."""
    return physical.zone_id if isolation.is_tunnel else physical.id


def _too_narrow(mtu: int, least: int, physical: PhysicalNetwork) -> InvalidInput:
    return InvalidInput(
        f"guests would have an MTU of {mtu}, they need {least}",
        code="mtu-too-small",
        subject="mtu",
        hint=f"the underlay of physical network {physical.name!r} carries {physical.mtu}",
    )
