"""CloudStack's commands for networks."""

from __future__ import annotations

from netloom.app.cloud.networks_create import CREATE, CreateNetwork
from netloom.app.cloud.networks_list import Wanted, conditions
from netloom.app.cloud.networks_owner import Asked
from netloom.app.cloud.networks_terms import Resolvers
from netloom.app.cloud.networks_use import network_seen, visible_networks
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, Listing, One
from netloom.faces.cloudstack.views.networks import network_rows
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.networks_subnet import Wished
from netloom.store.cloud.records import Where, columns

_NOT_DONE = {
    "isolatedpvlan": "private VLANs are not done",
    "associatednetworkid": "shared networks are not joined to isolated ones",
    "asnumber": "routes are not announced by BGP",
    "bgppeerids": "routes are not announced by BGP",
    "tungstenvirtualrouteruuid": "there is no such router",
}
"""Parameters whose silent loss would surprise whoever sends them."""


async def create_network(call: Call) -> object:
    """Makes a network."""
    _refuse(call)
    return await call.do(
        CREATE,
        CreateNetwork(
            name=call.need("name"),
            display_text=call.text("displaytext") or None,
            offering_id=call.need_uuid("networkofferingid"),
            zone_id=call.uuid("zoneid"),
            physical_network_id=call.uuid("physicalnetworkid"),
            owner=Asked(
                account=call.text("account") or None,
                domain_id=call.uuid("domainid"),
                project_id=call.uuid("projectid"),
                acl_type=call.text("acltype") or None,
                subdomain_access=call.flag("subdomainaccess"),
            ),
            addresses=Wished(
                gateway=call.text("gateway") or None,
                netmask=call.text("netmask") or None,
                start=call.text("startip") or None,
                end=call.text("endip") or None,
                gateway6=call.text("ip6gateway") or None,
                cidr6=call.text("ip6cidr") or None,
                start6=call.text("startipv6") or None,
                end6=call.text("endipv6") or None,
            ),
            vlan=call.text("vlan") or None,
            network_domain=call.text("networkdomain") or None,
            resolvers=_resolvers(call),
            vpc_id=call.uuid("vpcid"),
            acl_id=call.uuid("aclid"),
            external_id=call.text("externalid") or None,
            public_mtu=call.integer("publicmtu"),
            private_mtu=call.integer("privatemtu"),
            router_ip=call.text("routerip") or None,
            router_ip6=call.text("routeripv6") or None,
            source_nat_address=call.text("sourcenatipaddress") or None,
            display=call.flag("displaynetwork", True),
        ),
    )


async def list_networks(call: Call) -> object:
    """Lists networks."""
    c = columns(GuestNetwork)
    network_id = call.uuid("id")
    wanted = Wanted(
        type=call.text("type") or None,
        acl_type=call.text("acltype") or None,
        traffic=call.text("traffictype") or None,
        services=call.texts("supportedservices"),
        specify_ip_ranges=call.flag("specifyipranges"),
        deployable=call.flag("canusefordeploy"),
        for_vpc=call.flag("forvpc"),
        is_system=call.flag("issystem"),
        filter=call.text("networkfilter") or None,
    )

    def also(view: View) -> list[Where]:
        if network_id is not None:
            network_seen(view, network_id, "id")
        return conditions(view, wanted)

    return await call.select(
        GuestNetwork,
        call.match(c.id, "id"),
        call.match(c.zone_id, "zoneid"),
        call.match(c.physical_network_id, "physicalnetworkid"),
        call.match(c.vpc_id, "vpcid"),
        call.match(c.vlan, "vlan"),
        call.match(c.offering_id, "networkofferingid"),
        call.match(c.associated_network_id, "associatednetworkid"),
        call.match(c.restart_required, "restartrequired"),
        call.match(c.display, "displaynetwork"),
        keyword=("name", "display_text"),
        tags_of="Network",
        order=c.number.desc(),
        also=also,
        id_opens=False,
        visible=visible_networks,
    )


def _resolvers(call: Call) -> Resolvers:
    return Resolvers(
        dns1=call.text("dns1") or None,
        dns2=call.text("dns2") or None,
        ip6_dns1=call.text("ip6dns1") or None,
        ip6_dns2=call.text("ip6dns2") or None,
    )


def _refuse(call: Call) -> None:
    for name, why in _NOT_DONE.items():
        if call.text(name):
            raise InvalidInput(why, subject=name, hint="leave it out")


COMMANDS: tuple[Command, ...] = (
    Command("createNetwork", create_network, One("network", network_rows)),
    Command("listNetworks", list_networks, Listing("network", network_rows)),
)
