"""What CloudStack's answers say of offerings: of networks, of VPCs, of instances.

Rule 1: a service shows the capabilities that may be chosen, with what was chosen, or what holds when nothing was.
Rule 2: the gateway is not shown: it comes with the router, and nobody may ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.identity import Domain, shown_path
from netloom.model.cloud.offerings import (
    NetworkOffering,
    OfferedService,
    Offering,
    ServiceOffering,
    VpcOffering,
    chosen_value,
    offered,
)
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.model.objects import Zone

UNLIMITED: Final = -1
"""CloudStack's number for a rate that is not limited."""

SHOWN: Final[Mapping[Service, Mapping[Capability, str]]] = {
    Service.LB: {
        Capability.SUPPORTED_LB_ISOLATION: "dedicated",
        Capability.ELASTIC_LB: "false",
        Capability.INLINE_MODE: "false",
        Capability.VM_AUTO_SCALING: "false",
    },
    Service.SOURCE_NAT: {
        Capability.SUPPORTED_SOURCE_NAT_TYPES: "peraccount",
        Capability.REDUNDANT_ROUTER: "false",
    },
    Service.STATIC_NAT: {Capability.ELASTIC_IP: "false", Capability.ASSOCIATE_PUBLIC_IP: "false"},
}
"""What an offering of networks tells of a service, and what it is when the offering chose nothing."""


def network_offering_rows(offerings: Sequence[NetworkOffering], see: See) -> list[Row]:
    """Offerings of networks."""
    places = _places(offerings, see)
    facts = see.view.backends.providers.facts
    return [
        {
            "id": offering.id,
            "name": offering.name,
            "displaytext": offering.display_text,
            "created": see.time(offering.created_at),
            "traffictype": offering.traffic.value,
            "isdefault": offering.is_default,
            "specifyvlan": offering.specify_vlan,
            "conservemode": offering.conserve_mode,
            "specifyipranges": offering.specify_ip_ranges,
            "availability": offering.availability.value,
            "networkrate": offering.network_rate or UNLIMITED,
            "state": offering.state.value,
            "guestiptype": offering.guest_type.value,
            "serviceofferingid": offering.service_offering_id,
            "service": [
                service_row(each) for each in offering.services if each.service is not Service.GATEWAY
            ],
            "forvpc": offering.for_vpc,
            "fornsx": False,
            "fortungsten": False,
            "ispersistent": offering.persistent,
            "egressdefaultpolicy": offering.egress_default_allow,
            "maxconnections": offering.max_connections,
            "supportsstrechedl2subnet": _chosen(
                offering, Service.CONNECTIVITY, Capability.STRETCHED_L2_SUBNET
            ),
            "supportspublicaccess": _chosen(offering, Service.CONNECTIVITY, Capability.PUBLIC_ACCESS),
            "supportsinternallb": _balances_inside(offering, facts),
            "networkmode": None if offering.network_mode is None else offering.network_mode.value,
            "internetprotocol": offering.internet_protocol.value,
            "specifyasnumber": False,
            "tags": ",".join(offering.tags) or None,
            "details": dict(offering.details) or None,
            "hasannotations": False,
            **places[offering.id],
        }
        for offering in offerings
    ]


def vpc_offering_rows(offerings: Sequence[VpcOffering], see: See) -> list[Row]:
    """Offerings of VPCs."""
    places = _places(offerings, see)
    return [
        {
            "id": offering.id,
            "name": offering.name,
            "displaytext": offering.display_text,
            "created": see.time(offering.created_at),
            "isdefault": offering.is_default,
            "state": offering.state.value,
            "service": [
                {"name": each.service.value, "provider": [{"name": name} for name in each.providers]}
                for each in offering.services
                if each.service is not Service.GATEWAY
            ],
            "distributedvpcrouter": offering.distributed_router,
            "supportsregionLevelvpc": offering.region_level,
            "fornsx": False,
            "networkmode": None if offering.network_mode is None else offering.network_mode.value,
            "internetprotocol": offering.internet_protocol.value,
            "specifyasnumber": False,
            **places[offering.id],
        }
        for offering in offerings
    ]


def service_offering_rows(offerings: Sequence[ServiceOffering], see: See) -> list[Row]:
    """Sizes of instances and of netloom's own routers."""
    places = _places(offerings, see)
    return [
        {
            "id": offering.id,
            "name": offering.name,
            "state": offering.state.value,
            "displaytext": offering.display_text,
            "cpunumber": offering.cpu_number,
            "cpuspeed": offering.cpu_speed,
            "memory": offering.memory,
            "created": see.time(offering.created_at),
            "storagetype": offering.storage_type,
            "provisioningtype": offering.provisioning_type,
            "offerha": offering.offer_ha,
            "limitcpuuse": offering.limit_cpu_use,
            "isvolatile": offering.is_volatile,
            "issystem": offering.is_system,
            "systemvmtype": offering.system_vm_type,
            "defaultuse": offering.default_use,
            "iscustomized": offering.customized,
            "networkrate": offering.network_rate,
            "rootdisksize": offering.root_disk_size,
            "hosttags": offering.host_tags,
            "storagetags": offering.storage_tags,
            "serviceofferingdetails": dict(offering.details) or None,
            "dynamicscalingenabled": offering.dynamic_scaling,
            "diskofferingstrictness": False,
            "encryptroot": False,
            "hasannotations": False,
            **places[offering.id],
        }
        for offering in offerings
    ]


def service_row(item: OfferedService) -> Row:
    """A service of an offering of networks: who gives it, and what was chosen."""
    row: Row = {"name": item.service.value, "provider": [{"name": name} for name in item.providers]}
    values = {
        capability.value: item.value(capability) or default
        for capability, default in SHOWN.get(item.service, {}).items()
    } | dict(item.capabilities)
    if values:
        row["capability"] = [
            {"name": name, "value": value.lower(), "canchooseservicecapability": False}
            for name, value in values.items()
        ]
    return row


def _places(
    offerings: Sequence[NetworkOffering] | Sequence[VpcOffering] | Sequence[ServiceOffering], see: See
) -> Mapping[str, Row]:
    """For whom and where each is; nothing for one that is for everybody, everywhere."""
    domains = see.many(Domain, {found for offering in offerings for found in offering.domain_ids})
    zones = see.natives(Zone, {found for offering in offerings for found in offering.zone_ids})
    rows: dict[str, Row] = {}
    for offering in offerings:
        row: Row = {}
        if offering.domain_ids:
            row["domainid"] = ",".join(offering.domain_ids)
            row["domain"] = ",".join(
                shown_path(domains[found].path) for found in offering.domain_ids if found in domains
            )
        if offering.zone_ids:
            row["zoneid"] = ",".join(offering.zone_ids)
            row["zone"] = ",".join(zones[found].name for found in offering.zone_ids if found in zones)
        rows[offering.id] = row
    return rows


def _chosen(offering: Offering, service: Service, capability: Capability) -> bool:
    return (chosen_value(offering, service, capability) or "").lower() == "true"


def _balances_inside(offering: NetworkOffering, facts: Mapping[str, ProviderFacts]) -> bool:
    """Whether its balancers are (also) for the inside of VPCs."""
    item = offered(offering, Service.LB)
    if item is None:
        return False
    asked = (item.value(Capability.LB_SCHEMES) or "").lower()
    return "internal" in asked or any(
        facts[name].values(Service.LB, Capability.LB_SCHEMES) == {"internal"}
        for name in item.providers
        if name in facts
    )
