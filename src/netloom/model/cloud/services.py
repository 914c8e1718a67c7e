"""The services that a network can have, their capabilities, and which provider is able to do what.

Rule 1: words are CloudStack's, letter for letter (`DhcpAccrossMultipleSubnets` too): clients compare them.
Rule 2: what a provider is able to do stands in its `ProviderFacts`, and nowhere else; who asks, asks them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput


class Service(enum.Enum):
    """Something that a network does for its instances."""

    VPN = "Vpn"
    DHCP = "Dhcp"
    DNS = "Dns"
    GATEWAY = "Gateway"
    FIREWALL = "Firewall"
    LB = "Lb"
    USER_DATA = "UserData"
    SOURCE_NAT = "SourceNat"
    STATIC_NAT = "StaticNat"
    PORT_FORWARDING = "PortForwarding"
    SECURITY_GROUP = "SecurityGroup"
    NETWORK_ACL = "NetworkACL"
    CONNECTIVITY = "Connectivity"


class Capability(enum.Enum):
    """A property of a service; its value is a text whose form depends on the capability."""

    SUPPORTED_PROTOCOLS = "SupportedProtocols"
    SUPPORTED_LB_ALGORITHMS = "SupportedLbAlgorithms"
    SUPPORTED_LB_ISOLATION = "SupportedLBIsolation"
    SUPPORTED_STICKINESS_METHODS = "SupportedStickinessMethods"
    MULTIPLE_IPS = "MultipleIps"
    SUPPORTED_SOURCE_NAT_TYPES = "SupportedSourceNatTypes"
    SUPPORTED_VPN_TYPES = "SupportedVpnTypes"
    VPN_TYPES = "VpnTypes"
    TRAFFIC_STATISTICS = "TrafficStatistics"
    LOAD_BALANCING_SUPPORTED_IPS = "LoadBalancingSupportedIps"
    ALLOW_DNS_SUFFIX_MODIFICATION = "AllowDnsSuffixModification"
    REDUNDANT_ROUTER = "RedundantRouter"
    ELASTIC_IP = "ElasticIp"
    ASSOCIATE_PUBLIC_IP = "AssociatePublicIP"
    ELASTIC_LB = "ElasticLb"
    AUTO_SCALE_COUNTERS = "AutoScaleCounters"
    INLINE_MODE = "InlineMode"
    SUPPORTED_TRAFFIC_DIRECTION = "SupportedTrafficDirection"
    SUPPORTED_EGRESS_PROTOCOLS = "SupportedEgressProtocols"
    HEALTH_CHECK_POLICY = "HealthCheckPolicy"
    SSL_TERMINATION = "SslTermination"
    LB_SCHEMES = "LbSchemes"
    DHCP_ACROSS_MULTIPLE_SUBNETS = "DhcpAccrossMultipleSubnets"
    DISTRIBUTED_ROUTER = "DistributedRouter"
    STRETCHED_L2_SUBNET = "StretchedL2Subnet"
    REGION_LEVEL_VPC = "RegionLevelVpc"
    NO_VLAN = "NoVlan"
    PUBLIC_ACCESS = "PublicAccess"
    EXTRA_DHCP_OPTIONS = "ExtraDhcpOptions"
    VM_AUTO_SCALING = "VmAutoScaling"


Capabilities = Mapping[Capability, str]
ServiceMap = Mapping[Service, Capabilities]

NO_CAPABILITIES: Final[Capabilities] = {}

SERVICE_CAPABILITIES: Final[Mapping[Service, tuple[Capability, ...]]] = {
    Service.VPN: (Capability.SUPPORTED_VPN_TYPES, Capability.VPN_TYPES),
    Service.DHCP: (Capability.EXTRA_DHCP_OPTIONS,),
    Service.DNS: (Capability.ALLOW_DNS_SUFFIX_MODIFICATION,),
    Service.GATEWAY: (),
    Service.FIREWALL: (
        Capability.SUPPORTED_PROTOCOLS,
        Capability.MULTIPLE_IPS,
        Capability.TRAFFIC_STATISTICS,
        Capability.SUPPORTED_TRAFFIC_DIRECTION,
        Capability.SUPPORTED_EGRESS_PROTOCOLS,
    ),
    Service.LB: (
        Capability.SUPPORTED_LB_ALGORITHMS,
        Capability.SUPPORTED_LB_ISOLATION,
        Capability.SUPPORTED_PROTOCOLS,
        Capability.TRAFFIC_STATISTICS,
        Capability.LOAD_BALANCING_SUPPORTED_IPS,
        Capability.SUPPORTED_STICKINESS_METHODS,
        Capability.ELASTIC_LB,
        Capability.LB_SCHEMES,
    ),
    Service.USER_DATA: (),
    Service.SOURCE_NAT: (Capability.SUPPORTED_SOURCE_NAT_TYPES, Capability.REDUNDANT_ROUTER),
    Service.STATIC_NAT: (Capability.ELASTIC_IP,),
    Service.PORT_FORWARDING: (),
    Service.SECURITY_GROUP: (),
    Service.NETWORK_ACL: (Capability.SUPPORTED_PROTOCOLS,),
    Service.CONNECTIVITY: (
        Capability.DISTRIBUTED_ROUTER,
        Capability.REGION_LEVEL_VPC,
        Capability.STRETCHED_L2_SUBNET,
        Capability.NO_VLAN,
        Capability.PUBLIC_ACCESS,
    ),
}
"""What is told of each service when nobody asks about a provider."""

CHOOSABLE: Final = frozenset(
    {
        Capability.SUPPORTED_LB_ISOLATION,
        Capability.SUPPORTED_SOURCE_NAT_TYPES,
        Capability.REDUNDANT_ROUTER,
    }
)
"""Capabilities whose value an offering chooses among those that the provider has."""


class ProviderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider is able to do.

    Attributes:
        name: the word in offerings.
        services: each service it gives, with its capabilities.
        single_services: whether one of its services can be had without the others.
        in_vpc: None: serves networks in and outside of VPCs; True: only tiers; False: never tiers.
        needs_connectivity: refuses any set of services without Connectivity.
        only_connectivity: gives Connectivity and can be combined with nothing else of its own.
        egress_default_deny: as a firewall it can start with everything denied outwards.
    """

    name: str
    services: ServiceMap
    single_services: bool = True
    in_vpc: bool | None = None
    needs_connectivity: bool = False
    only_connectivity: bool = False
    egress_default_deny: bool = False

    def offers(self, service: Service) -> bool:
        """Whether it gives a service."""
        return service in self.services

    def value(self, service: Service, capability: Capability) -> str | None:
        """The text of a capability; None when the provider does not have it."""
        return self.services.get(service, NO_CAPABILITIES).get(capability)

    def values(self, service: Service, capability: Capability) -> frozenset[str]:
        """The words of a capability that is a list separated by commas."""
        return frozenset(
            word.strip().lower()
            for word in (self.value(service, capability) or "").split(",")
            if word.strip()
        )


