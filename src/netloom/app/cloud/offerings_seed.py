"""The offerings that a cloud starts with, by CloudStack's names, so that its clients find what they look for.

Rule 1: an offering here may name a provider that is not installed: it can be seen and explained, and a network made of it is
refused with who is missing. `OVS_ISOLATED` and those of type L2 need nothing but what is built in.
Rule 2: they are made once, when there are none; what an operator disables or renames stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.app.cloud.offerings import ROUTER_VM, router_size
from netloom.app.cloud.work import Work
from netloom.model.cloud.offerings import (
    Availability,
    GuestType,
    NetworkOffering,
    OfferedService,
    ServiceOffering,
    VpcOffering,
)
from netloom.model.cloud.services import Capability, Service
from netloom.model.cloud.services_known import (
    CONFIG_DRIVE,
    INTERNAL_LB,
    OVS,
    SECURITY_GROUP,
    VIRTUAL_ROUTER,
    VPC_VIRTUAL_ROUTER,
)
from netloom.model.cloud.words import Allocation

OVS_ISOLATED: Final = "DefaultOvsIsolatedNetworkOffering"
"""netloom's own: isolated networks over tunnels, without a router."""

SOURCE_NAT: Final = "DefaultIsolatedNetworkOfferingWithSourceNatService"
ROUTER_SIZE: Final = "System Offering For Software Router"

_LB: Final = {
    Capability.SUPPORTED_LB_ISOLATION.value: "dedicated",
    Capability.ELASTIC_LB.value: "false",
    Capability.INLINE_MODE.value: "false",
    Capability.VM_AUTO_SCALING.value: "true",
}
_CHOICES: Final[Mapping[Service, Mapping[str, str]]] = {
    Service.LB: _LB,
    Service.STATIC_NAT: {
        Capability.ELASTIC_IP.value: "false",
        Capability.ASSOCIATE_PUBLIC_IP.value: "true",
    },
    Service.SOURCE_NAT: {
        Capability.SUPPORTED_SOURCE_NAT_TYPES.value: "peraccount",
        Capability.REDUNDANT_ROUTER.value: "false",
    },
}
_BASIC: Final = (Service.USER_DATA, Service.DHCP, Service.DNS)
_NAT: Final = (Service.PORT_FORWARDING, Service.STATIC_NAT, Service.VPN, Service.SOURCE_NAT)


def _by(provider: str, *services: Service, **others: str) -> tuple[OfferedService, ...]:
    """Services by one provider; `Lb="..."`, `SecurityGroup="..."` by others. The gateway goes with source NAT."""
    named = dict.fromkeys(services, provider) | {Service(word): name for word, name in others.items()}
    if Service.SOURCE_NAT in named:
        named[Service.GATEWAY] = provider
    return tuple(
        OfferedService(
            service=service, providers=(named[service],), capabilities=dict(_CHOICES.get(service, {}))
        )
        for service in Service
        if service in named
    )


class FirstOffering(msgspec.Struct, frozen=True, kw_only=True):
    """An offering of networks that is there at the first start."""

    name: str
    text: str
    guest_type: GuestType
    services: tuple[OfferedService, ...] = ()
    availability: Availability = Availability.OPTIONAL
    vlan: bool = False
    ip_ranges: bool = False
    tier: bool = False
    sort_key: int = 0


def _shared(name: str, text: str, *services: OfferedService) -> FirstOffering:
    return FirstOffering(
        name=name, text=text, guest_type=GuestType.SHARED, services=services, vlan=True, ip_ranges=True
    )


def _tier(name: str, text: str, *services: OfferedService) -> FirstOffering:
    return FirstOffering(name=name, text=text, guest_type=GuestType.ISOLATED, services=services, tier=True)


def _l2(name: str, text: str, *services: OfferedService, vlan: bool = False) -> FirstOffering:
    return FirstOffering(name=name, text=text, guest_type=GuestType.L2, services=services, vlan=vlan)


