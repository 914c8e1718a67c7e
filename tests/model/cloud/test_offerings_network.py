"""Offerings of networks: every refusal has a case here, and what netloom adds by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from netloom.base.errors import NetloomError
from netloom.base.ids import Number, Uuid
from netloom.model.cloud.offerings import GuestType, NetworkMode
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft, OfferingWorld
from netloom.model.cloud.offerings_network import settle
from netloom.model.cloud.offerings_services import ServiceCapability, ServiceProvider
from netloom.model.cloud.record import Birth
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.model.cloud.services_known import KNOWN_PROVIDERS
from netloom.model.cloud.words import Allocation

WORLD = OfferingWorld(providers=KNOWN_PROVIDERS)
ROUTER = "VirtualRouter"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BORN = Birth(id=Uuid("0"), number=Number(1), created_at=NOW, updated_at=NOW)


def draft(services: str = "", **fields: Any) -> NetworkOfferingDraft:
    """`Dhcp=VirtualRouter Lb=VirtualRouter,InternalLbVm Dns` and the other fields."""
    pairs = [word.partition("=") for word in services.split()]
    fields.setdefault("guest_type", "Isolated")
    fields.setdefault("name", "offer")
    return NetworkOfferingDraft(
        services=tuple(name for name, _, _ in pairs),
        providers=tuple(ServiceProvider(name, p) for name, _, ps in pairs for p in ps.split(",") if p),
        **fields,
    )


def caps(*lines: str) -> tuple[ServiceCapability, ...]:
    """`Lb.SupportedLBIsolation=dedicated` each."""
    made = []
    for line in lines:
        path, _, value = line.partition("=")
        service, _, capability = path.partition(".")
        made.append(ServiceCapability(service, capability, value))
    return tuple(made)


def with_world(**fields: Any) -> OfferingWorld:
    return msgspec.structs.replace(WORLD, **fields)


NAT = f"Dhcp={ROUTER} SourceNat={ROUTER}"
VPC_NAT = "Dhcp=VpcVirtualRouter SourceNat=VpcVirtualRouter"
ELASTIC = {
    **KNOWN_PROVIDERS,
    "Elastic": ProviderFacts(
        name="Elastic",
        services={
            Service.STATIC_NAT: {Capability.ELASTIC_IP: "true", Capability.ASSOCIATE_PUBLIC_IP: "true"}
        },
    ),
}

REFUSED: list[tuple[str, NetworkOfferingDraft, OfferingWorld, str, str, str]] = [
    # what, draft, world, code, in the message, in the hint
    ("traffic", draft(traffic="Public"), WORLD, "invalid-input", "'Public'", "Guest"),
    ("guest type", draft(guest_type="Star"), WORLD, "invalid-input", "'Star'", "Isolated, Shared, L2"),
    ("availability", draft(availability="Maybe"), WORLD, "invalid-input", "'Maybe'", "Required, Optional"),
    ("service", draft("Teleport"), WORLD, "unknown-service", "'Teleport'", "Vpn, Dhcp"),
    ("gateway", draft("Gateway"), WORLD, "service-not-allowed", "Gateway", "SourceNat"),
    ("security group", draft("SecurityGroup"), WORLD, "security-group-not-shared", "Isolated", "Shared"),
    ("l2", draft("Dhcp", guest_type="L2"), WORLD, "service-not-on-l2", "Dhcp", "UserData"),
    (
        "provider of a service that is not there",
        NetworkOfferingDraft(name="x", guest_type="Isolated", providers=(ServiceProvider("Dns", ROUTER),)),
        WORLD,
        "service-not-offered",
        "Dns",
        "supportedservices",
    ),
    ("provider", draft("Dhcp=Nope"), WORLD, "unknown-provider", "'Nope'", "VirtualRouter"),
    (
        "two providers",
        draft(f"Dhcp={ROUTER},ConfigDrive"),
        WORLD,
        "several-providers",
        "2 providers",
        "only Lb",
    ),
    (
        "user data without DHCP",
        draft(f"UserData={ROUTER}"),
        WORLD,
        "user-data-needs-dhcp",
        "Dhcp",
        "ConfigDrive",
    ),
    (
        "not its service",
        draft("Dhcp=Ovs"),
        WORLD,
        "service-not-provided",
        "does not give Dhcp",
        "Connectivity",
    ),
    (
        "together or not at all",
        draft("Dhcp=Whole"),
        with_world(
            providers={
                **KNOWN_PROVIDERS,
                "Whole": ProviderFacts(
                    name="Whole", services={Service.DHCP: {}, Service.DNS: {}}, single_services=False
                ),
            }
        ),
        "services-belong-together",
        "Dns is missing",
        "Dhcp, Dns",
    ),
    (
        "without connectivity",
        draft("SourceNat=NiciraNvp"),
        WORLD,
        "services-do-not-combine",
        "only together with Connectivity",
        "SourceNat",
    ),
    (
        "forwarding without source NAT",
        draft("Connectivity=NiciraNvp PortForwarding=NiciraNvp"),
        WORLD,
        "services-do-not-combine",
        "only together with SourceNat",
        "SourceNat",
    ),
    (
        "only connectivity",
        draft("Connectivity=Odl Dhcp=Odl"),
        with_world(
            providers={
                **KNOWN_PROVIDERS,
                "Odl": ProviderFacts(
                    name="Odl", services={Service.CONNECTIVITY: {}, Service.DHCP: {}}, only_connectivity=True
                ),
            }
        ),
        "services-do-not-combine",
        "nothing else",
        "Connectivity",
    ),
    (
        "choice without service",
        draft(NAT, capabilities=caps("Lb.SupportedLBIsolation=dedicated")),
        WORLD,
        "service-not-offered",
        "Lb",
        "supportedservices",
    ),
    (
        "choice of a service without",
        draft("Dhcp", capabilities=caps("Dhcp.ElasticIp=true")),
        WORLD,
        "capability-not-choosable",
        "Dhcp",
        "Lb, SourceNat, StaticNat, Connectivity",
    ),
    (
        "unknown choice",
        draft("Lb", capabilities=caps("Lb.Colour=red")),
        WORLD,
        "unknown-capability",
        "'Colour'",
        "LbSchemes",
    ),
    (
        "choice twice",
        draft("Lb", capabilities=caps("Lb.ElasticLb=true", "Lb.ElasticLb=false")),
        WORLD,
        "capability-twice",
        "ElasticLb",
        "one value",
    ),
    (
        "Lb without isolation",
        draft("Lb", capabilities=caps("Lb.ElasticLb=true")),
        WORLD,
        "lb-isolation-missing",
        "ElasticLb",
        "dedicated",
    ),
    (
        "Lb isolation",
        draft("Lb", capabilities=caps("Lb.SupportedLBIsolation=dedicated,shared")),
        WORLD,
        "capability-value",
        "'dedicated,shared'",
        "dedicated, shared",
    ),
    (
        "Lb flag",
        draft("Lb", capabilities=caps("Lb.SupportedLBIsolation=shared", "Lb.InlineMode=maybe")),
        WORLD,
        "capability-value",
        "'maybe'",
        "true, false",
    ),
    (
        "Lb schemes",
        draft("Lb", capabilities=caps("Lb.LbSchemes=public,internal")),
        WORLD,
        "capability-value",
        "LbSchemes",
        "exactly one",
    ),
    (
        "too many Lb choices",
        draft(
            "Lb",
            capabilities=caps(
                "Lb.SupportedLBIsolation=shared",
                "Lb.ElasticLb=false",
                "Lb.InlineMode=false",
                "Lb.LbSchemes=public",
                "Lb.VmAutoScaling=false",
            ),
        ),
        WORLD,
        "too-many-capabilities",
        "5 choices",
        "at most 4",
    ),
    (
        "Lb isolation by provider",
        draft(f"Lb={ROUTER} Dhcp={ROUTER}", capabilities=caps("Lb.SupportedLBIsolation=shared")),
        WORLD,
        "capability-not-provided",
        "VirtualRouter",
        "dedicated",
    ),
    (
        "Lb scheme by provider",
        draft(f"Lb={ROUTER}", capabilities=caps("Lb.LbSchemes=internal")),
        WORLD,
        "capability-not-provided",
        "LbSchemes=internal",
        "Public",
    ),
    (
        "foreign choice of source NAT",
        draft(NAT, capabilities=caps("SourceNat.ElasticIp=true")),
        WORLD,
        "capability-not-choosable",
        "ElasticIp",
        "SupportedSourceNatTypes, RedundantRouter",
    ),
    (
        "source NAT type",
        draft(NAT, capabilities=caps("SourceNat.SupportedSourceNatTypes=perhouse")),
        WORLD,
        "capability-value",
        "'perhouse'",
        "peraccount, perzone",
    ),
    (
        "source NAT type by provider",
        draft(NAT, capabilities=caps("SourceNat.SupportedSourceNatTypes=perzone")),
        WORLD,
        "capability-not-provided",
        "perzone",
        "peraccount",
    ),
    (
        "redundancy",
        draft(
            "Connectivity=NiciraNvp SourceNat=NiciraNvp", capabilities=caps("SourceNat.RedundantRouter=true")
        ),
        WORLD,
        "capability-not-provided",
        "RedundantRouter",
        "false",
    ),
    (
        "foreign choice of static NAT",
        draft(NAT + f" StaticNat={ROUTER}", capabilities=caps("StaticNat.LbSchemes=public")),
        WORLD,
        "capability-not-choosable",
        "LbSchemes",
        "ElasticIp, AssociatePublicIP",
    ),
    (
        "associate without elastic",
        draft("StaticNat=Elastic", capabilities=caps("StaticNat.AssociatePublicIP=true")),
        with_world(providers=ELASTIC),
        "associate-needs-elastic",
        "AssociatePublicIP",
        "ElasticIp=true",
    ),
    (
        "elastic by provider",
        draft(NAT + f" StaticNat={ROUTER}", capabilities=caps("StaticNat.ElasticIp=true")),
        WORLD,
        "capability-not-provided",
        "ElasticIp",
        "leave it out",
    ),
    (
        "foreign choice of connectivity",
        draft("Connectivity=Ovs", capabilities=caps("Connectivity.NoVlan=true")),
        WORLD,
        "capability-not-choosable",
        "NoVlan",
        "StretchedL2Subnet, PublicAccess",
    ),
    (
        "public access by provider",
        draft(
            "Connectivity=Ovs",
            guest_type="Shared",
            specify_ip_ranges=True,
            capabilities=caps("Connectivity.PublicAccess=true"),
        ),
        WORLD,
        "capability-not-provided",
        "PublicAccess",
        "leave it out",
    ),
    (
        "stretched by provider",
        draft("Connectivity=Opendaylight", capabilities=caps("Connectivity.StretchedL2Subnet=true")),
        WORLD,
        "capability-not-provided",
        "StretchedL2Subnet",
        "leave it out",
    ),
    (
        "public access not shared",
        draft("Connectivity", capabilities=caps("Connectivity.PublicAccess=true")),
        WORLD,
        "public-access-not-shared",
        "Isolated",
        "Shared",
    ),
    (
        "shared without ranges",
        draft("Dhcp", guest_type="Shared"),
        WORLD,
        "ip-ranges-needed",
        "Shared",
        "specify IP ranges",
    ),
    (
        "source NAT with ranges",
        draft(NAT, specify_ip_ranges=True),
        WORLD,
        "ip-ranges-not-needed",
        "SourceNat",
        "not specify IP ranges",
    ),
    (
        "shared and persistent",
        draft(guest_type="Shared", specify_ip_ranges=True, persistent=True),
        WORLD,
        "persistent-when-shared",
        "Shared",
        "leave it out",
    ),
    (
        "mode of shared",
        draft(guest_type="Shared", specify_ip_ranges=True, network_mode="NATTED"),
        WORLD,
        "mode-not-isolated",
        "Shared",
        "Isolated",
    ),
    ("mode", draft(network_mode="Bridged"), WORLD, "invalid-input", "'Bridged'", "NATTED, ROUTED"),
    (
        "routed is off",
        draft(network_mode="ROUTED"),
        WORLD,
        "routed-disabled",
        "ROUTED",
        "routed.network.vpc.enabled",
    ),
    (
        "routed with NAT",
        draft(NAT + f" Lb={ROUTER} Vpn={ROUTER}", network_mode="ROUTED"),
        with_world(routed=True),
        "nat-when-routed",
        "Vpn, Lb, SourceNat",
        "NATTED",
    ),
    (
        "required without source NAT",
        draft("Dhcp", availability="Required"),
        WORLD,
        "required-not-isolated",
        "without SourceNat",
        "Optional",
    ),
    (
        "required when shared",
        draft("Dhcp", guest_type="Shared", specify_ip_ranges=True, availability="Required"),
        WORLD,
        "required-not-isolated",
        "Shared",
        "Optional",
    ),
    (
        "required twice",
        draft(NAT, availability="Required"),
        with_world(required="first"),
        "required-taken",
        "'first'",
        "Optional",
    ),
    (
        "AS number",
        draft(NAT, specify_as_number=True),
        WORLD,
        "no-dynamic-routing",
        "specifyasnumber",
        "leave it out",
    ),
    (
        "egress deny",
        draft("Firewall=Open", egress_default_allow=False),
        with_world(
            providers={**KNOWN_PROVIDERS, "Open": ProviderFacts(name="Open", services={Service.FIREWALL: {}})}
        ),
        "egress-deny-not-provided",
        "Open",
        "VirtualRouter",
    ),
    ("firewall in a VPC", draft("Firewall", for_vpc=True), WORLD, "not-in-vpc", "Firewall", "NetworkACL"),
    ("router in a VPC", draft(NAT, for_vpc=True), WORLD, "not-in-vpc", "VirtualRouter", "VpcVirtualRouter"),
    (
        "ACL outside of a VPC",
        draft("NetworkACL", for_vpc=False),
        WORLD,
        "only-in-vpc",
        "NetworkACL",
        "make an offering for VPCs",
    ),
    (
        "ACL and firewall",
        draft("NetworkACL Firewall"),
        WORLD,
        "only-in-vpc",
        "Firewall",
        "make an offering for VPCs",
    ),
    (
        "VPC router and router",
        draft(f"Dhcp=VpcVirtualRouter Dns={ROUTER}"),
        WORLD,
        "only-in-vpc",
        "VirtualRouter",
        "make an offering for VPCs",
    ),
    (
        "tier that is shared",
        draft("NetworkACL", guest_type="Shared", specify_ip_ranges=True),
        WORLD,
        "tier-not-isolated",
        "Shared",
        "Isolated",
    ),
    ("tier with a VLAN", draft(VPC_NAT, specify_vlan=True), WORLD, "tier-with-vlan", "specifyvlan", "false"),
    (
        "tier without router",
        draft("Dhcp=VpcVirtualRouter"),
        WORLD,
        "tier-without-router",
        "SourceNat",
        "ROUTED",
    ),
    (
        "IPv6 when shared",
        draft(guest_type="Shared", specify_ip_ranges=True, internet_protocol="DualStack"),
        with_world(ipv6=True),
        "ipv6-not-isolated",
        "DualStack",
        "Isolated",
    ),
    ("IPv6 is off", draft(internet_protocol="ipv6"), WORLD, "ipv6-disabled", "IPv6", "ipv6.offering.enabled"),
    ("protocol", draft(internet_protocol="IPX"), WORLD, "invalid-input", "'IPX'", "IPv4, IPv6, DualStack"),
    ("rate", draft(network_rate=-1), WORLD, "invalid-input", "-1", "0"),
    ("connections", draft(max_connections=0), WORLD, "invalid-input", "0 connections", "1 to"),
    ("mtu", draft(mtu=20), WORLD, "invalid-input", "20", "68"),
    ("name", draft(name=" "), WORLD, "invalid-input", "empty", "255"),
    ("tag", draft(tags=("a\tb",)), WORLD, "invalid-input", "one line", "printable"),
]


@pytest.mark.parametrize(
    ("made", "world", "code", "message", "hint"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_what_cannot_be_promised_is_refused_with_what_would_be_accepted(
    made: NetworkOfferingDraft, world: OfferingWorld, code: str, message: str, hint: str
) -> None:
    with pytest.raises(NetloomError) as refused:
        settle(made, world, BORN)
    error = refused.value
    assert (error.stable_code, message in error.message, hint in (error.hint or "")) == (code, True, True), (
        str(error)
    )
    assert error.subject is not None


def services(made: NetworkOfferingDraft, world: OfferingWorld = WORLD) -> dict[str, tuple[str, ...]]:
    return {item.service.value: item.providers for item in settle(made, world, BORN).services}


def test_source_nat_brings_the_gateway_and_forwarding_the_firewall() -> None:
    assert services(draft(NAT))["Gateway"] == (ROUTER,)
    assert services(draft(f"Dhcp={ROUTER} StaticNat={ROUTER}"))["Firewall"] == (ROUTER,)
    assert services(draft(f"Dhcp={ROUTER} PortForwarding={ROUTER}"))["Firewall"] == (ROUTER,)
    assert "Firewall" not in services(draft(VPC_NAT + " PortForwarding=VpcVirtualRouter"))
    assert "Gateway" not in services(draft(f"Dhcp={ROUTER}"))


def test_a_routed_network_has_the_router_as_its_gateway() -> None:
    world = with_world(routed=True)
    assert services(draft(f"Dhcp={ROUTER} Firewall={ROUTER}", network_mode="ROUTED"), world)["Gateway"] == (
        ROUTER,
    )
    assert settle(draft(network_mode="routed"), world, BORN).network_mode is NetworkMode.ROUTED


def test_a_service_without_a_provider_may_stand_in_an_offering() -> None:
    assert services(draft("Dhcp Dns SourceNat")) == {"Dhcp": (), "Dns": (), "SourceNat": ()}


def test_offerings_are_disabled_unless_asked_otherwise_and_words_count_in_any_case() -> None:
    made = settle(
        draft("dhcp=virtualrouter", guest_type="ISOLATED", traffic="GUEST", tags=("a", "a", "")), WORLD, BORN
    )
    assert (made.state, made.guest_type, made.tags) == (Allocation.DISABLED, GuestType.ISOLATED, ("a",))
    assert made.services[0].providers == (ROUTER,)
    assert settle(draft(enable=True), WORLD, BORN).state is Allocation.ENABLED


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (draft("NetworkACL=VpcVirtualRouter " + VPC_NAT), True),
        (draft(VPC_NAT), True),
        (draft(NAT), False),
        (draft("Firewall"), False),
        (draft("SourceNat", for_vpc=True), True),
    ],
)
def test_whether_it_is_for_vpcs_follows_from_services_and_providers(
    made: NetworkOfferingDraft, expected: bool
) -> None:
    assert settle(made, WORLD, BORN).for_vpc is expected


def test_choices_are_kept_with_their_service() -> None:
    made = settle(
        draft(
            f"Lb={ROUTER},InternalLbVm",
            capabilities=caps("Lb.SupportedLBIsolation=Dedicated", "Lb.ElasticLb=false"),
        ),
        WORLD,
        BORN,
    )
    assert made.services[0].value(Capability.SUPPORTED_LB_ISOLATION) == "Dedicated"
    assert made.services[0].providers == (ROUTER, "InternalLbVm")
