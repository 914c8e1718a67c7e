"""The offerings that a cloud starts with, by CloudStack's names, so that its clients find what they look for.

Rule 1: an offering here may name a provider that is not installed: it can be seen and explained, and a network made of it is
refused with who is missing. `OVS_ISOLATED` and those of type L2 need nothing but what is built in.
Rule 2: they are made once, when there are none; what an operator disables or renames stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.model.cloud.offerings import (
    Availability,
    GuestType,
    NetworkOffering,
    OfferedService,
    OfferingState,
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
from netloom.store.cloud.records import columns

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


_SHARED: Final = {
    "guest_type": GuestType.SHARED,
    "specify_vlan": True,
    "specify_ip_ranges": True,
}
_TIER: Final = {"guest_type": GuestType.ISOLATED, "for_vpc": True, "conserve_mode": False}
_L2: Final = {"guest_type": GuestType.L2}

NETWORK_OFFERINGS: Final[tuple[tuple[str, str, Mapping[str, object], tuple[OfferedService, ...]], ...]] = (
    (
        OVS_ISOLATED,
        "Isolated networks in tunnels between Open vSwitches, without a router",
        {"guest_type": GuestType.ISOLATED, "sort_key": -1},
        _by(OVS, Service.CONNECTIVITY),
    ),
    (
        "DefaultSharedNetworkOfferingWithSGService",
        "Shared networks with security groups",
        _SHARED,
        _by(VIRTUAL_ROUTER, *_BASIC, SecurityGroup=SECURITY_GROUP),
    ),
    ("DefaultSharedNetworkOffering", "Shared networks", _SHARED, _by(VIRTUAL_ROUTER, *_BASIC)),
    (
        SOURCE_NAT,
        "Isolated networks with source NAT",
        {"guest_type": GuestType.ISOLATED, "availability": Availability.REQUIRED},
        _by(VIRTUAL_ROUTER, *_BASIC, Service.LB, Service.FIREWALL, *_NAT),
    ),
    (
        "DefaultIsolatedNetworkOffering",
        "Isolated networks without source NAT",
        {"guest_type": GuestType.ISOLATED, "specify_vlan": True, "specify_ip_ranges": True},
        _by(VIRTUAL_ROUTER, *_BASIC),
    ),
    (
        "DefaultIsolatedNetworkOfferingForVpcNetworks",
        "Tiers of VPCs with source NAT",
        _TIER,
        _by(VPC_VIRTUAL_ROUTER, *_BASIC, Service.LB, Service.NETWORK_ACL, *_NAT),
    ),
    (
        "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB",
        "Tiers of VPCs with source NAT, without load balancing",
        _TIER,
        _by(VPC_VIRTUAL_ROUTER, *_BASIC, Service.NETWORK_ACL, *_NAT),
    ),
    (
        "DefaultIsolatedNetworkOfferingForVpcNetworksWithInternalLB",
        "Tiers of VPCs with internal load balancing",
        _TIER,
        _by(VPC_VIRTUAL_ROUTER, *_BASIC, Service.NETWORK_ACL, Service.SOURCE_NAT, Lb=INTERNAL_LB),
    ),
    ("DefaultL2NetworkOffering", "L2 networks", _L2, ()),
    ("DefaultL2NetworkOfferingVlan", "L2 networks on a VLAN", _L2 | {"specify_vlan": True}, ()),
    (
        "DefaultL2NetworkOfferingConfigDrive",
        "L2 networks with user data on a config drive",
        _L2,
        _by(CONFIG_DRIVE, Service.USER_DATA),
    ),
    (
        "DefaultL2NetworkOfferingConfigDriveVlan",
        "L2 networks on a VLAN with user data on a config drive",
        _L2 | {"specify_vlan": True},
        _by(CONFIG_DRIVE, Service.USER_DATA),
    ),
    ("QuickCloudNoServices", "Shared networks without services", _SHARED, ()),
)
"""Name, text, fields, services."""

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
                system_vm_type="domainrouter" if system else None,
                default_use=system,
            )
        )


def _seed_networks(work: Work) -> None:
    size = _router_size(work)
    for name, text, fields, services in NETWORK_OFFERINGS:
        values = {"conserve_mode": True, "egress_default_allow": False, **fields}
        work.insert(
            NetworkOffering(
                **work.birth(),
                name=name,
                display_text=text,
                services=services,
                state=OfferingState.ENABLED,
                service_offering_id=size,
                is_default=True,
                **values,  # type: ignore[arg-type]
            )
        )


def _seed_vpcs(work: Work) -> None:
    size = _router_size(work)
    for name, redundant in (("Default VPC offering", False), ("Redundant VPC offering", True)):
        work.insert(
            VpcOffering(
                **work.birth(),
                name=name,
                display_text=name,
                services=_vpc_services(),
                state=OfferingState.ENABLED,
                redundant_router=redundant,
                service_offering_id=size,
                is_default=True,
            )
        )


def _router_size(work: Work) -> Uuid | None:
    found = work.records.first(ServiceOffering, columns(ServiceOffering).name == ROUTER_SIZE)
    return None if found is None else found.id
