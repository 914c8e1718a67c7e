"""An offering of networks as somebody sends it, and as it is understood before it is judged.

Rule 1: a draft holds words as they were sent; a case holds what they mean.
Rule 2: whether an offering is for tiers of VPCs follows from its services and providers, unless it was said.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.offerings import Availability, GuestType, InternetProtocol, NetworkMode, Traffic
from netloom.model.cloud.offerings_services import (
    Choices,
    ServiceCapability,
    ServiceProvider,
    parse_choices,
    parse_offer,
    parse_services,
)
from netloom.model.cloud.record import DomainId
from netloom.model.cloud.services import ProviderFacts, Service, words
from netloom.model.cloud.words import parse_word


class OfferingWorld(msgspec.Struct, frozen=True, kw_only=True):
    """What offerings are judged by besides themselves.

    Attributes:
        providers: what each provider that may be named is able to do.
        required: the name of the offering that is Required already.
        routed: whether networks may be routed (`routed.network.vpc.enabled`).
        ipv6: whether offerings may promise IPv6 (`ipv6.offering.enabled`).
    """

    providers: Mapping[str, ProviderFacts]
    required: str | None = None
    routed: bool = False
    ipv6: bool = False


class NetworkOfferingDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An offering as it was sent; None: left out."""

    name: str
    guest_type: str
    traffic: str = Traffic.GUEST.value
    display_text: str | None = None
    services: tuple[str, ...] = ()
    providers: tuple[ServiceProvider, ...] = ()
    capabilities: tuple[ServiceCapability, ...] = ()
    availability: str | None = None
    conserve_mode: bool = True
    specify_vlan: bool = False
    specify_ip_ranges: bool = False
    specify_as_number: bool = False
    persistent: bool = False
    egress_default_allow: bool = True
    for_vpc: bool | None = None
    network_mode: str | None = None
    internet_protocol: str | None = None
    network_rate: int | None = None
    max_connections: int | None = None
    keep_alive: bool = False
    mtu: int | None = None
    tags: tuple[str, ...] = ()
    service_offering_id: Uuid | None = None
    domain_ids: tuple[DomainId, ...] = ()
    zone_ids: tuple[Uuid, ...] = ()
    details: Mapping[str, str] = {}
    enable: bool = False


class OfferingCase(msgspec.Struct, frozen=True, kw_only=True):
    """A draft whose words are understood, while it is judged."""

    draft: NetworkOfferingDraft
    world: OfferingWorld
    guest_type: GuestType
    availability: Availability
    offer: Mapping[Service, tuple[str, ...]]
    choices: Choices
    mode: NetworkMode | None
    protocol: InternetProtocol
    for_vpc: bool


def understand(draft: NetworkOfferingDraft, world: OfferingWorld) -> OfferingCase:
    """What a draft means.

    Raises:
        InvalidInput: a word is none, or services and providers contradict each other.
    """
    parse_word(Traffic, draft.traffic, "traffictype", only=(Traffic.GUEST,))
    guest_type = parse_word(GuestType, draft.guest_type, "guestiptype")
    availability = (
        Availability.OPTIONAL
        if draft.availability is None
        else parse_word(Availability, draft.availability, "availability")
    )
    services = parse_services(draft.services)
    offer = parse_offer(services, draft.providers, world.providers)
    return OfferingCase(
        draft=draft,
        world=world,
        guest_type=guest_type,
        availability=availability,
        offer=offer,
        choices=parse_choices(services, draft.capabilities),
        mode=None
        if draft.network_mode is None
        else parse_word(NetworkMode, draft.network_mode, "networkmode"),
        protocol=InternetProtocol.IPV4
        if draft.internet_protocol is None
        else parse_word(InternetProtocol, draft.internet_protocol, "internetprotocol"),
        for_vpc=_for_vpc(draft.for_vpc, offer, world.providers),
    )


def _for_vpc(
    asked: bool | None, offer: Mapping[Service, tuple[str, ...]], known: Mapping[str, ProviderFacts]
) -> bool:
    """Whether the offering is for tiers; its services and providers tell it when nobody said."""
    never = {Service.FIREWALL, Service.SECURITY_GROUP} & set(offer)
    outside = {name for names in offer.values() for name in names if known[name].in_vpc is False}
    inside = {name for names in offer.values() for name in names if known[name].in_vpc is True}
    tier_only = Service.NETWORK_ACL in offer or bool(inside)
    if asked is True and (never or outside):
        raise InvalidInput(
            f"an offering for VPCs with {words(never) or ', '.join(sorted(outside))}",
            code="not-in-vpc",
            subject="forvpc",
            hint="a tier has NetworkACL in place of Firewall, and VpcVirtualRouter in place of VirtualRouter",
        )
    if (asked is False and tier_only) or (tier_only and (never or outside)):
        raise InvalidInput(
            f"{'NetworkACL' if Service.NETWORK_ACL in offer else ', '.join(sorted(inside))} is for tiers of VPCs only"
            + (
                f", {words(never) or ', '.join(sorted(outside))} for other networks"
                if never or outside
                else ""
            ),
            code="only-in-vpc",
            subject="forvpc",
            hint="make an offering for VPCs, or one with Firewall and VirtualRouter",
        )
    return tier_only if asked is None else asked
