"""CloudStack's commands for physical networks, their traffic types and providers, and for services in general."""

from __future__ import annotations

from netloom.app.cloud import infrastructure, infrastructure_providers, physical_networks
from netloom.app.cloud.infrastructure_providers import AddProvider, UpdateProvider
from netloom.app.cloud.infrastructure_zones import OneOf
from netloom.app.cloud.physical_networks import (
    AddTraffic,
    CreatePhysicalNetwork,
    UpdatePhysicalNetwork,
    UpdateTraffic,
)
from netloom.app.cloud.work import View
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, Row, Rows, See
from netloom.faces.cloudstack.views.infrastructure_wires import (
    LABELS,
    physical_network_rows,
    provider_rows,
    service_rows,
    traffic_rows,
)
from netloom.model.cloud.infrastructure import ProviderState
from netloom.model.cloud.offerings import Traffic
from netloom.model.cloud.services import Service, parse_service
from netloom.model.cloud.words import Allocation, parse_word
from netloom.model.isolation import Isolation


async def list_physical_networks(call: Call) -> Rows:
    """Lists physical networks."""
    wanted, zone_id, name = call.uuid("id"), call.uuid("zoneid"), call.text("name")
    keyword = (call.listing.keyword or "").lower()

    def read(view: View) -> Rows:
        if wanted is not None:
            infrastructure.physical_network(view, wanted, "id")
        if zone_id is not None:
            infrastructure.zone(view, zone_id)
        found = [
            each
            for each in infrastructure.physical_networks(view, zone_id)
            if wanted in {None, each.id}
            and (not name or each.name == name)
            and (not keyword or keyword in each.name.lower())
        ]
        return call.shown(
            found,
            lambda page: physical_network_rows(infrastructure.wires_facets(view, page), See(view)),
        )

    return await call.read(read)


async def create_physical_network(call: Call) -> object:
    """Makes a physical network in a zone."""
    return await call.do(
        physical_networks.CREATE,
        CreatePhysicalNetwork(
            zone_id=call.need_uuid("zoneid"),
            name=call.need("name"),
            isolations=call.texts("isolationmethods"),
            segments=call.texts("vlan"),
            tags=call.texts("tags"),
            speed=call.text("networkspeed") or None,
            broadcast_range=call.text("broadcastdomainrange") or "ZONE",
        ),
    )


async def update_physical_network(call: Call) -> object:
    """Changes a physical network."""
    state = call.text("state")
    return await call.do(
        physical_networks.UPDATE,
        UpdatePhysicalNetwork(
            id=call.need_uuid("id"),
            segments=call.texts("vlan") or None,
            allocation=parse_word(Allocation, state, "state") if state else None,
            tags=call.texts("tags") if call.has("tags") else None,
            speed=call.text("networkspeed") or None,
        ),
    )


async def delete_physical_network(call: Call) -> object:
    """Deletes a physical network that nothing uses."""
    return await call.do(physical_networks.DELETE, OneOf(id=call.need_uuid("id")))


async def list_traffic_types(call: Call) -> Rows:
    """Lists the traffic types of a physical network."""
    keyword = (call.listing.keyword or "").lower()
    wires_id = call.need_uuid("physicalnetworkid")

    def read(view: View) -> Rows:
        wires = infrastructure.physical_network(view, wires_id)
        found = [
            each
            for each in infrastructure.traffic_of(view, wires.id)
            if keyword in each.traffic.value.lower()
        ]
        return call.shown(found, lambda page: traffic_rows(page, See(view)))

    return await call.read(read)


async def add_traffic_type(call: Call) -> object:
    """Has a physical network carry a traffic type."""
    return await call.do(
        physical_networks.ADD_TRAFFIC,
        AddTraffic(
            physical_network_id=call.need_uuid("physicalnetworkid"),
            traffic=call.need("traffictype"),
            labels=_labels(call),
        ),
    )


async def update_traffic_type(call: Call) -> object:
    """Changes which bridges carry a traffic type."""
    return await call.do(
        physical_networks.UPDATE_TRAFFIC, UpdateTraffic(id=call.need_uuid("id"), labels=_labels(call))
    )


async def delete_traffic_type(call: Call) -> object:
    """Takes a traffic type off a physical network."""
    return await call.do(physical_networks.DELETE_TRAFFIC, OneOf(id=call.need_uuid("id")))


def _labels(call: Call) -> dict[str, str]:
    return {
        hypervisor: label for name, hypervisor in LABELS.items() if (label := call.text(name)) is not None
    }


async def list_traffic_type_implementors(call: Call) -> Rows:
    """Lists the gurus that design networks of each traffic type."""
    word = call.text("traffictype")
    traffic = parse_word(Traffic, word, "traffictype") if word else None
    systems = {each.value: each for each in Traffic}

    def read(view: View) -> Rows:
        gurus = [(systems.get(name, Traffic.GUEST), name) for name in view.backends.providers.gurus]
        rows: list[Row] = [
            {"traffictype": carried.value, "traffictypeimplementor": f"{name}NetworkGuru"}
            for carried, name in gurus
            if traffic in {None, carried}
        ]
        return call.paged(rows, keyword=("traffictype", "traffictypeimplementor"))

    return await call.read(read)


