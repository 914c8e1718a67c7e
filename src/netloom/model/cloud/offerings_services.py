"""Which services, providers and capabilities go together in an offering.

Rule 1: each refusal is a function of its own; it says what is wrong and what would be accepted.
Rule 2: a provider is judged by its facts, never by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.model.cloud.offerings import OfferedService
from netloom.model.cloud.services import (
    Capability,
    ProviderFacts,
    Service,
    parse_capability,
    parse_service,
    words,
)

Offer = Mapping[Service, tuple[str, ...]]
"""The services of an offering to be, and who gives each, in order of precedence."""

Choices = Mapping[Service, Mapping[Capability, str]]
"""What was chosen for the services' capabilities."""

LB_ISOLATIONS: Final = ("dedicated", "shared")
SOURCE_NAT_TYPES: Final = ("peraccount", "perzone")
LB_SCHEMES: Final = ("public", "internal")
_FLAGS: Final = ("true", "false")
_LB_CHOICES: Final = (
    Capability.SUPPORTED_LB_ISOLATION,
    Capability.ELASTIC_LB,
    Capability.INLINE_MODE,
    Capability.LB_SCHEMES,
    Capability.VM_AUTO_SCALING,
)
_MAX_LB_CHOICES: Final = 4


class ServiceProvider(msgspec.Struct, frozen=True):
    """A line of the list of providers, as it was sent."""

    service: str
    provider: str


class ServiceCapability(msgspec.Struct, frozen=True):
    """A line of the list of capabilities, as it was sent."""

    service: str
    capability: str
    value: str


def parse_services(texts: Iterable[str]) -> tuple[Service, ...]:
    """Services as they were sent, each once.

    Raises:
        InvalidInput: a word is none, or Gateway was asked for (it comes with the router).
    """
    services = tuple(dict.fromkeys(parse_service(text) for text in texts if text.strip()))
    if Service.GATEWAY in services:
        raise InvalidInput(
            "Gateway is not asked for",
            code="service-not-allowed",
            subject="supportedservices",
            hint="leave it out: whoever gives SourceNat (or routes) is the gateway",
        )
    return services


def parse_offer(
    services: Iterable[Service], lines: Sequence[ServiceProvider], known: Mapping[str, ProviderFacts]
) -> dict[Service, tuple[str, ...]]:
    """Who gives what.

    Raises:
        InvalidInput: a line names a service that was not asked for, an unknown provider, or a second one for a service.
    """
    offer: dict[Service, tuple[str, ...]] = dict.fromkeys(services, ())
    by_word = {name.lower(): facts for name, facts in known.items()}
    for line in lines:
        service = parse_service(line.service, "serviceproviderlist")
        if service not in offer:
            raise InvalidInput(
                f"a provider is named for {service.value}, which the offering does not have",
                code="service-not-offered",
                subject="serviceproviderlist",
                hint=f"add {service.value} to supportedservices, or leave the line out",
            )
        facts = by_word.get(line.provider.strip().lower())
        if facts is None:
            raise InvalidInput(
                f"there is no provider {line.provider!r}",
                code="unknown-provider",
                subject="serviceproviderlist",
                hint=f"{service.value} is given by {_givers(service, known)}",
            )
        if facts.name not in offer[service]:
            offer[service] = (*offer[service], facts.name)
    for service, providers in offer.items():
        if len(providers) > 1 and service is not Service.LB:
            raise InvalidInput(
                f"{service.value} has {len(providers)} providers: {', '.join(providers)}",
                code="several-providers",
                subject="serviceproviderlist",
                hint="one provider per service; only Lb may have several",
            )
    return offer


def parse_choices(services: Iterable[Service], lines: Sequence[ServiceCapability]) -> Choices:
    """What was chosen for capabilities.

    Raises:
        InvalidInput: a word is none, a service was not asked for, or a capability is chosen twice.
    """
    choices: dict[Service, dict[Capability, str]] = {}
    allowed = frozenset(services)
    for line in lines:
        service = parse_service(line.service, "servicecapabilitylist")
        capability = parse_capability(line.capability)
        if service not in allowed:
            raise InvalidInput(
                f"{capability.value} is chosen for {service.value}, which the offering does not have",
                code="service-not-offered",
                subject="servicecapabilitylist",
                hint=f"add {service.value} to supportedservices, or leave the line out",
            )
        chosen = choices.setdefault(service, {})
        if capability in chosen and chosen[capability] != line.value.strip():
            raise InvalidInput(
                f"{capability.value} of {service.value} is chosen twice",
                code="capability-twice",
                subject="servicecapabilitylist",
                hint="one value per capability",
            )
        chosen[capability] = line.value.strip()
    return choices


