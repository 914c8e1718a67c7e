"""What the cloud knows of zones, physical networks and hosts: their facets, traffic types and providers, defaults filled in.

Rule 1: what was never written is its default, under an id that follows from the object's: it is the same once it is written.
Rule 2: before something of a physical network is changed, its defaults are written (`settle`): one may be taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from netloom.app.cloud.domains import domain_seen
from netloom.base.ids import Number, PhysicalNetworkId, Uuid
from netloom.model.cloud.identity import Domain, is_under
from netloom.model.cloud.infrastructure import (
    DEFAULT_TRAFFIC,
    ENABLED_AT_FIRST,
    LISTED_PROVIDERS,
    HostFacet,
    NetworkServiceProvider,
    PhysicalNetworkFacet,
    ProviderState,
    TrafficLabel,
    ZoneFacet,
    derived_id,
)
from netloom.model.cloud.offerings import Offering, Traffic, providers_of
from netloom.model.cloud.services import Service
from netloom.model.cloud.words import Allocation
from netloom.model.kinds import Kind
from netloom.model.objects import Host, PhysicalNetwork, Zone
from netloom.plan.gurus import WireFacts
from netloom.store.catalog import all_of, find, not_found, recall, recall_all
from netloom.store.cloud.records import columns

if TYPE_CHECKING:
    from netloom.app.cloud.work import View, Work

UNWRITTEN = Number(0)
"""The number of a record that follows from others and is in no table yet."""


def zone(view: View, zone_id: str, subject: str = "zoneid") -> Zone:
    """A zone by id or name.

    Raises:
        NotFound: there is none.
    """
    return cast("Zone", recall(view.records.connection, view.records.known, Kind.ZONE, zone_id, subject))


def zone_seen(view: View, zone_id: str, subject: str = "zoneid") -> Zone:
    """A zone that something of the caller's may be asked for in.

    Raises:
        NotFound: there is none, or it is for other domains.
    """
    found = zone(view, zone_id, subject)
    facet = zone_facet(view, found.id)
    if facet.domain_id is None or view.caller.is_root:
        return found
    domain = view.records.get(Domain, facet.domain_id)
    mine = view.caller.domain_path
    if domain is not None and (
        is_under(mine, domain.path) or (view.caller.is_admin and is_under(domain.path, mine))
    ):
        return found
    raise not_found(Kind.ZONE, zone_id, subject)


def zones(view: View) -> list[Zone]:
    """All zones."""
    return cast("list[Zone]", recall_all(view.records.connection, view.records.known, Kind.ZONE))


def zones_seen(view: View, domain_id: Uuid | None = None) -> list[tuple[Zone, ZoneFacet]]:
    """The zones that the caller may use, or of these only those that a domain may use, with the rest of each.

    Zones in which nothing new is made, and zones of other domains, are for administrators of the root to see.

    Raises:
        NotFound: there is no such domain for the caller.
    """
    every = zones(view)
    written = view.records.many(ZoneFacet, [each.id for each in every])
    facets = [(each, written.get(each.id) or zone_facet(view, each.id)) for each in every]
    domain = None if domain_id is None else domain_seen(view, domain_id)
    if view.caller.is_root and domain is None:
        return facets
    owners = {facet.domain_id for _, facet in facets if facet.domain_id is not None}
    paths = {found.id: found.path for found in view.records.many(Domain, owners).values()}

    def open_to(facet: ZoneFacet) -> bool:
        if facet.allocation is Allocation.DISABLED and not view.caller.is_root:
            return False
        path = None if facet.domain_id is None else paths.get(facet.domain_id, "")
        below = path is None or view.caller.is_root or is_under(view.caller.domain_path, path)
        above = path is not None and view.caller.is_admin and is_under(path, view.caller.domain_path)
        return (below or above) and (domain is None or path is None or is_under(domain.path, path))

    return [(each, facet) for each, facet in facets if open_to(facet)]


def zone_facet(view: View, zone_id: str) -> ZoneFacet:
    """The rest of a zone."""
    found = view.records.get(ZoneFacet, zone_id)
    return found or ZoneFacet(id=Uuid(zone_id), number=UNWRITTEN, created_at=view.at, updated_at=view.at)


def host(view: View, host_id: str, subject: str = "id") -> Host:
    """A host by id or name.

    Raises:
        NotFound: there is none.
    """
    return cast("Host", find(view.records.connection, Kind.HOST, host_id, subject))


def hosts(view: View) -> list[Host]:
    """All hosts."""
    return cast("list[Host]", all_of(view.records.connection, Kind.HOST))


def host_facets(view: View, natives: Iterable[Host]) -> list[HostFacet]:
    """The rest of several hosts, in their order."""
    ids = [each.id for each in natives]
    written = view.records.many(HostFacet, ids)
    return [written.get(each) or host_facet(view, each) for each in ids]


def host_facet(view: View, host_id: str) -> HostFacet:
    """The rest of a host."""
    found = view.records.get(HostFacet, host_id)
    return found or HostFacet(id=Uuid(host_id), number=UNWRITTEN, created_at=view.at, updated_at=view.at)


def physical_network(view: View, wires_id: str, subject: str = "physicalnetworkid") -> PhysicalNetwork:
    """A physical network by id or name.

    Raises:
        NotFound: there is none.
    """
    return cast(
        "PhysicalNetwork",
        recall(view.records.connection, view.records.known, Kind.PHYSICAL_NETWORK, wires_id, subject),
    )


def physical_networks(view: View, zone_id: str | None = None) -> list[PhysicalNetwork]:
    """All physical networks, or those of a zone."""
    every = recall_all(view.records.connection, view.records.known, Kind.PHYSICAL_NETWORK)
    found = cast("list[PhysicalNetwork]", every)
    return [each for each in found if zone_id is None or each.zone_id == zone_id]


def wires_facet(view: View, wires_id: str) -> PhysicalNetworkFacet:
    """The rest of a physical network."""
    found = view.records.get(PhysicalNetworkFacet, wires_id)
    return found or PhysicalNetworkFacet(
        id=Uuid(wires_id), number=UNWRITTEN, created_at=view.at, updated_at=view.at
    )


def wires_facets(view: View, wires: Iterable[PhysicalNetwork]) -> list[PhysicalNetworkFacet]:
    """The rest of several physical networks, in their order."""
    ids = [each.id for each in wires]
    written = view.records.many(PhysicalNetworkFacet, ids)
    return [written.get(each) or wires_facet(view, each) for each in ids]


def traffic_of(
    view: View, wires_id: str, there: Sequence[PhysicalNetwork] | None = None
) -> list[TrafficLabel]:
    """The traffic types of a physical network, by their words; `there`: those of its zone, where they are known."""
    if view.records.get(PhysicalNetworkFacet, wires_id) is None:
        return _default_labels(view, wires_id, physical_networks(view) if there is None else there)
    c = columns(TrafficLabel)
    return sorted(view.records.select(TrafficLabel, c.physical_network_id == wires_id), key=_word)


def wires_for(view: View, zone_id: str, traffic: Traffic) -> list[PhysicalNetwork]:
    """The physical networks of a zone that carry a traffic type."""
    there = physical_networks(view, zone_id)
    return [
        each for each in there if any(label.traffic is traffic for label in traffic_of(view, each.id, there))
    ]


def providers_on(view: View, wires_id: str) -> list[NetworkServiceProvider]:
    """The providers of a physical network's list, in its order; those that an operator took out are left out."""
    return [each for each in _all_providers(view, wires_id) if not each.removed]


