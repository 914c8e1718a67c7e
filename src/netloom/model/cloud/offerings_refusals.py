"""What an offering of networks may not promise: each refusal on its own.

Rule 1: a refusal says what is wrong and what would be accepted; `REFUSALS` is their order, and all of them.
Rule 2: a refusal looks at the case and at what the world says, never at the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from netloom.base.errors import Conflict, InvalidInput
from netloom.model.cloud.offerings import Availability, GuestType, InternetProtocol, NetworkMode
from netloom.model.cloud.offerings_draft import OfferingCase
from netloom.model.cloud.offerings_services import (
    refuse_user_data_without_dhcp,
    refuse_what_providers_cannot,
    refuse_wrong_choices,
)
from netloom.model.cloud.services import Capability, Service, words

MAX_RATE: Final = 400_000
"""Mbit/s."""

MAX_CONNECTIONS: Final = 1_000_000


def _refuse_security_group_unless_shared(case: OfferingCase) -> None:
    if Service.SECURITY_GROUP in case.offer and case.guest_type is not GuestType.SHARED:
        raise InvalidInput(
            f"SecurityGroup in an offering of type {case.guest_type.value}",
            code="security-group-not-shared",
            subject="supportedservices",
            hint="security groups protect Shared networks; use Firewall or NetworkACL here",
        )


def _refuse_services_on_l2(case: OfferingCase) -> None:
    other = set(case.offer) - {Service.USER_DATA, Service.CONNECTIVITY}
    if case.guest_type is GuestType.L2 and other:
        raise InvalidInput(
            f"{words(other)} in an offering of type L2",
            code="service-not-on-l2",
            subject="supportedservices",
            hint="an L2 network may have UserData and Connectivity",
        )


def _refuse_providers(case: OfferingCase) -> None:
    refuse_what_providers_cannot(case.offer, case.world.providers)
    refuse_user_data_without_dhcp(case.offer, case.world.providers)


def _refuse_choices(case: OfferingCase) -> None:
    refuse_wrong_choices(case.offer, case.choices, case.world.providers)


def _refuse_public_access_unless_shared(case: OfferingCase) -> None:
    chosen = case.choices.get(Service.CONNECTIVITY, {}).get(Capability.PUBLIC_ACCESS, "false")
    if chosen.lower() == "true" and case.guest_type is not GuestType.SHARED:
        raise InvalidInput(
            f"PublicAccess in an offering of type {case.guest_type.value}",
            code="public-access-not-shared",
            subject="servicecapabilitylist",
            hint="only Shared networks have public access",
        )


def _refuse_ip_ranges(case: OfferingCase) -> None:
    given = case.draft.specify_ip_ranges
    if case.guest_type is GuestType.SHARED and not given:
        raise InvalidInput(
            "specifyipranges=false in an offering of type Shared",
            code="ip-ranges-needed",
            subject="specifyipranges",
            hint="have it specify IP ranges: the operator names the addresses of a shared network",
        )
    if case.guest_type is GuestType.ISOLATED and Service.SOURCE_NAT in case.offer and given:
        raise InvalidInput(
            "specifyipranges=true in an isolated offering with SourceNat",
            code="ip-ranges-not-needed",
            subject="specifyipranges",
            hint="have it not specify IP ranges: netloom gives out the addresses behind source NAT",
        )


def _refuse_persistent_when_shared(case: OfferingCase) -> None:
    if case.draft.persistent and case.guest_type is GuestType.SHARED:
        raise InvalidInput(
            "ispersistent=true in an offering of type Shared",
            code="persistent-when-shared",
            subject="ispersistent",
            hint="a shared network is always there; leave it out",
        )


def _refuse_network_mode(case: OfferingCase) -> None:
    if case.mode is None:
        return
    if case.guest_type is not GuestType.ISOLATED:
        raise InvalidInput(
            f"networkmode={case.mode.value} in an offering of type {case.guest_type.value}",
            code="mode-not-isolated",
            subject="networkmode",
            hint="only Isolated offerings have a mode; leave it out",
        )
    if case.mode is not NetworkMode.ROUTED:
        return
    if not case.world.routed:
        raise InvalidInput(
            "networkmode=ROUTED while routed networks are switched off",
            code="routed-disabled",
            subject="networkmode",
            hint="NATTED, or set routed.network.vpc.enabled to true",
        )
    refuse_nat_when_routed(case.offer)


def refuse_nat_when_routed(offer: Mapping[Service, tuple[str, ...]]) -> None:
    """A routed network translates no addresses."""
    translating = {
        Service.SOURCE_NAT,
        Service.STATIC_NAT,
        Service.LB,
        Service.PORT_FORWARDING,
        Service.VPN,
    } & set(offer)
    if translating:
        raise InvalidInput(
            f"{words(translating)} with networkmode=ROUTED",
            code="nat-when-routed",
            subject="supportedservices",
            hint="leave these services out, or use NATTED",
        )


def _refuse_required(case: OfferingCase) -> None:
    if case.availability is not Availability.REQUIRED:
        return
    if case.guest_type is not GuestType.ISOLATED or Service.SOURCE_NAT not in case.offer:
        raise InvalidInput(
            f"availability=Required for an offering of type {case.guest_type.value} "
            + ("with" if Service.SOURCE_NAT in case.offer else "without")
            + " SourceNat",
            code="required-not-isolated",
            subject="availability",
            hint="Optional; only an Isolated offering with SourceNat can be Required",
        )
    if case.world.required is not None:
        raise Conflict(
            f"network offering {case.world.required!r} is Required already",
            code="required-taken",
            subject="availability",
            hint="Optional, or make the other one Optional first",
        )


def _refuse_as_number(case: OfferingCase) -> None:
    if case.draft.specify_as_number:
        raise InvalidInput(
            "specifyasnumber=true, and no provider routes dynamically",
            code="no-dynamic-routing",
            subject="specifyasnumber",
            hint="leave it out",
        )


def _refuse_egress_deny(case: OfferingCase) -> None:
    if case.draft.egress_default_allow:
        return
    for name in case.offer.get(Service.FIREWALL, ()):
        if not case.world.providers[name].egress_default_deny:
            able = ", ".join(n for n, f in case.world.providers.items() if f.egress_default_deny)
            raise InvalidInput(
                f"egressdefaultpolicy=false, and the firewall {name} cannot deny by default",
                code="egress-deny-not-provided",
                subject="egressdefaultpolicy",
                hint=f"true, or Firewall by {able or 'a provider that can'}",
            )


def _refuse_tier_without_router(case: OfferingCase) -> None:
    if not case.for_vpc:
        return
    if case.guest_type is not GuestType.ISOLATED:
        raise InvalidInput(
            f"an offering for VPCs of type {case.guest_type.value}",
            code="tier-not-isolated",
            subject="guestiptype",
            hint="tiers are Isolated",
        )
    if case.draft.specify_vlan:
        raise InvalidInput(
            "specifyvlan=true in an offering for VPCs",
            code="tier-with-vlan",
            subject="specifyvlan",
            hint="false: netloom chooses the segment of a tier",
        )
    if Service.SOURCE_NAT not in case.offer and case.mode is not NetworkMode.ROUTED:
        raise InvalidInput(
            "an offering for VPCs without SourceNat",
            code="tier-without-router",
            subject="supportedservices",
            hint="add SourceNat with a provider for VPCs, or make it ROUTED",
        )


def _refuse_protocol(case: OfferingCase) -> None:
    if case.protocol is InternetProtocol.IPV4:
        return
    if case.guest_type is not GuestType.ISOLATED:
        raise InvalidInput(
            f"internetprotocol={case.protocol.value} in an offering of type {case.guest_type.value}",
            code="ipv6-not-isolated",
            subject="internetprotocol",
            hint="only Isolated offerings promise IPv6; a Shared network may be given IPv6 addresses all the same",
        )
    if not case.world.ipv6:
        raise InvalidInput(
            f"internetprotocol={case.protocol.value} while IPv6 offerings are switched off",
            code="ipv6-disabled",
            subject="internetprotocol",
            hint="IPv4, or set ipv6.offering.enabled to true",
        )


def _refuse_numbers(case: OfferingCase) -> None:
    rate, most = case.draft.network_rate, case.draft.max_connections
    if rate is not None and not 0 <= rate <= MAX_RATE:
        raise InvalidInput(
            f"a rate of {rate} Mbit/s", subject="networkrate", hint=f"0 (not limited) to {MAX_RATE}"
        )
    if most is not None and not 1 <= most <= MAX_CONNECTIONS:
        raise InvalidInput(
            f"{most} connections at most", subject="maxconnections", hint=f"1 to {MAX_CONNECTIONS}"
        )
    if case.draft.mtu is not None and not 68 <= case.draft.mtu <= 9216:
        raise InvalidInput(f"an MTU of {case.draft.mtu}", subject="mtu", hint="68 to 9216")


REFUSALS: Final[tuple[Callable[[OfferingCase], None], ...]] = (
    _refuse_security_group_unless_shared,
    _refuse_services_on_l2,
    _refuse_providers,
    _refuse_choices,
    _refuse_public_access_unless_shared,
    _refuse_ip_ranges,
    _refuse_persistent_when_shared,
    _refuse_network_mode,
    _refuse_required,
    _refuse_as_number,
    _refuse_egress_deny,
    _refuse_tier_without_router,
    _refuse_protocol,
    _refuse_numbers,
)