def parse_service(text: str, subject: str = "supportedservices") -> Service:
    """A service by its word, in any case.

    Raises:
        InvalidInput: there is no such service.
    """
    found = _SERVICES.get(text.strip().lower())
    if found is None:
        raise InvalidInput(
            f"there is no service {text!r}",
            code="unknown-service",
            subject=subject,
            hint="one of " + ", ".join(service.value for service in Service),
        )
    return found


def parse_capability(text: str, subject: str = "servicecapabilitylist") -> Capability:
    """A capability by its word, in any case.

    Raises:
        InvalidInput: there is no such capability.
    """
    found = _CAPABILITIES.get(text.strip().lower())
    if found is None:
        raise InvalidInput(
            f"there is no capability {text!r}",
            code="unknown-capability",
            subject=subject,
            hint="one of " + ", ".join(capability.value for capability in Capability),
        )
    return found


def words(values: Iterable[Service | Capability]) -> str:
    """The words of services or capabilities in a sentence, in the order of their declaration."""
    chosen = {item.value for item in values}
    return ", ".join(word for word in _ORDER if word in chosen)


_ORDER: Final = tuple(dict.fromkeys(item.value for item in (*Service, *Capability)))
_SERVICES: Final = {service.value.lower(): service for service in Service}
_CAPABILITIES: Final = {capability.value.lower(): capability for capability in Capability}
