"""Offerings of VPCs, and which offerings of networks can be tiers of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.model.cloud.test_offerings_network import BORN, caps, draft

from netloom.base.errors import NetloomError
from netloom.model.cloud.offerings_draft import OfferingWorld
from netloom.model.cloud.offerings_network import settle
from netloom.model.cloud.offerings_services import ServiceProvider
from netloom.model.cloud.offerings_vpc import VpcOfferingDraft, refuse_tier_offering, settle_vpc
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.model.cloud.services_known import KNOWN_PROVIDERS

WORLD = OfferingWorld(providers=KNOWN_PROVIDERS)


def vpc(services: str = "", **fields: Any) -> VpcOfferingDraft:
    pairs = [word.partition("=") for word in services.split()]
    return VpcOfferingDraft(
        name="v",
        services=tuple(name for name, _, _ in pairs),
        providers=tuple(ServiceProvider(name, p) for name, _, ps in pairs for p in ps.split(",") if p),
        **fields,
    )


@pytest.mark.parametrize(
    ("made", "world", "code", "message", "hint"),
    [
        (vpc("SecurityGroup"), WORLD, "not-in-vpc", "SecurityGroup", "NetworkACL"),
        (vpc("Firewall Dhcp"), WORLD, "not-in-vpc", "Firewall", "NetworkACL"),
        (vpc("Dhcp=VirtualRouter"), WORLD, "provider-not-in-vpc", "VirtualRouter", "VpcVirtualRouter"),
        (vpc("Connectivity=VpcVirtualRouter"), WORLD, "service-not-provided", "Connectivity", "Ovs"),
        (vpc("Dhcp", network_mode="ROUTED"), WORLD, "routed-disabled", "ROUTED", "NATTED"),
        (
            vpc("StaticNat", network_mode="ROUTED"),
            OfferingWorld(providers=KNOWN_PROVIDERS, routed=True),
            "nat-when-routed",
            "StaticNat",
            "NATTED",
        ),
        (vpc("Dhcp", specify_as_number=True), WORLD, "no-dynamic-routing", "specifyasnumber", "leave it out"),
        (vpc("Dhcp", internet_protocol="DualStack"), WORLD, "ipv6-disabled", "DualStack", "IPv4"),
        (
            vpc("Dhcp", capabilities=caps("SourceNat.ElasticIp=true")),
            WORLD,
            "capability-not-choosable",
            "ElasticIp",
            "RedundantRouter",
        ),
        (
            vpc("Dhcp", capabilities=caps("SourceNat.RedundantRouter=yes")),
            WORLD,
            "capability-value",
            "'yes'",
            "true or false",
        ),
        (
            vpc("Connectivity=Opendaylight", capabilities=caps("Connectivity.DistributedRouter=true")),
            WORLD,
            "capability-not-provided",
            "DistributedRouter",
            "leave it out",
        ),
    ],
)
def test_what_vpcs_cannot_promise_is_refused(
    made: VpcOfferingDraft, world: OfferingWorld, code: str, message: str, hint: str
) -> None:
    with pytest.raises(NetloomError) as refused:
        settle_vpc(made, world, BORN)
    error = refused.value
    assert (error.stable_code, message in error.message, hint in (error.hint or "")) == (code, True, True), (
        str(error)
    )


def test_a_vpc_has_a_router_and_acls_whether_asked_for_or_not() -> None:
    terms = settle_vpc(vpc("Dhcp"), WORLD, BORN)
    assert {i.service.value: i.providers for i in terms.services} == dict.fromkeys(
        ("Dhcp", "Gateway", "SourceNat", "NetworkACL"), ("VpcVirtualRouter",)
    )


def test_a_routed_vpc_has_no_source_nat() -> None:
    terms = settle_vpc(
        vpc(network_mode="ROUTED"), OfferingWorld(providers=KNOWN_PROVIDERS, routed=True), BORN
    )
    assert [i.service.value for i in terms.services] == ["Dhcp", "Dns", "Gateway", "UserData", "NetworkACL"]


def test_choices_become_fields() -> None:
    able = ProviderFacts(
        name="Able",
        services={
            Service.CONNECTIVITY: {Capability.DISTRIBUTED_ROUTER: "true", Capability.REGION_LEVEL_VPC: "true"}
        },
    )
    lines = caps(
        "SourceNat.RedundantRouter=true",
        "Connectivity.DistributedRouter=true",
        "Connectivity.RegionLevelVpc=false",
    )
    world = OfferingWorld(providers={**KNOWN_PROVIDERS, "Able": able})
    terms = settle_vpc(vpc("Connectivity=Able Dhcp", capabilities=lines), world, BORN)
    assert (terms.redundant_router, terms.distributed_router, terms.region_level) == (True, True, False)


def test_balancers_of_a_vpc_may_be_public_and_internal() -> None:
    terms = settle_vpc(vpc("Lb=VpcVirtualRouter,InternalLbVm"), WORLD, BORN)
    assert next(i.providers for i in terms.services if i.service.value == "Lb") == (
        "VpcVirtualRouter",
        "InternalLbVm",
    )


def test_a_tier_may_have_what_its_vpc_has_and_no_more() -> None:
    big = settle_vpc(vpc(), WORLD, BORN)
    small = settle_vpc(vpc("Dhcp"), WORLD, BORN)
    nat = "Dhcp=VpcVirtualRouter SourceNat=VpcVirtualRouter"
    tier = settle(draft(nat + " Lb=VpcVirtualRouter"), WORLD, BORN)
    internal = settle(draft(nat + " Lb=InternalLbVm"), WORLD, BORN)
    plain = settle(draft("Dhcp=VirtualRouter"), WORLD, BORN)
    refuse_tier_offering(tier, big)
    for offering, of, code in (
        (tier, small, "service-not-in-vpc"),
        (internal, big, "service-not-in-vpc"),
        (plain, big, "offering-not-for-vpc"),
    ):
        with pytest.raises(NetloomError) as refused:
            refuse_tier_offering(offering, of)
        assert refused.value.stable_code == code