NETWORK_OFFERINGS: Final = (
    FirstOffering(
        name=OVS_ISOLATED,
        text="Isolated networks in tunnels between Open vSwitches, without a router",
        guest_type=GuestType.ISOLATED,
        services=_by(OVS, Service.CONNECTIVITY),
        sort_key=-1,
    ),
    _shared(
        "DefaultSharedNetworkOfferingWithSGService",
        "Shared networks with security groups",
        *_by(VIRTUAL_ROUTER, *_BASIC, SecurityGroup=SECURITY_GROUP),
    ),
    _shared("DefaultSharedNetworkOffering", "Shared networks", *_by(VIRTUAL_ROUTER, *_BASIC)),
    FirstOffering(
        name=SOURCE_NAT,
        text="Isolated networks with source NAT",
        guest_type=GuestType.ISOLATED,
        services=_by(VIRTUAL_ROUTER, *_BASIC, Service.LB, Service.FIREWALL, *_NAT),
        availability=Availability.REQUIRED,
    ),
    FirstOffering(
        name="DefaultIsolatedNetworkOffering",
        text="Isolated networks without source NAT",
        guest_type=GuestType.ISOLATED,
        services=_by(VIRTUAL_ROUTER, *_BASIC),
        vlan=True,
        ip_ranges=True,
    ),
    _tier(
        "DefaultIsolatedNetworkOfferingForVpcNetworks",
        "Tiers of VPCs with source NAT",
        *_by(VPC_VIRTUAL_ROUTER, *_BASIC, Service.LB, Service.NETWORK_ACL, *_NAT),
    ),
    _tier(
        "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB",
        "Tiers of VPCs with source NAT, without load balancing",
        *_by(VPC_VIRTUAL_ROUTER, *_BASIC, Service.NETWORK_ACL, *_NAT),
    ),
    _tier(
        "DefaultIsolatedNetworkOfferingForVpcNetworksWithInternalLB",
        "Tiers of VPCs with internal load balancing",
        *_by(VPC_VIRTUAL_ROUTER, *_BASIC, Service.NETWORK_ACL, Service.SOURCE_NAT, Lb=INTERNAL_LB),
    ),
    _l2("DefaultL2NetworkOffering", "L2 networks"),
    _l2("DefaultL2NetworkOfferingVlan", "L2 networks on a VLAN", vlan=True),
    _l2(
        "DefaultL2NetworkOfferingConfigDrive",
        "L2 networks with user data on a config drive",
        *_by(CONFIG_DRIVE, Service.USER_DATA),
    ),
    _l2(
        "DefaultL2NetworkOfferingConfigDriveVlan",
        "L2 networks on a VLAN with user data on a config drive",
        *_by(CONFIG_DRIVE, Service.USER_DATA),
        vlan=True,
    ),
    _shared("QuickCloudNoServices", "Shared networks without services"),
)

_VPC_SERVICES: Final = (*_BASIC, Service.LB, Service.NETWORK_ACL, *_NAT)


def _vpc_services() -> tuple[OfferedService, ...]:
    return tuple(
        OfferedService(
            service=service,
            providers=(VPC_VIRTUAL_ROUTER, INTERNAL_LB) if service is Service.LB else (VPC_VIRTUAL_ROUTER,),
        )
        for service in Service
        if service in _VPC_SERVICES or service is Service.GATEWAY
    )


def seed(work: Work) -> None:
    """Make the offerings when there are none."""
    if not work.records.exists(ServiceOffering):
        _seed_sizes(work)
    if not work.records.exists(NetworkOffering):
        _seed_networks(work)
    if not work.records.exists(VpcOffering):
        _seed_vpcs(work)


def _seed_sizes(work: Work) -> None:
    for name, cpus, speed, memory, system in (
        ("Small Instance", 1, 500, 512, False),
        ("Medium Instance", 1, 1000, 1024, False),
        (ROUTER_SIZE, 1, 500, 512, True),
    ):
        work.insert(
            ServiceOffering(
                **work.birth(),
                name=name,
                display_text=name,
                cpu_number=cpus,
                cpu_speed=speed,
                memory=memory,
                is_system=system,
                system_vm_type=ROUTER_VM if system else None,
                default_use=system,
            )
        )


def _seed_networks(work: Work) -> None:
    size = router_size(work)
    for first in NETWORK_OFFERINGS:
        work.insert(
            NetworkOffering(
                **work.birth(),
                name=first.name,
                display_text=first.text,
                guest_type=first.guest_type,
                services=first.services,
                state=Allocation.ENABLED,
                availability=first.availability,
                conserve_mode=not first.tier,
                egress_default_allow=False,
                specify_vlan=first.vlan,
                specify_ip_ranges=first.ip_ranges,
                for_vpc=first.tier,
                service_offering_id=size,
                sort_key=first.sort_key,
                is_default=True,
            )
        )


def _seed_vpcs(work: Work) -> None:
    size = router_size(work)
    for name, redundant in (("Default VPC offering", False), ("Redundant VPC offering", True)):
        work.insert(
            VpcOffering(
                **work.birth(),
                name=name,
                display_text=name,
                services=_vpc_services(),
                state=Allocation.ENABLED,
                redundant_router=redundant,
                service_offering_id=size,
                is_default=True,
            )
        )
