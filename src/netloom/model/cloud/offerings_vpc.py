"""What an offering of VPCs may promise, and what a draft comes to.

Rule 1: a VPC has a router: SourceNat (unless routed) and NetworkACL are added when they were not asked for.
Rule 2: who gives a service is VpcVirtualRouter unless somebody else is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.offerings import (
    InternetProtocol,
    NetworkMode,
    NetworkOffering,
    VpcOffering,
    offered,
)
from netloom.model.cloud.offerings_draft import OfferingWorld
from netloom.model.cloud.offerings_refusals import refuse_nat_when_routed
from netloom.model.cloud.offerings_services import (
    ServiceCapability,
    ServiceProvider,
    as_offered,
    parse_choices,
    parse_offer,
    parse_services,
    refuse_what_providers_cannot,
    with_gateway,
)
from netloom.model.cloud.record import Birth, DomainId
from netloom.model.cloud.services import Capability, ProviderFacts, Service, words
from netloom.model.cloud.services_known import VPC_VIRTUAL_ROUTER
from netloom.model.cloud.words import Allocation, check_text, parse_word

NOT_IN_VPC: Final = frozenset({Service.SECURITY_GROUP, Service.FIREWALL})
DEFAULT_SERVICES: Final = (
    Service.VPN,
    Service.DHCP,
    Service.DNS,
    Service.LB,
    Service.USER_DATA,
    Service.SOURCE_NAT,
    Service.STATIC_NAT,
    Service.PORT_FORWARDING,
    Service.NETWORK_ACL,
)
"""What an offering of VPCs has when no services were named."""

_CHOICES: Final[Mapping[Service, tuple[Capability, ...]]] = {
    Service.CONNECTIVITY: (Capability.DISTRIBUTED_ROUTER, Capability.REGION_LEVEL_VPC),
    Service.SOURCE_NAT: (Capability.REDUNDANT_ROUTER,),
    Service.GATEWAY: (Capability.REDUNDANT_ROUTER,),
}


class VpcOfferingDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An offering of VPCs as it was sent; None: left out."""

    name: str
    display_text: str | None = None
    services: tuple[str, ...] = ()
    providers: tuple[ServiceProvider, ...] = ()
    capabilities: tuple[ServiceCapability, ...] = ()
    network_mode: str | None = None
    internet_protocol: str | None = None
    specify_as_number: bool = False
    service_offering_id: Uuid | None = None
    domain_ids: tuple[DomainId, ...] = ()
    zone_ids: tuple[Uuid, ...] = ()
    enable: bool = False


def settle_vpc(draft: VpcOfferingDraft, world: OfferingWorld, birth: Birth) -> VpcOffering:
    """The offering of VPCs that a draft comes to.

    Raises:
        InvalidInput: it promises what cannot be; the message says what, the hint what would be accepted.
    """
    mode = None if draft.network_mode is None else parse_word(NetworkMode, draft.network_mode, "networkmode")
    routed = mode is NetworkMode.ROUTED
    services = parse_services(draft.services) or tuple(
        service for service in DEFAULT_SERVICES if not routed or service in _WHEN_ROUTED
    )
    _refuse_what_vpcs_have_not(services)
    _refuse_modes(draft, world, routed=routed)
    if not routed and Service.SOURCE_NAT not in services:
        services = (*services, Service.SOURCE_NAT)
    if Service.NETWORK_ACL not in services:
        services = (*services, Service.NETWORK_ACL)
    offer = parse_offer(services, draft.providers, world.providers)
    for service, providers in offer.items():
        if not providers and world.providers[VPC_VIRTUAL_ROUTER].offers(service):
            offer[service] = (VPC_VIRTUAL_ROUTER,)
    if routed:
        refuse_nat_when_routed(offer)
    refuse_what_providers_cannot(offer, world.providers)
    _refuse_foreign_providers(offer, world.providers)
    gatewayed = with_gateway(offer, routed=routed, known=world.providers)
    choices = parse_choices(gatewayed, draft.capabilities)
    _refuse_vpc_choices(gatewayed, choices, world.providers)
    return VpcOffering(
        **birth,
        name=check_text(draft.name, "name"),
        display_text=check_text(draft.display_text or draft.name, "displaytext"),
        services=as_offered(gatewayed, choices),
        state=Allocation.ENABLED if draft.enable else Allocation.DISABLED,
        distributed_router=_chosen(choices, Capability.DISTRIBUTED_ROUTER),
        region_level=_chosen(choices, Capability.REGION_LEVEL_VPC),
        redundant_router=_chosen(choices, Capability.REDUNDANT_ROUTER),
        network_mode=mode,
        internet_protocol=InternetProtocol.IPV4
        if draft.internet_protocol is None
        else parse_word(InternetProtocol, draft.internet_protocol, "internetprotocol"),
        service_offering_id=draft.service_offering_id,
        domain_ids=draft.domain_ids,
        zone_ids=draft.zone_ids,
    )


