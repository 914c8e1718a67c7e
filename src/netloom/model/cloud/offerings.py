"""What an operator offers: kinds of networks, of VPCs and of instances.

Rule 1: an offering that networks were made of does not change in what it promises: services, providers, capabilities and
type stay; names, limits on who sees it, and its state may change.
Rule 2: a service without a provider may stand in an offering; a network cannot be made of it until one is named and enabled.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec

from netloom.base.ids import Uuid
from netloom.model.cloud.record import DomainId, Record
from netloom.model.cloud.services import Capability, Service
from netloom.model.cloud.words import Allocation


class GuestType(enum.Enum):
    """What kind of network tenants get."""

    ISOLATED = "Isolated"  # one account's, with a segment of its own
    SHARED = "Shared"  # many accounts', on a VLAN that the operator names
    L2 = "L2"  # frames only: no addresses, no router


class Traffic(enum.Enum):
    """What a network of the zone carries."""

    GUEST = "Guest"
    PUBLIC = "Public"
    MANAGEMENT = "Management"
    CONTROL = "Control"
    STORAGE = "Storage"


class Availability(enum.Enum):
    """Whether an offering can be left out of a zone."""

    REQUIRED = "Required"
    OPTIONAL = "Optional"


class NetworkMode(enum.Enum):
    """How a network with a router reaches the outside."""

    NATTED = "NATTED"
    ROUTED = "ROUTED"


class InternetProtocol(enum.Enum):
    """Families of addresses that an offering promises."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    DUAL_STACK = "DualStack"


class OfferedService(msgspec.Struct, frozen=True, kw_only=True):
    """A service in an offering: by whom (the first takes precedence), and what was chosen, by the capabilities' words."""

    service: Service
    providers: tuple[str, ...] = ()
    capabilities: Mapping[str, str] = msgspec.field(default_factory=dict)

    def value(self, capability: Capability) -> str | None:
        """What was chosen for a capability; None: nothing."""
        return self.capabilities.get(capability.value)

    @property
    def provider(self) -> str | None:
        """The provider that resolution begins with."""
        return self.providers[0] if self.providers else None


class NetworkOffering(Record, frozen=True, kw_only=True):
    """A kind of network.

    Attributes:
        egress_default_allow: what happens to packets outwards that no rule names.
        conserve_mode: whether one public address may serve several services.
        specify_vlan: the operator names the VLAN of each network.
        specify_ip_ranges: the operator names the addresses that instances get.
        persistent: the network is implemented without instances, and stays so.
        network_rate: Mbit/s of each NIC; None: the configuration's.
        domain_ids: who may use it, with their subdomains; empty: everybody.
        zone_ids: where it may be used; empty: everywhere.
        tags: physical networks that carry these tags are the ones to use.
        is_default: made by netloom at its first start.
    """

    name: str
    display_text: str
    guest_type: GuestType
    traffic: Traffic = Traffic.GUEST
    services: tuple[OfferedService, ...] = ()
    state: Allocation = Allocation.DISABLED
    availability: Availability = Availability.OPTIONAL
    conserve_mode: bool = True
    specify_vlan: bool = False
    specify_ip_ranges: bool = False
    persistent: bool = False
    egress_default_allow: bool = True
    for_vpc: bool = False
    network_mode: NetworkMode | None = None
    internet_protocol: InternetProtocol = InternetProtocol.IPV4
    network_rate: int | None = None
    max_connections: int | None = None
    keep_alive: bool = False
    mtu: int | None = None
    tags: tuple[str, ...] = ()
    service_offering_id: Uuid | None = None
    domain_ids: tuple[DomainId, ...] = ()
    zone_ids: tuple[Uuid, ...] = ()
    details: Mapping[str, str] = msgspec.field(default_factory=dict)
    sort_key: int = 0
    is_default: bool = False
    is_system: bool = False


class VpcOffering(Record, frozen=True, kw_only=True):
    """A kind of VPC: what its tiers may have, and by whom."""

    name: str
    display_text: str
    services: tuple[OfferedService, ...] = ()
    state: Allocation = Allocation.DISABLED
    distributed_router: bool = False
    region_level: bool = False
    redundant_router: bool = False
    network_mode: NetworkMode | None = None
    internet_protocol: InternetProtocol = InternetProtocol.IPV4
    service_offering_id: Uuid | None = None
    domain_ids: tuple[DomainId, ...] = ()
    zone_ids: tuple[Uuid, ...] = ()
    sort_key: int = 0
    is_default: bool = False


class ServiceOfferingState(enum.Enum):
    """Instances are made of active offerings only."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class ServiceOffering(Record, frozen=True, kw_only=True):
    """A size of instance (or, `is_system`, of a router).

    Attributes:
        cpu_number: virtual processors; None: chosen with each instance (`customized`).
        cpu_speed: MHz of each.
        memory: MiB.
        network_rate: Mbit/s of each NIC; None: the configuration's.
        root_disk_size: GiB; 0: the template's.
    """

    name: str
    display_text: str
    cpu_number: int | None = None
    cpu_speed: int | None = None
    memory: int | None = None
    customized: bool = False
    network_rate: int | None = None
    root_disk_size: int = 0
    storage_type: str = "shared"
    provisioning_type: str = "thin"
    offer_ha: bool = False
    limit_cpu_use: bool = False
    is_volatile: bool = False
    dynamic_scaling: bool = True
    is_system: bool = False
    system_vm_type: str | None = None
    default_use: bool = False
    host_tags: str | None = None
    storage_tags: str | None = None
    state: ServiceOfferingState = ServiceOfferingState.ACTIVE
    domain_ids: tuple[DomainId, ...] = ()
    zone_ids: tuple[Uuid, ...] = ()
    details: Mapping[str, str] = msgspec.field(default_factory=dict)
    sort_key: int = 0


Offering = NetworkOffering | VpcOffering


def services_of(offering: Offering) -> frozenset[Service]:
    """The services of an offering."""
    return frozenset(offered.service for offered in offering.services)


def offered(offering: Offering, service: Service) -> OfferedService | None:
    """A service as the offering has it; None when it has not."""
    return next((item for item in offering.services if item.service is service), None)


def providers_of(offering: Offering) -> frozenset[str]:
    """All providers that an offering names."""
    return frozenset(name for item in offering.services for name in item.providers)


def chosen_value(offering: Offering, service: Service, capability: Capability) -> str | None:
    """What an offering chose for a capability; None: nothing."""
    item = offered(offering, service)
    return None if item is None else item.value(capability)
