"""A tenant's network as elements see it, put together from its record, its native row, its offering and its wires.

Rule 1: what a network is made of is looked up here and nowhere else: rules, lives and explanations speak of the same facts.
"""

from __future__ import annotations

from typing import Final, cast

from msgspec.structs import replace
from sqlalchemy import bindparam, select

from netloom.app.cloud import infrastructure
from netloom.app.cloud.gateway_places import hosts_of
from netloom.app.cloud.infrastructure import serving_facts
from netloom.app.cloud.work import View
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkMode, NetworkOffering
from netloom.model.cloud.services import Service
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import Network
from netloom.model.states import NetworkState
from netloom.plan.elements import NetworkFacts
from netloom.plan.gurus import WireFacts
from netloom.store import tables
from netloom.store.catalog import find, not_found

UP = frozenset({NetworkState.IMPLEMENTING, NetworkState.IMPLEMENTED, NetworkState.SETUP})
"""States in which providers have something of a network: what changes is told to them."""
ROUTERS: Final = frozenset({Service.SOURCE_NAT, Service.GATEWAY})
"""Services of whoever is the router of a network."""
_THIS = tables.networks.c.id == bindparam("the_id")
_STATE = select(tables.networks.c.state).where(_THIS)
_ISOLATION = select(tables.networks.c.isolation).where(_THIS)


def native(view: View, network: GuestNetwork) -> Network:
    """The network that switches are programmed from.

    Raises:
        NotFound: it is gone.
    """
    return cast("Network", find(view.records.connection, Kind.NETWORK, network.id, "networkid"))


def is_up(view: View, network: GuestNetwork) -> bool:
    """Whether providers have something of a network; False when it is gone."""
    row = view.records.connection.execute(_STATE, {"the_id": network.id}).first()
    return row is not None and NetworkState(row[0]) in UP


def facts_of(view: View, network: GuestNetwork, *, anew: bool = False) -> NetworkFacts:
    """A network as elements see it.

    Args:
        view: where it is.
        network: the record.
        anew: judge it as one that is being made, by the providers that are enabled now; else those that serve it go on.

    Raises:
        NotFound: the native network or its wires are gone.
    """
    row = view.records.connection.execute(_ISOLATION, {"the_id": network.id}).first()
    if row is None:
        raise not_found(Kind.NETWORK, network.id, "networkid")
    wires = infrastructure.physical_network(view, network.physical_network_id)
    offering = view.records.get(NetworkOffering, network.offering_id)
    serving = infrastructure.wire_facts(view, wires) if anew else serving_facts(view, wires, offering)
    facts = facts_from(network, Isolation(row[0]), offering, serving)
    # A network that is being made has no wishes yet, and a tier's gateway is its VPC's.
    if anew or network.vpc_id is not None or not ROUTERS & set(facts.services):
        return facts
    return replace(facts, gateway_hosts=hosts_of(view, network_id=network.id))


def facts_from(
    network: GuestNetwork, isolation: Isolation, offering: NetworkOffering | None, wires: WireFacts
) -> NetworkFacts:
    """A network as elements see it, when all that it is put together from is at hand."""
    services = () if offering is None else offering.services
    return NetworkFacts(
        id=network.id,
        number=network.number,
        name=network.name,
        guru=network.guru,
        isolation=isolation,
        wires=wires,
        guest_type=network.guest_type,
        traffic=network.traffic,
        services={item.service: item.providers for item in services},
        vpc_id=network.vpc_id,
        cidr=network.network_cidr or network.cidr,
        cidr6=network.cidr6,
        gateway=network.gateway,
        gateway6=network.gateway6,
        egress_default_allow=network.egress_default_allow,
        routed=offering is not None and offering.network_mode is NetworkMode.ROUTED,
    )