def refuse_tier_offering(tier: NetworkOffering, vpc: VpcOffering) -> None:
    """An offering that cannot be a tier of VPCs of another one.

    Raises:
        InvalidInput: it is not for VPCs, or has a service that the VPC's router does not give.
    """
    if not tier.for_vpc:
        raise InvalidInput(
            f"network offering {tier.name!r} is not for VPCs",
            code="offering-not-for-vpc",
            subject="networkofferingid",
            hint="use an offering for VPCs",
        )
    for item in tier.services:
        if item.service is Service.GATEWAY:
            continue
        given = offered(vpc, item.service)
        missing = [name for name in item.providers if given is None or name not in given.providers]
        if given is None or missing:
            by = f" by {', '.join(missing)}" if missing else ""
            raise InvalidInput(
                f"network offering {tier.name!r} has {item.service.value}{by}, VPC offering {vpc.name!r} has not",
                code="service-not-in-vpc",
                subject="networkofferingid",
                hint="it has " + words(s.service for s in vpc.services),
            )


_WHEN_ROUTED: Final = frozenset({Service.DHCP, Service.DNS, Service.USER_DATA, Service.NETWORK_ACL})


def _chosen(choices: Mapping[Service, Mapping[Capability, str]], capability: Capability) -> bool:
    return any(chosen.get(capability, "false").lower() == "true" for chosen in choices.values())


def _refuse_what_vpcs_have_not(services: tuple[Service, ...]) -> None:
    refused = NOT_IN_VPC & set(services)
    if refused:
        raise InvalidInput(
            f"{words(refused)} in an offering of VPCs",
            code="not-in-vpc",
            subject="supportedservices",
            hint="a VPC has NetworkACL in place of them",
        )


def _refuse_modes(draft: VpcOfferingDraft, world: OfferingWorld, *, routed: bool) -> None:
    if routed and not world.routed:
        raise InvalidInput(
            "networkmode=ROUTED while routed networks are switched off",
            code="routed-disabled",
            subject="networkmode",
            hint="NATTED, or set routed.network.vpc.enabled to true",
        )
    if draft.specify_as_number:
        raise InvalidInput(
            "specifyasnumber=true, and no provider routes dynamically",
            code="no-dynamic-routing",
            subject="specifyasnumber",
            hint="leave it out",
        )
    protocol = (draft.internet_protocol or InternetProtocol.IPV4.value).lower()
    if protocol != InternetProtocol.IPV4.value.lower() and not world.ipv6:
        raise InvalidInput(
            f"internetprotocol={draft.internet_protocol} while IPv6 offerings are switched off",
            code="ipv6-disabled",
            subject="internetprotocol",
            hint="IPv4, or set ipv6.offering.enabled to true",
        )


def _refuse_foreign_providers(
    offer: Mapping[Service, tuple[str, ...]], known: Mapping[str, ProviderFacts]
) -> None:
    for service, providers in offer.items():
        for name in providers:
            if known[name].in_vpc is False:
                able = [n for n, f in known.items() if f.in_vpc is not False and f.offers(service)]
                raise InvalidInput(
                    f"provider {name} serves no VPCs",
                    code="provider-not-in-vpc",
                    subject="serviceproviderlist",
                    hint=f"{service.value} in a VPC is given by {', '.join(able) or 'nobody'}",
                )


def _refuse_vpc_choices(
    offer: Mapping[Service, tuple[str, ...]],
    choices: Mapping[Service, Mapping[Capability, str]],
    known: Mapping[str, ProviderFacts],
) -> None:
    for service, chosen in choices.items():
        for capability, value in chosen.items():
            if capability not in _CHOICES.get(service, ()):
                allowed = "; ".join(f"{s.value}: {words(c)}" for s, c in _CHOICES.items())
                raise InvalidInput(
                    f"{capability.value} of {service.value} is no choice of a VPC",
                    code="capability-not-choosable",
                    subject="servicecapabilitylist",
                    hint=f"choices are {allowed}",
                )
            if value.lower() not in ("true", "false"):
                raise InvalidInput(
                    f"{capability.value} cannot be {value!r}",
                    code="capability-value",
                    subject="servicecapabilitylist",
                    hint="true or false",
                )
            for name in offer.get(service, ()):
                if value.lower() == "true" and known[name].value(service, capability) != "true":
                    raise InvalidInput(
                        f"provider {name} does not do {capability.value} for {service.value}",
                        code="capability-not-provided",
                        subject="servicecapabilitylist",
                        hint="leave it out",
                    )
