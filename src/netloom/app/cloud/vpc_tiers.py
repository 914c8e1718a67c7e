"""Whether a network fits into a VPC as a tier: asked when a tier is made, before anything is designed.

Rule 1: one transaction checks and inserts, so two tiers that overlap are never both taken.
Rule 2: what a tier may have is bounded by the VPC's offering: a service in it, by a provider in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from netloom.app.cloud import configuration
from netloom.app.cloud.acl_lists import usable_list
from netloom.app.cloud.networks_facts import ROUTERS
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.base.net import parse_network
from netloom.model.cloud.acl import AclList
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import (
    GuestType,
    NetworkOffering,
    VpcOffering,
    offered,
    services_of,
)
from netloom.model.cloud.services import Service, words
from netloom.model.cloud.vpc import Vpc, check_open, check_tier_cidr
from netloom.store.cloud.records import columns


@dataclass(frozen=True, slots=True)
class Tier:
    """What a new tier takes from its VPC: whose it is, the DNS suffix, and its access control list."""

    vpc: Vpc
    acl: AclList | None


def tiers_of(view: View, vpc: Vpc) -> list[GuestNetwork]:
    """The tiers of a VPC."""
    return view.records.select(GuestNetwork, columns(GuestNetwork).vpc_id == vpc.id)


def check_tier(
    view: View,
    vpc_id: Uuid,
    cidr: str | None,
    offering: NetworkOffering,
    acl_id: Uuid | None,
    *,
    gateway: str | None = None,
) -> Tier:
    """Let a network pass that fits into a VPC as a tier.

    Args:
        view: inside the transaction that will make the network.
        vpc_id: the VPC.
        cidr: the network; tiers always have one.
        offering: the network's.
        acl_id: the list it asks for; None: none, so that nothing comes in.
        gateway: the router's address in it, when one is asked for.

    Raises:
        NotFound: there is no such VPC or list that the caller may use.
        InvalidInput: the network or the offering is none for this VPC (`tier-outside-vpc`, `tier-offering`).
        Conflict: another tier is in the way (`tier-overlaps`, `tier-public-lb`), or the VPC is being deleted.
        Exhausted: the VPC has as many tiers as it may have (`tier-limit`).
    """
    vpc = view.get(Vpc, vpc_id, "vpcid")
    check_open(vpc)
    tiers = tiers_of(view, vpc)
    check_tier_offering(view, vpc, offering, tiers)
    if cidr is None:
        raise InvalidInput(
            f"a tier of VPC {vpc.name} ({vpc.id}) without a network of its own",
            subject="gateway",
            hint=f"give gateway and netmask, inside {vpc.cidr}",
        )
    taken = [(tier.name, tier.id, tier.network_cidr or tier.cidr or "") for tier in tiers]
    check_tier_cidr(vpc, parse_network(cidr), gateway, [each for each in taken if each[2]])
    most = configuration.number(view, "vpc.max.networks")
    if len(tiers) >= most:
        raise Exhausted(
            f"VPC {vpc.name} ({vpc.id}) has {len(tiers)} tiers of at most {most}",
            code="tier-limit",
            subject="vpcid",
            hint="an operator can raise vpc.max.networks",
        )
    return Tier(vpc, _list_for(view, vpc, offering, acl_id))


def check_tier_domain(vpc: Vpc, network_domain: str | None) -> str | None:
    """The DNS suffix of a tier: its VPC's.

    Raises:
        InvalidInput: another one is asked for.
    """
    if network_domain is not None and vpc.network_domain not in (None, network_domain):
        raise InvalidInput(
            f"the tier's DNS suffix {network_domain!r} is not {vpc.network_domain!r}, that of VPC {vpc.name} ({vpc.id})",
            subject="networkdomain",
            hint="leave it out: tiers have their VPC's",
        )
    return vpc.network_domain or network_domain


def check_tier_offering(view: View, vpc: Vpc, offering: NetworkOffering, others: list[GuestNetwork]) -> None:
    """Refuse an offering that gives a tier what its VPC does not give.

    Raises:
        InvalidInput: it does (`tier-offering`).
        Conflict: it has a public balancer, and another tier of another offering has one too (`tier-public-lb`).
    """
    whole = view.records.get(VpcOffering, vpc.offering_id)
    if not offering.for_vpc or offering.guest_type is not GuestType.ISOLATED or whole is None:
        raise _unfit(
            offering, vpc, "it is not made for tiers of VPCs", "an isolated offering with forvpc=true"
        )
    if not services_of(offering) & ROUTERS and services_of(whole) & ROUTERS:
        raise _unfit(offering, vpc, "it has no router", "an offering with SourceNat or Gateway")
    for item in offering.services:
        allowed = offered(whole, item.service)
        if allowed is None and item.service is Service.CONNECTIVITY:
            continue  # how a tier is kept apart is its own affair
        if allowed is None:
            raise _unfit(
                offering,
                vpc,
                f"the VPC has no {item.service.value}",
                words(services_of(whole)) or "no service at all",
            )
        strange = [name for name in item.providers if name not in allowed.providers]
        if strange:
            raise _unfit(
                offering,
                vpc,
                f"its {item.service.value} comes from {', '.join(strange)}",
                f"the VPC has it from {', '.join(allowed.providers) or 'nobody'}",
            )
    if Service.LB in services_of(offering):
        _check_one_balancer(view, vpc, offering, others)


def _check_one_balancer(view: View, vpc: Vpc, offering: NetworkOffering, others: list[GuestNetwork]) -> None:
    offerings = view.records.many(NetworkOffering, {tier.offering_id for tier in others})
    for tier in others:
        other = offerings.get(tier.offering_id)
        if other is None or other.id == offering.id or Service.LB not in services_of(other):
            continue
        if _public(other) and _public(offering):
            raise Conflict(
                f"tier {tier.name} ({tier.id}) of VPC {vpc.name} has the VPC's public balancer already",
                code="tier-public-lb",
                subject="networkofferingid",
                hint=f"use its offering {other.name}, or one without Lb",
            )


def _public(offering: NetworkOffering) -> bool:
    item = offered(offering, Service.LB)
    return item is not None and "InternalLbVm" not in item.providers


def _list_for(view: View, vpc: Vpc, offering: NetworkOffering, acl_id: Uuid | None) -> AclList | None:
    if acl_id is None:
        return None
    if Service.NETWORK_ACL not in services_of(offering):
        raise InvalidInput(
            f"a list was named, but offering {offering.name} ({offering.id}) has no NetworkACL",
            code="tier-offering",
            subject="aclid",
            hint="an offering with NetworkACL, or no list",
        )
    return usable_list(view, acl_id, vpc.id)


def _unfit(offering: NetworkOffering, vpc: Vpc, why: str, hint: str) -> InvalidInput:
    return InvalidInput(
        f"offering {offering.name} ({offering.id}) is none for a tier of VPC {vpc.name} ({vpc.id}): {why}",
        code="tier-offering",
        subject="networkofferingid",
        hint=hint,
    )
