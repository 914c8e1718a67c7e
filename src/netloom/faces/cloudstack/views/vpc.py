"""What CloudStack's answers say of VPCs, their private gateways and static routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netloom.app.cloud.infrastructure import zone_facet
from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.networks import network_rows
from netloom.model.cloud.acl import AclList
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import VpcOffering
from netloom.model.cloud.routes import PrivateGateway, StaticRoute
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc

UNTOLD: Final = frozenset({Service.GATEWAY})
"""Services that CloudStack does not tell of VPCs."""


def vpc_rows(vpcs: Sequence[Vpc], see: See) -> list[Row]:
    """VPCs with their tiers."""
    offerings = see.many(VpcOffering, [vpc.offering_id for vpc in vpcs])
    tiers = _tiers(vpcs, see)
    ids = [vpc.id for vpc in vpcs]
    see.owners(vpcs)
    see.tagged(ids)
    see.pending(ids)
    return [
        {
            "id": vpc.id,
            "name": vpc.name,
            "displaytext": vpc.display_text,
            "state": vpc.state.value,
            **see.zone(vpc.zone_id),
            "cidr": vpc.cidr,
            **_offering(offerings[vpc.offering_id]),
            "created": see.time(vpc.created_at),
            **see.owner(vpc),
            "network": tiers.get(vpc.id, []),
            "restartrequired": vpc.restart_required,
            "networkdomain": vpc.network_domain,
            "tags": see.tags(vpc.id),
            "fordisplay": vpc.for_display,
            "publicmtu": vpc.public_mtu or zone_facet(see.view, vpc.zone_id).public_mtu,
            "dns1": vpc.dns1,
            "dns2": vpc.dns2,
            "ip6dns1": vpc.ip6_dns1,
            "ip6dns2": vpc.ip6_dns2,
            "hasannotations": False,
            **see.job(vpc.id),
        }
        for vpc in vpcs
    ]


def _offering(offering: VpcOffering) -> Row:
    """What a VPC has of its offering."""
    return {
        "service": [
            {
                "name": item.service.value,
                "provider": [{"name": name} for name in item.providers],
            }
            for item in offering.services
            if item.service not in UNTOLD
        ],
        "vpcofferingid": offering.id,
        "vpcofferingname": offering.name,
        "distributedvpcrouter": offering.distributed_router,
        "regionlevelvpc": offering.region_level,
        "redundantvpcrouter": offering.redundant_router,
    }


def _tiers(vpcs: Sequence[Vpc], see: See) -> dict[str, list[Row]]:
    networks = see.having(GuestNetwork, "vpc_id", [vpc.id for vpc in vpcs])
    found: dict[str, list[Row]] = {}
    for network, row in zip(networks, network_rows(networks, see), strict=True):
        found.setdefault(network.vpc_id or "", []).append(row)
    return found


def gateway_rows(gateways: Sequence[PrivateGateway], see: See) -> list[Row]:
    """Private gateways."""
    vpcs = see.many(Vpc, [gateway.vpc_id for gateway in gateways])
    lists = see.many(AclList, [gateway.acl_id for gateway in gateways])
    see.many(GuestNetwork, [gateway.network_id for gateway in gateways])
    see.owners(gateways)
    see.pending([gateway.id for gateway in gateways])
    return [
        {
            "id": gateway.id,
            "gateway": gateway.gateway,
            "netmask": gateway.netmask,
            "ipaddress": gateway.address,
            **see.zone(gateway.zone_id),
            "vlan": None if gateway.vlan is None else f"vlan://{gateway.vlan}",
            "vpcid": gateway.vpc_id,
            "vpcname": vpcs[gateway.vpc_id].name,
            "physicalnetworkid": gateway.physical_network_id,
            **see.owner(gateway),
            "state": gateway.state.value,
            "sourcenatsupported": gateway.source_nat,
            "aclid": gateway.acl_id,
            "aclname": lists[gateway.acl_id].name,
            "associatednetworkid": gateway.network_id,
            "associatednetwork": _name(see.one(GuestNetwork, gateway.network_id)),
            "hasannotations": False,
            **see.job(gateway.id),
        }
        for gateway in gateways
    ]


def _name(network: GuestNetwork | None) -> str | None:
    return None if network is None else network.name


def route_rows(routes: Sequence[StaticRoute], see: See) -> list[Row]:
    """Static routes."""
    ids = [route.id for route in routes]
    see.owners(routes)
    see.tagged(ids)
    see.pending(ids)
    return [
        {
            "id": route.id,
            "state": route.state.value,
            "vpcid": route.vpc_id,
            "gatewayid": route.gateway_id,
            "cidr": route.cidr,
            **see.owner(route),
            "tags": see.tags(route.id),
            **see.job(route.id),
        }
        for route in routes
    ]