async def list_network_service_providers(call: Call) -> Rows:
    """Lists the providers on physical networks."""
    wires_id, name, word = call.uuid("physicalnetworkid"), call.text("name"), call.text("state")
    state = parse_word(ProviderState, word, "state") if word else None
    keyword = (call.listing.keyword or "").lower()

    def read(view: View) -> Rows:
        if wires_id is None:
            carriers = infrastructure.physical_networks(view)
        else:
            carriers = [infrastructure.physical_network(view, wires_id)]
        found = [
            provider
            for wires in carriers
            for provider in infrastructure.providers_on(view, wires.id)
            if (not name or provider.name.lower() == name.lower())
            and state in {None, provider.state}
            and keyword in provider.name.lower()
        ]
        return call.shown(found, lambda page: provider_rows(page, See(view)))

    return await call.read(read)


async def add_network_service_provider(call: Call) -> object:
    """Puts a provider into a physical network's list."""
    return await call.do(
        infrastructure_providers.ADD,
        AddProvider(
            physical_network_id=call.need_uuid("physicalnetworkid"),
            name=call.need("name"),
            services=call.texts("servicelist"),
        ),
    )


async def update_network_service_provider(call: Call) -> object:
    """Enables or disables a provider, or some of its services."""
    return await call.do(
        infrastructure_providers.UPDATE,
        UpdateProvider(
            id=call.need_uuid("id"),
            state=call.text("state") or None,
            services=call.texts("servicelist") or None,
        ),
    )


async def delete_network_service_provider(call: Call) -> object:
    """Takes a provider out of a physical network's list."""
    return await call.do(infrastructure_providers.DELETE, OneOf(id=call.need_uuid("id")))


async def list_supported_network_services(call: Call) -> Rows:
    """Lists the services that networks can have, with who is able to give them."""
    word, name = call.text("service"), (call.text("provider") or "").lower()
    services = (parse_service(word, "service"),) if word else tuple(Service)
    keyword = (call.listing.keyword or "").lower()

    def read(view: View) -> Rows:
        known = view.backends.providers.facts
        if name:
            known = {each: facts for each, facts in known.items() if each.lower() == name}
        found = [
            service
            for service in services
            if keyword in service.value.lower()
            and (not name or any(facts.offers(service) for facts in known.values()))
        ]
        return call.shown(found, lambda page: service_rows(page, known))

    return await call.read(read)


async def list_network_isolation_methods(call: Call) -> Rows:
    """Lists the ways in which networks are kept apart on the wire."""
    rows: list[Row] = [{"name": each.value.upper()} for each in Isolation]
    return await call.read(lambda _view: call.paged(rows, keyword=("name",)))


COMMANDS: tuple[Command, ...] = (
    Command(
        "listPhysicalNetworks", list_physical_networks, Listing("physicalnetwork", physical_network_rows)
    ),
    Command(
        "createPhysicalNetwork",
        create_physical_network,
        JobAnswer(
            physical_networks.CREATE,
            "physicalnetwork",
            physical_network_rows,
            made=True,
            about="PhysicalNetwork",
            with_id=True,
        ),
    ),
    Command(
        "updatePhysicalNetwork",
        update_physical_network,
        JobAnswer(
            physical_networks.UPDATE,
            "physicalnetwork",
            physical_network_rows,
            about="PhysicalNetwork",
            with_id=True,
        ),
    ),
    Command("deletePhysicalNetwork", delete_physical_network, JobAnswer(physical_networks.DELETE)),
    Command("listTrafficTypes", list_traffic_types, Listing("traffictype")),
    Command(
        "addTrafficType",
        add_traffic_type,
        JobAnswer(physical_networks.ADD_TRAFFIC, "traffictype", traffic_rows, made=True),
    ),
    Command(
        "updateTrafficType",
        update_traffic_type,
        JobAnswer(physical_networks.UPDATE_TRAFFIC, "traffictype", traffic_rows),
    ),
    Command("deleteTrafficType", delete_traffic_type, JobAnswer(physical_networks.DELETE_TRAFFIC)),
    Command(
        "listTrafficTypeImplementors",
        list_traffic_type_implementors,
        Listing("traffictypeimplementorresponse"),
    ),
    Command("listNetworkServiceProviders", list_network_service_providers, Listing("networkserviceprovider")),
    Command(
        "addNetworkServiceProvider",
        add_network_service_provider,
        JobAnswer(infrastructure_providers.ADD, "networkserviceprovider", provider_rows, made=True),
    ),
    Command(
        "updateNetworkServiceProvider",
        update_network_service_provider,
        JobAnswer(infrastructure_providers.UPDATE, "networkserviceprovider", provider_rows),
    ),
    Command(
        "deleteNetworkServiceProvider",
        delete_network_service_provider,
        JobAnswer(infrastructure_providers.DELETE),
    ),
    Command("listSupportedNetworkServices", list_supported_network_services, Listing("networkservice")),
    Command("listNetworkIsolationMethods", list_network_isolation_methods, Listing("isolationmethod")),
)
