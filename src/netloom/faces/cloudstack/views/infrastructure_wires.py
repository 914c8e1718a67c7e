"""What CloudStack's answers say of physical networks, their traffic types and providers, and of services in general."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netloom.app.cloud.infrastructure import services_of
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.infrastructure import NetworkServiceProvider, PhysicalNetworkFacet, TrafficLabel
from netloom.model.cloud.services import CHOOSABLE, SERVICE_CAPABILITIES, ProviderFacts, Service
from netloom.model.objects import PhysicalNetwork, Zone

LABELS: Mapping[str, str] = {"kvmnetworklabel": "KVM", "xennetworklabel": "XenServer"}
"""CloudStack's field: the hypervisor whose bridge or network it names."""


def physical_network_rows(facets: Sequence[PhysicalNetworkFacet], see: See) -> list[Row]:
    """Physical networks, by their facets."""
    natives = see.natives(PhysicalNetwork, [facet.id for facet in facets])
    see.natives(Zone, {native.zone_id for native in natives.values()})
    rows: list[Row] = []
    for facet in facets:
        native = natives.get(facet.id)
        if native is None:  # gone since
            rows.append({"id": facet.id})
            continue
        rows.append(
            {
                "id": facet.id,
                "name": native.name,
                "broadcastdomainrange": facet.broadcast_range,
                **see.zone(native.zone_id),
                "state": facet.allocation.value,
                "vlan": ",".join(native.segments),
                "isolationmethods": ",".join(each.value.upper() for each in native.isolations),
                "tags": ",".join(facet.tags) or None,
                "networkspeed": facet.speed,
            }
        )
    return rows


def traffic_rows(labels: Sequence[TrafficLabel], _see: See) -> list[Row]:
    """Traffic types."""
    return [
        {
            "id": label.id,
            "traffictype": label.traffic.value,
            "physicalnetworkid": label.physical_network_id,
            **{name: label.labels.get(hypervisor) for name, hypervisor in LABELS.items()},
        }
        for label in labels
    ]


def provider_rows(providers: Sequence[NetworkServiceProvider], see: See) -> list[Row]:
    """Providers on physical networks."""
    facts = see.view.backends.providers.facts
    rows: list[Row] = []
    for provider in providers:
        services = provider.services or services_of(see.view, provider.name)
        known = facts.get(provider.name)
        rows.append(
            {
                "name": provider.name,
                "physicalnetworkid": provider.physical_network_id,
                "state": provider.state.value,
                "id": provider.id,
                "servicelist": [service.value for service in services],
                "canenableindividualservice": known is not None and known.single_services,
            }
        )
    return rows


def service_rows(services: Iterable[Service], known: Mapping[str, ProviderFacts]) -> list[Row]:
    """Services as such: who is able to give them, and what can be told and chosen of them."""
    return [
        {
            "name": service.value,
            "provider": [
                {"name": facts.name, "canenableindividualservice": facts.single_services}
                for facts in known.values()
                if facts.offers(service)
            ],
            "capability": [
                {"name": capability.value, "canchooseservicecapability": capability in CHOOSABLE}
                for capability in SERVICE_CAPABILITIES[service]
            ],
        }
        for service in services
    ]