def provider_on(view: View, wires_id: str, name: str) -> NetworkServiceProvider | None:
    """A provider of a physical network, also one that was taken out; None: it is neither known nor installed."""
    return next((each for each in _all_providers(view, wires_id) if each.name == name), None)


def provider_by_id(view: View, provider_id: str) -> NetworkServiceProvider | None:
    """A provider by the id of its place on a physical network."""
    stored = view.records.get(NetworkServiceProvider, provider_id)
    if stored is not None:
        return None if stored.removed else stored
    for wires in physical_networks(view):
        for each in providers_on(view, wires.id):
            if each.id == provider_id:
                return each
    return None


def wire_facts(view: View, wires: PhysicalNetwork) -> WireFacts:
    """A physical network as gurus and elements of a new network see it: with those providers that are enabled now."""
    enabled = [each for each in providers_on(view, wires.id) if each.state is ProviderState.ENABLED]
    return WireFacts(
        id=wires.id,
        name=wires.name,
        isolations=wires.isolations,
        providers=frozenset(each.name for each in enabled),
        withheld={
            each.name: frozenset(services_of(view, each.name)).difference(each.services)
            for each in enabled
            if each.services
        },
    )


def serving_facts(view: View, wires: PhysicalNetwork, offering: Offering | None) -> WireFacts:
    """The same for a network or VPC that is there: who serves it goes on doing so, although disabled or taken out since.

    Who was never enabled on these wires has no record, and serves nothing.
    """
    named: frozenset[str] = frozenset() if offering is None else providers_of(offering)
    return WireFacts(
        id=wires.id,
        name=wires.name,
        isolations=wires.isolations,
        providers=frozenset(
            each.name
            for each in _all_providers(view, wires.id)
            if each.state is ProviderState.ENABLED or (each.number != UNWRITTEN and each.name in named)
        ),
    )