def refuse_what_providers_cannot(offer: Offer, known: Mapping[str, ProviderFacts]) -> None:
    """Each provider must be able to give what it is named for, in this combination."""
    by_provider: dict[str, set[Service]] = {}
    for service, providers in offer.items():
        for name in providers:
            by_provider.setdefault(name, set()).add(service)
    for name, asked in by_provider.items():
        facts = known[name]
        missing = {service for service in asked if not facts.offers(service)}
        if missing:
            raise InvalidInput(
                f"provider {name} does not give {words(missing)}",
                code="service-not-provided",
                subject="serviceproviderlist",
                hint=f"it gives {words(facts.services)}; {words(missing)} by {_givers(min(missing, key=_order), known)}",
            )
        required = frozenset(facts.services) - {Service.GATEWAY}
        if not facts.single_services and not required <= asked:
            raise InvalidInput(
                f"provider {name} gives its services together or not at all; {words(required - asked)} is missing",
                code="services-belong-together",
                subject="serviceproviderlist",
                hint=f"name it for {words(required)}",
            )
        verdict = verify_combination(facts, frozenset(asked))
        if verdict is not None:
            raise InvalidInput(
                f"provider {name} cannot be had like this: {verdict}",
                code="services-do-not-combine",
                subject="serviceproviderlist",
                hint=f"it gives {words(facts.services)}",
            )


def verify_combination(facts: ProviderFacts, asked: frozenset[Service]) -> str | None:
    """Why a provider refuses a set of its services; None: it does not."""
    if facts.needs_connectivity and Service.CONNECTIVITY not in asked:
        return f"{words(asked)} only together with Connectivity"
    if facts.only_connectivity and asked != {Service.CONNECTIVITY}:
        return "Connectivity and nothing else"
    nat = asked & {Service.STATIC_NAT, Service.PORT_FORWARDING}
    if (
        facts.needs_connectivity
        and facts.offers(Service.SOURCE_NAT)
        and nat
        and Service.SOURCE_NAT not in asked
    ):
        return f"{words(nat)} only together with SourceNat"
    return None


def refuse_user_data_without_dhcp(offer: Offer, known: Mapping[str, ProviderFacts]) -> None:
    """A router that tells user data is found by its guests through DHCP."""
    for name in offer.get(Service.USER_DATA, ()):
        if known[name].offers(Service.SOURCE_NAT) and not offer.get(Service.DHCP):
            raise InvalidInput(
                f"{name} gives UserData, and nobody gives Dhcp",
                code="user-data-needs-dhcp",
                subject="serviceproviderlist",
                hint="add Dhcp with a provider, or let ConfigDrive give UserData",
            )


def refuse_wrong_choices(offer: Offer, choices: Choices, known: Mapping[str, ProviderFacts]) -> None:
    """Capabilities belong to their service, have one of its values, and the providers must have them."""
    for service, chosen in choices.items():
        allowed = _ALLOWED.get(service)
        if allowed is None:
            raise InvalidInput(
                f"{service.value} has no capability to choose",
                code="capability-not-choosable",
                subject="servicecapabilitylist",
                hint="choices are possible for " + ", ".join(s.value for s in _ALLOWED),
            )
        foreign = [capability for capability in chosen if capability not in allowed]
        if foreign:
            raise InvalidInput(
                f"{words(foreign)} is no choice of {service.value}",
                code="capability-not-choosable",
                subject="servicecapabilitylist",
                hint="its choices are " + words(allowed),
            )
        for capability, value in chosen.items():
            if value.lower() not in allowed[capability]:
                raise InvalidInput(
                    f"{capability.value} of {service.value} cannot be {value!r}",
                    code="capability-value",
                    subject="servicecapabilitylist",
                    hint="exactly one of " + ", ".join(allowed[capability]),
                )
    _refuse_lb_choices(choices.get(Service.LB, {}))
    _refuse_static_nat_choices(choices.get(Service.STATIC_NAT, {}))
    for service, chosen in choices.items():
        for name in offer.get(service, ()):
            _refuse_what_provider_has_not(known[name], service, chosen)


