"""Kinds that are read whole: facets, providers, traffic types and settings, written or not, and the offerings that one sees.

Rule 1: there are tens of them, not thousands: they are read whole, and paged here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from netloom.app.cloud import configuration, infrastructure, offerings_seen
from netloom.app.cloud.work import View
from netloom.base.ids import Number
from netloom.model.cloud.configuration import Configuration
from netloom.model.cloud.identity import ROOT_DOMAIN_ID
from netloom.model.cloud.infrastructure import (
    HostFacet,
    NetworkServiceProvider,
    PhysicalNetworkFacet,
    TrafficLabel,
    ZoneFacet,
    derived_id,
)
from netloom.model.cloud.offerings import NetworkOffering, ServiceOffering, VpcOffering
from netloom.model.cloud.record import Record
from netloom.model.kinds import Kind
from netloom.store.catalog import all_of


def _zones(view: View) -> Sequence[Record]:
    return [facet for _, facet in infrastructure.zones_seen(view)]


def _hosts(view: View) -> Sequence[Record]:
    return [infrastructure.host_facet(view, host.id) for host in all_of(view.records.connection, Kind.HOST)]


def _wires(view: View) -> Sequence[Record]:
    return infrastructure.wires_facets(view, infrastructure.physical_networks(view))


def _traffic(view: View) -> Sequence[Record]:
    every = infrastructure.physical_networks(view)
    return [label for wires in every for label in infrastructure.traffic_of(view, wires.id)]


def _providers(view: View) -> Sequence[Record]:
    every = infrastructure.physical_networks(view)
    return [found for wires in every for found in infrastructure.providers_on(view, wires.id)]


def _settings(view: View) -> Sequence[Record]:
    written = {each.name: each for each in view.records.select(Configuration)}
    return [
        written.get(name)
        or Configuration(
            id=derived_id(ROOT_DOMAIN_ID, f"configuration/{name}"),
            number=Number(0),
            created_at=view.at,
            updated_at=view.at,
            name=name,
            value=value,
        )
        for name, value in configuration.values(view).items()
    ]


def _offerings(view: View) -> Sequence[Record]:
    return offerings_seen.seen(view, ServiceOffering)


def _network_offerings(view: View) -> Sequence[Record]:
    return offerings_seen.seen(view, NetworkOffering)


def _vpc_offerings(view: View) -> Sequence[Record]:
    return offerings_seen.seen(view, VpcOffering)


COMPUTED: Final[Mapping[type[Record], Callable[[View], Sequence[Record]]]] = {
    ZoneFacet: _zones,
    HostFacet: _hosts,
    PhysicalNetworkFacet: _wires,
    TrafficLabel: _traffic,
    NetworkServiceProvider: _providers,
    Configuration: _settings,
    ServiceOffering: _offerings,
    NetworkOffering: _network_offerings,
    VpcOffering: _vpc_offerings,
}
"""All records of a kind as the caller sees them."""
