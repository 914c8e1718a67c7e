"""CloudStack's commands for networks."""

from __future__ import annotations

from netloom.app.cloud.networks_change import MIGRATE, UPDATE, MigrateNetwork, UpdateNetwork
from netloom.app.cloud.networks_create import CREATE, CreateNetwork
from netloom.app.cloud.networks_end import DELETE, DeleteNetwork
from netloom.app.cloud.networks_list import Wanted, conditions
from netloom.app.cloud.networks_owner import Asked
from netloom.app.cloud.networks_permissions import (
    CLOSE,
    OPEN,
    RESET,
    ChangePermissions,
    ResetPermissions,
    permissions_of,
)
from netloom.app.cloud.networks_restart import RESTART, RestartNetwork
from netloom.app.cloud.networks_terms import Resolvers
from netloom.app.cloud.networks_use import network_seen, visible_networks
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Rows, See, Success
from netloom.faces.cloudstack.views.networks import network_rows, permission_rows
from netloom.faces.cloudstack.views.protocols import icmp_rows, protocol_rows
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

    found = await call.select(
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
    return Rows((), found.count) if call.flag("retrieveonlyresourcecount", False) else found


async def update_network(call: Call) -> object:
    """Changes a network."""
    return await call.do(
        UPDATE,
        UpdateNetwork(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            display_text=call.text("displaytext") or None,
            network_domain=call.text("networkdomain") or None,
            offering_id=call.uuid("networkofferingid"),
            guest_cidr=call.text("guestvmcidr") or None,
            forced=call.flag("forced", False),
            display=call.flag("displaynetwork"),
            resolvers=_resolvers(call),
            public_mtu=call.integer("publicmtu"),
            private_mtu=call.integer("privatemtu"),
            source_nat_address=call.text("sourcenatipaddress") or None,
        ),
    )


async def migrate_network(call: Call) -> object:
    """Gives a network another offering, by other providers."""
    return await call.do(
        MIGRATE,
        MigrateNetwork(id=call.need_uuid("networkid"), offering_id=call.need_uuid("networkofferingid")),
    )


async def delete_network(call: Call) -> object:
    """Deletes a network."""
    return await call.do(DELETE, DeleteNetwork(id=call.need_uuid("id"), forced=call.flag("forced", False)))


async def restart_network(call: Call) -> object:
    """Has everything of a network as it should be, anew, without interrupting what is right."""
    return await call.do(
        RESTART,
        RestartNetwork(
            id=call.need_uuid("id"),
            cleanup=call.flag("cleanup", False),
            make_redundant=call.flag("makeredundant", False),
        ),
    )


async def create_network_permissions(call: Call) -> object:
    """Opens a network to other accounts."""
    return await call.do(OPEN, _permissions(call))


async def remove_network_permissions(call: Call) -> object:
    """Closes a network to accounts that it was opened to."""
    return await call.do(CLOSE, _permissions(call))


async def reset_network_permissions(call: Call) -> object:
    """Closes a network to everybody but its owner."""
    return await call.do(RESET, ResetPermissions(network_id=call.need_uuid("networkid")))


async def list_network_permissions(call: Call) -> object:
    """Lists the accounts that a network is open to."""
    network_id = call.need_uuid("networkid")

    def read(view: View) -> Rows:
        found = permissions_of(view, network_id)
        return Rows(permission_rows(found, See(view)), len(found))

    return await call.read(read)


async def list_network_protocols(call: Call) -> object:
    """Lists protocols by number, or types and codes of ICMP."""
    asked = call.need("option").strip().lower()
    if asked == "protocolnumber":
        rows = protocol_rows()
    elif asked == "icmptype":
        rows = icmp_rows()
    else:
        raise InvalidInput(f"{asked!r} is no option", subject="option", hint="protocolnumber or icmptype")
    return Rows(rows, len(rows))


def _permissions(call: Call) -> ChangePermissions:
    return ChangePermissions(
        network_id=call.need_uuid("networkid"),
        accounts=call.texts("accounts"),
        account_ids=call.uuids("accountids"),
        project_ids=call.uuids("projectids"),
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
    Command(
        "updateNetwork",
        update_network,
        JobAnswer(UPDATE, "network", network_rows, about="Network", with_id=True),
    ),
    Command("migrateNetwork", migrate_network, JobAnswer(MIGRATE, "network", network_rows, about="Network")),
    Command("deleteNetwork", delete_network, JobAnswer(DELETE, about="Network", with_id=True)),
    Command("restartNetwork", restart_network, JobAnswer(RESTART, about="Network", with_id=True)),
    Command("createNetworkPermissions", create_network_permissions, Success()),
    Command("removeNetworkPermissions", remove_network_permissions, Success()),
    Command("resetNetworkPermissions", reset_network_permissions, Success()),
    Command("listNetworkPermissions", list_network_permissions, Listing("networkpermission")),
    Command("listNetworkProtocols", list_network_protocols, Listing("networkprotocol")),
)