def _refuse_lb_choices(chosen: Mapping[Capability, str]) -> None:
    if not chosen:
        return
    if len(chosen) > _MAX_LB_CHOICES:
        raise InvalidInput(
            f"{len(chosen)} choices for Lb: {words(chosen)}",
            code="too-many-capabilities",
            subject="servicecapabilitylist",
            hint=f"at most {_MAX_LB_CHOICES}",
        )
    if Capability.SUPPORTED_LB_ISOLATION not in chosen and Capability.LB_SCHEMES not in chosen:
        raise InvalidInput(
            f"{words(chosen)} is chosen for Lb without SupportedLBIsolation",
            code="lb-isolation-missing",
            subject="servicecapabilitylist",
            hint="add SupportedLBIsolation=dedicated or =shared",
        )


def _refuse_static_nat_choices(chosen: Mapping[Capability, str]) -> None:
    associate = chosen.get(Capability.ASSOCIATE_PUBLIC_IP, "false").lower() == "true"
    elastic = chosen.get(Capability.ELASTIC_IP, "false").lower() == "true"
    if associate and not elastic:
        raise InvalidInput(
            "AssociatePublicIP=true without ElasticIp=true",
            code="associate-needs-elastic",
            subject="servicecapabilitylist",
            hint="choose ElasticIp=true too, or leave AssociatePublicIP out",
        )


def _refuse_what_provider_has_not(
    facts: ProviderFacts, service: Service, chosen: Mapping[Capability, str]
) -> None:
    for capability, value in chosen.items():
        word = value.lower()
        if word == "false":
            continue
        has = facts.values(service, capability)
        if word in has:
            continue
        offers = facts.value(service, capability)
        raise InvalidInput(
            f"provider {facts.name} does not do {capability.value}={value} for {service.value}",
            code="capability-not-provided",
            subject="servicecapabilitylist",
            hint="leave it out" if offers is None else f"it does {offers}",
        )


def with_gateway(
    offer: Offer, *, routed: bool, known: Mapping[str, ProviderFacts]
) -> dict[Service, tuple[str, ...]]:
    """The offer and the gateway that goes with it: whoever gives SourceNat; when routed, the router that gives Dhcp."""
    complete = dict(offer)
    givers = offer.get(Service.SOURCE_NAT, ())
    if routed and not givers:
        givers = tuple(
            name
            for providers in offer.values()
            for name in providers
            if known[name].offers(Service.GATEWAY) and known[name].offers(Service.DHCP)
        )[:1]
    givers = tuple(name for name in givers if known[name].offers(Service.GATEWAY))
    if givers:
        complete[Service.GATEWAY] = givers
    return complete


def with_firewall(offer: Offer, known: Mapping[str, ProviderFacts]) -> dict[Service, tuple[str, ...]]:
    """The offer and the firewall of the router that forwards ports or does static NAT (outside of VPCs)."""
    complete = dict(offer)
    if Service.FIREWALL not in complete and Service.NETWORK_ACL not in complete:
        for service in (Service.PORT_FORWARDING, Service.STATIC_NAT):
            for name in offer.get(service, ()):
                if known[name].offers(Service.FIREWALL):
                    complete[Service.FIREWALL] = (name,)
    return complete


def as_offered(offer: Offer, choices: Choices) -> tuple[OfferedService, ...]:
    """The services as the record has them, in the order of their declaration."""
    return tuple(
        OfferedService(
            service=service,
            providers=offer[service],
            capabilities={capability.value: value for capability, value in choices.get(service, {}).items()},
        )
        for service in Service
        if service in offer
    )


def _givers(service: Service, known: Mapping[str, ProviderFacts]) -> str:
    return ", ".join(name for name, facts in known.items() if facts.offers(service)) or "nobody"


def _order(service: Service) -> int:
    return list(Service).index(service)


_ALLOWED: Final[Mapping[Service, Mapping[Capability, tuple[str, ...]]]] = {
    Service.LB: {
        capability: {
            Capability.SUPPORTED_LB_ISOLATION: LB_ISOLATIONS,
            Capability.LB_SCHEMES: LB_SCHEMES,
        }.get(capability, _FLAGS)
        for capability in _LB_CHOICES
    },
    Service.SOURCE_NAT: {
        Capability.SUPPORTED_SOURCE_NAT_TYPES: SOURCE_NAT_TYPES,
        Capability.REDUNDANT_ROUTER: _FLAGS,
    },
    Service.STATIC_NAT: {Capability.ELASTIC_IP: _FLAGS, Capability.ASSOCIATE_PUBLIC_IP: _FLAGS},
    Service.CONNECTIVITY: {Capability.STRETCHED_L2_SUBNET: _FLAGS, Capability.PUBLIC_ACCESS: _FLAGS},
}