def services_of(view: View, provider: str) -> tuple[Service, ...]:
    """What a provider is able to give, in the order of the services' declaration."""
    facts = view.backends.providers.facts.get(provider)
    return () if facts is None else tuple(service for service in Service if service in facts.services)


def settle(work: Work, wires_id: str) -> PhysicalNetworkFacet:
    """Write what is only a default of a physical network; its facet comes back."""
    found = work.records.get(PhysicalNetworkFacet, wires_id)
    if found is not None:
        return found
    for label in _default_labels(work, wires_id, physical_networks(work)):
        work.insert(msgspec.structs.replace(label, number=work.tx.new_number()))
    facet = wires_facet(work, wires_id)
    return work.insert(msgspec.structs.replace(facet, number=work.tx.new_number()))


def _all_providers(view: View, wires_id: str) -> Iterable[NetworkServiceProvider]:
    stored = {
        each.name: each
        for each in view.records.whole(NetworkServiceProvider)
        if each.physical_network_id == wires_id
    }
    installed = view.backends.providers.elements
    names = dict.fromkeys((*LISTED_PROVIDERS, *sorted(installed), *sorted(stored)))
    return [
        stored.get(name)
        or NetworkServiceProvider(
            id=derived_id(wires_id, f"provider/{name}"),
            number=UNWRITTEN,
            created_at=view.at,
            updated_at=view.at,
            physical_network_id=PhysicalNetworkId(Uuid(wires_id)),
            name=name,
            state=(
                ProviderState.ENABLED
                if name in installed and name in ENABLED_AT_FIRST
                else ProviderState.DISABLED
            ),
        )
        for name in names
    ]


def _default_labels(view: View, wires_id: str, every: Sequence[PhysicalNetwork]) -> list[TrafficLabel]:
    """Guests on any wires; what one physical network of a zone carries, on the zone's first of `every`."""
    zone_id = next((each.zone_id for each in every if each.id == wires_id), None)
    first = next((each.id for each in every if each.zone_id == zone_id), wires_id)
    carried = DEFAULT_TRAFFIC if first == wires_id else (Traffic.GUEST,)
    return sorted((_default_label(view, wires_id, traffic) for traffic in carried), key=_word)


def _default_label(view: View, wires_id: str, traffic: Traffic) -> TrafficLabel:
    return TrafficLabel(
        id=derived_id(wires_id, f"traffic/{traffic.value}"),
        number=UNWRITTEN,
        created_at=view.at,
        updated_at=view.at,
        physical_network_id=PhysicalNetworkId(Uuid(wires_id)),
        traffic=traffic,
    )


def _word(label: TrafficLabel) -> str:
    return label.traffic.value
