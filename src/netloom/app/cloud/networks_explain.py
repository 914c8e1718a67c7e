"""Why a network is as it is: what each guru says to it, who gives each service, and whether it has to be up.

Rule 1: nothing is remembered for this: gurus and elements are asked again, as they were when the network was made. Where
    the answer is another one now, because a provider was disabled since, that is worth telling.
Rule 2: data, no text: faces show it.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.infrastructure import physical_network, wire_facts, zone_facet
from netloom.app.cloud.networks_facts import facts_of, native
from netloom.app.cloud.networks_life import is_needed
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.model.cloud.infrastructure import ZoneType
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering
from netloom.model.cloud.services import Service
from netloom.plan.gurus import DOMAIN_TYPES, DesignQuestion, broadcast_uri


class GuruSays(msgspec.Struct, frozen=True, kw_only=True):
    """A guru's answer to the network as it was asked for: one sentence, without a full stop."""

    guru: str
    designs_it: bool
    reason: str


class ServiceGiven(msgspec.Struct, frozen=True, kw_only=True):
    """Who gives a service of the offering; `provider` None: nobody does, and `reason` says why."""

    service: str
    offered_by: tuple[str, ...]
    provider: str | None
    reason: str


class NetworkExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """A network explained.

    Attributes:
        guru: who designed it, for life.
        gurus: what each says now, by name.
        services: in the order of their declaration.
        needed: whether it has to be up; `why_needed` says for what, or why not.
    """

    id: Uuid
    name: str
    native_name: str
    offering: str
    physical_network: str
    state: str
    broadcast_domain: str
    broadcast_uri: str
    guru: str
    gurus: tuple[GuruSays, ...]
    services: tuple[ServiceGiven, ...]
    needed: bool
    why_needed: str


def explain(view: View, network: GuestNetwork) -> NetworkExplanation:
    """A network that the caller may see, explained.

    Raises:
        NotFound: a half of it is gone.
    """
    row = native(view, network)
    offering = view.records.get(NetworkOffering, network.offering_id)
    needed, why = _needed(view, network)
    return NetworkExplanation(
        id=network.id,
        name=network.name,
        native_name=row.name,
        offering="" if offering is None else offering.name,
        physical_network=row.physical_network,
        state=row.state.value,
        broadcast_domain=DOMAIN_TYPES[row.isolation],
        broadcast_uri=broadcast_uri(row.isolation, row.segment),
        guru=network.guru,
        gurus=tuple(
            GuruSays(guru=each.guru, designs_it=each.verdict.yes, reason=each.verdict.reason)
            for each in view.backends.providers.why(question_of(view, network))
        ),
        services=_services(view, network),
        needed=needed,
        why_needed=why,
    )


def question_of(view: View, network: GuestNetwork) -> DesignQuestion:
    """What gurus were asked when the network was made, with its wires as they are now."""
    offering = view.records.get(NetworkOffering, network.offering_id)
    return DesignQuestion(
        traffic=network.traffic,
        wires=wire_facts(view, physical_network(view, network.physical_network_id)),
        guest_type=network.guest_type,
        basic_zone=zone_facet(view, network.zone_id).type is ZoneType.BASIC,
        services={} if offering is None else {item.service: item.providers for item in offering.services},
        specify_vlan=offering is not None and offering.specify_vlan,
        vlan=network.vlan,
        vpc_id=network.vpc_id,
        cidr=network.network_cidr or network.cidr,
        gateway=network.gateway,
        cidr6=network.cidr6,
        gateway6=network.gateway6,
    )


def _services(view: View, network: GuestNetwork) -> tuple[ServiceGiven, ...]:
    facts, now = facts_of(view, network), facts_of(view, network, anew=True)
    found: list[ServiceGiven] = []
    for service in Service:
        if service not in facts.services:
            continue
        resolution = view.backends.providers.resolve(facts, service)
        reason = resolution.reason
        if resolution.element is not None and resolution.provider not in now.wires.providers:
            reason += (
                f"; disabled on physical network {now.wires.name!r} since, it goes on serving this network"
            )
        if service is Service.GATEWAY:
            reason = "the gateway is whoever gives SourceNat"
        found.append(
            ServiceGiven(
                service=service.value,
                offered_by=facts.services[service],
                provider=resolution.provider,
                reason=reason,
            )
        )
    return tuple(found)


def _needed(view: View, network: GuestNetwork) -> tuple[bool, str]:
    if network.persistent:
        return True, "its offering is persistent"
    if is_needed(view, network):
        return True, "an interface of it is in use"
    return False, "nothing is in use in it"
