"""Giving a tenant's network another offering.

Rule 1: it keeps its designer: whose wires it is on, and how it is kept apart, does not change.
Rule 2: no service goes while rules of it stand; and none goes unless whoever asks says that it is meant (`forced`).
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud import networks_native, ranges_ipv6
from netloom.app.cloud.load_balancers_schemes import check_schemes_stay
from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.networks_life import Crew, implement_later
from netloom.app.cloud.offerings_seen import usable
from netloom.app.cloud.providers import nobody_gives
from netloom.app.cloud.rules_provider import RULES
from netloom.app.cloud.vpc_tiers import check_tier_offering, tiers_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import (
    GuestType,
    InternetProtocol,
    NetworkMode,
    NetworkOffering,
    services_of,
)
from netloom.model.cloud.services import Service, words
from netloom.model.cloud.vpc import Vpc
from netloom.plan.elements import RULE_ORDER, NetworkElement


def with_offering(
    work: Work,
    network: GuestNetwork,
    offering_id: Uuid,
    *,
    forced: bool,
    others: list[GuestNetwork] | None = None,
) -> GuestNetwork:
    """The network with another offering; `others`: a tier's neighbours as they will be, when they change with it.

    Raises:
        InvalidInput: it is not for such a network (`offering-unfit`).
        Conflict: rules of a service that would go stand, or services would go without `forced`, or nobody gives one.
    """
    before = offering_of(work, network)
    after = usable(
        work,
        NetworkOffering,
        offering_id,
        "networkofferingid",
        owner_domain=network.domain_id,
        zone_id=network.zone_id,
    )
    why = _unfit(network, before, after)
    if why is not None:
        raise InvalidInput(
            f"network {network.name!r} ({network.id}) cannot change to offering {after.name!r} ({after.id}): {why}",
            code="offering-unfit",
            subject="networkofferingid",
            hint="listNetworkOfferings with this network shows those that it can have",
        )
    if network.vpc_id is not None:
        vpc = work.get(Vpc, network.vpc_id, "vpcid")
        if others is None:
            others = [tier for tier in tiers_of(work, vpc) if tier.id != network.id]
        check_tier_offering(work, vpc, after, others)
    gone = services_of(before) - services_of(after)
    _check_unused(work, network, gone)
    if gone and not forced:
        raise Conflict(
            f"network {network.name!r} ({network.id}) would lose {words(gone)}",
            code="services-lost",
            subject="networkofferingid",
            hint="force it if that is meant",
        )
    changed = msgspec.structs.replace(
        network,
        offering_id=after.id,
        persistent=after.persistent,
        egress_default_allow=after.egress_default_allow,
    )
    if after.internet_protocol is not InternetProtocol.IPV4 and changed.cidr6 is None:
        drawn = ranges_ipv6.draw(work, network.zone_id)
        ranges_ipv6.keep(work, drawn, network.id)
        changed = msgspec.structs.replace(changed, cidr6=drawn.cidr, gateway6=drawn.gateway)
        networks_native.change(work, network, changed)
    missing = work.backends.providers.missing(facts_of(work, changed, anew=True))
    if missing:
        raise nobody_gives(network.name, missing)
    check_schemes_stay(work, changed)
    if changed.persistent and not network.persistent:
        implement_later(work, changed)
    return changed


def _unfit(network: GuestNetwork, before: NetworkOffering, after: NetworkOffering) -> str | None:
    if network.guest_type is not GuestType.ISOLATED or after.guest_type is not GuestType.ISOLATED:
        return "only isolated networks change their offering, and to another isolated one"
    if after.for_vpc != before.for_vpc:
        return "one is for tiers of VPCs, the other is not"
    if (before.network_mode is NetworkMode.ROUTED) is not (after.network_mode is NetworkMode.ROUTED):
        return "one is routed, the other translates addresses"
    if after.specify_vlan != before.specify_vlan or after.specify_ip_ranges != before.specify_ip_ranges:
        return "one leaves VLAN or addresses to the operator, the other does not"
    if set(after.tags) != set(before.tags):
        return "they name other physical networks by their tags"
    if network.cidr6 is not None and after.internet_protocol is InternetProtocol.IPV4:
        return "it has no IPv6, and the network's interfaces have IPv6 addresses"
    if _connectivity(after) != _connectivity(before):
        return "another provider would have to carry it"
    return None


def _connectivity(offering: NetworkOffering) -> tuple[str, ...]:
    return next((item.providers for item in offering.services if item.service is Service.CONNECTIVITY), ())


def _check_unused(view: View, network: GuestNetwork, services: frozenset[Service]) -> None:
    for stage in RULE_ORDER:
        if stage.service in services and stage in RULES and RULES[stage](view, network.id):
            raise Conflict(
                f"network {network.name!r} ({network.id}) has {stage.value} rules, which need {stage.service.value}",
                code="services-in-use",
                subject="networkofferingid",
                hint="delete the rules first, or use an offering with the service",
            )


def offering_of(view: View, network: GuestNetwork) -> NetworkOffering:
    """What a network is made of.

    Raises:
        Conflict: it is gone (`offering-gone`).
    """
    offering = view.records.get(NetworkOffering, network.offering_id)
    if offering is None:
        raise Conflict(
            f"the offering {network.offering_id} of network {network.name!r} ({network.id}) is gone",
            code="offering-gone",
            subject="networkofferingid",
        )
    return offering


def idle_elements(view: View, of: Crew) -> list[NetworkElement]:
    """The elements that are enabled on the network's wires and give none of its services."""
    facts, elements = of
    busy = {element.facts.name for element in elements}
    return [
        element
        for name, element in view.backends.providers.elements.items()
        if name in facts.wires.providers and name not in busy
    ]
