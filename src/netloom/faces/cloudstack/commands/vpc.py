"""CloudStack's commands for VPCs, their private gateways and static routes."""

from __future__ import annotations

from netloom.app.cloud import private_gateways, static_routes, vpc_life
from netloom.app.cloud.networks_terms import Resolvers
from netloom.app.cloud.private_gateways import CreatePrivateGateway, DeletePrivateGateway
from netloom.app.cloud.static_routes import CreateStaticRoute, DeleteStaticRoute
from netloom.app.cloud.vpc_life import CreateVpc, DeleteVpc, RestartVpc, UpdateVpc
from netloom.app.cloud.vpc_migrate import MIGRATE, MigrateVpc
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import parse_uuid
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.views.vpc import gateway_rows, route_rows, vpc_rows
from netloom.model.cloud.infrastructure_ranges import VLAN_PREFIX
from netloom.model.cloud.offerings import VpcOffering, services_of
from netloom.model.cloud.routes import PrivateGateway, StaticRoute
from netloom.model.cloud.services import parse_service
from netloom.model.cloud.vpc import Vpc
from netloom.model.kinds import Kind
from netloom.store.cloud.records import Where, columns


async def create_vpc(call: Call) -> object:
    """Makes a VPC: a network range of a tenant that tiers divide and one router joins."""
    if call.has("cidrsize"):
        raise InvalidInput(
            "netloom has no VPCs that are routed as they are, whose range it would choose",
            subject="cidrsize",
            hint="name the range: cidr",
        )
    return await call.do(
        vpc_life.CREATE,
        CreateVpc(
            zone_id=call.need_uuid("zoneid"),
            name=call.need("name"),
            display_text=call.text("displaytext") or None,
            offering_id=call.need_uuid("vpcofferingid"),
            cidr=call.text("cidr") or None,
            network_domain=call.text("networkdomain") or None,
            start=call.flag("start", default=True),
            public_mtu=call.integer("publicmtu"),
            resolvers=Resolvers(
                dns1=call.text("dns1") or None,
                dns2=call.text("dns2") or None,
                ip6_dns1=call.text("ip6dns1") or None,
                ip6_dns2=call.text("ip6dns2") or None,
            ),
            source_nat_address=call.text("sourcenatipaddress") or None,
            for_display=call.flag("fordisplay", default=True),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def update_vpc(call: Call) -> object:
    """Changes what a VPC is called, how large its packets outside are, or the address that it is seen as."""
    return await call.do(
        vpc_life.UPDATE,
        UpdateVpc(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            display_text=call.text("displaytext") or None,
            public_mtu=call.integer("publicmtu"),
            source_nat_address=call.text("sourcenatipaddress") or None,
            for_display=call.flag("fordisplay"),
        ),
    )


async def delete_vpc(call: Call) -> object:
    """Deletes a VPC without tiers, with all else that is in it."""
    return await call.do(vpc_life.DELETE, DeleteVpc(id=call.need_uuid("id")))


async def restart_vpc(call: Call) -> object:
    """Has everything of a VPC be as it should; what is right already is not interrupted."""
    return await call.do(
        vpc_life.RESTART,
        RestartVpc(id=call.need_uuid("id"), make_redundant=call.flag("makeredundant", default=False)),
    )


async def migrate_vpc(call: Call) -> object:
    """Gives a VPC another offering, and its tiers those that are named for them (`tiernetworkofferings`)."""
    named = {
        parse_uuid(entry.get("networkid", ""), "tiernetworkofferings"): parse_uuid(
            entry.get("networkofferingid", ""), "tiernetworkofferings"
        )
        for entry in call.maps("tiernetworkofferings")
    }
    return await call.do(
        MIGRATE,
        MigrateVpc(
            id=call.need_uuid("vpcid"), offering_id=call.need_uuid("vpcofferingid"), tier_offerings=named
        ),
    )


async def list_vpcs(call: Call) -> object:
    """Lists VPCs with their tiers."""
    c = columns(Vpc)
    wanted = frozenset(parse_service(name) for name in call.texts("supportedservices"))

    def with_services(view: View) -> tuple[Where, ...]:
        if not wanted:
            return ()
        fitting = [each.id for each in view.records.select(VpcOffering) if wanted <= services_of(each)]
        return (c.offering_id.in_(fitting),)

    return await call.select(
        Vpc,
        call.match(c.id, "id", Vpc),
        call.match(c.name, "name"),
        call.match(c.display_text, "displaytext"),
        call.match(c.cidr, "cidr"),
        call.match(c.zone_id, "zoneid", Kind.ZONE),
        call.match(c.offering_id, "vpcofferingid", VpcOffering),
        call.match(c.state, "state"),
        call.match(c.restart_required, "restartrequired"),
        call.match(c.for_display, "fordisplay"),
        keyword=("name", "display_text"),
        tags_of="Vpc",
        also=with_services,
    )


async def create_private_gateway(call: Call) -> object:
    """Gives a VPC's router a leg in a VLAN of the data centre, or in another network of the VPC's owner."""
    return await call.do(
        private_gateways.CREATE,
        CreatePrivateGateway(
            vpc_id=call.need_uuid("vpcid"),
            address=call.need("ipaddress"),
            gateway=call.need("gateway"),
            netmask=call.need("netmask"),
            vlan=call.text("vlan") or None,
            physical_network_id=call.uuid("physicalnetworkid"),
            network_id=call.uuid("associatednetworkid"),
            offering_id=call.uuid("networkofferingid"),
            source_nat=call.flag("sourcenatsupported", default=False),
            acl_id=call.uuid("aclid"),
            any_vlan=call.flag("bypassvlanoverlapcheck", default=False),
        ),
    )


async def delete_private_gateway(call: Call) -> object:
    """Takes a private gateway that no static route leads to from a VPC."""
    return await call.do(private_gateways.DELETE, DeletePrivateGateway(id=call.need_uuid("id")))


async def list_private_gateways(call: Call) -> object:
    """Lists private gateways."""
    c = columns(PrivateGateway)
    vlan = call.text("vlan")
    return await call.select(
        PrivateGateway,
        call.match(c.id, "id"),
        call.match(c.address, "ipaddress"),
        call.match(c.vpc_id, "vpcid", Vpc),
        call.match(c.state, "state"),
        c.vlan == vlan.removeprefix(VLAN_PREFIX) if vlan else None,
        keyword=("address",),
    )


async def create_static_route(call: Call) -> object:
    """Leads packets for a network outside of a VPC to a private gateway."""
    return await call.do(
        static_routes.CREATE,
        CreateStaticRoute(cidr=call.need("cidr"), gateway_id=call.need_uuid("gatewayid")),
    )


async def delete_static_route(call: Call) -> object:
    """Takes a static route from a VPC."""
    return await call.do(static_routes.DELETE, DeleteStaticRoute(id=call.need_uuid("id")))


async def list_static_routes(call: Call) -> object:
    """Lists static routes of VPCs."""
    c = columns(StaticRoute)
    return await call.select(
        StaticRoute,
        call.match(c.id, "id"),
        call.match(c.vpc_id, "vpcid", Vpc),
        call.match(c.gateway_id, "gatewayid", PrivateGateway),
        call.match(c.state, "state"),
        keyword=("cidr",),
        tags_of="StaticRoute",
    )


COMMANDS: tuple[Command, ...] = (
    Command("createVPC", create_vpc, JobAnswer(vpc_life.CREATE, "vpc", vpc_rows, made=True, about="None")),
    Command("updateVPC", update_vpc, JobAnswer(vpc_life.UPDATE, "vpc", vpc_rows, about="Vpc")),
    Command("deleteVPC", delete_vpc, JobAnswer(vpc_life.DELETE, about="Vpc")),
    Command("restartVPC", restart_vpc, JobAnswer(vpc_life.RESTART, about="Vpc")),
    Command("migrateVPC", migrate_vpc, JobAnswer(MIGRATE, "vpc", vpc_rows, about="Vpc")),
    Command("listVPCs", list_vpcs, Listing("vpc", vpc_rows)),
    Command(
        "createPrivateGateway",
        create_private_gateway,
        JobAnswer(
            private_gateways.CREATE,
            "privategateway",
            gateway_rows,
            made=True,
            about="PrivateGateway",
            with_id=True,
        ),
    ),
    Command("deletePrivateGateway", delete_private_gateway, JobAnswer(private_gateways.DELETE)),
    Command("listPrivateGateways", list_private_gateways, Listing("privategateway", gateway_rows)),
    Command(
        "createStaticRoute",
        create_static_route,
        JobAnswer(
            static_routes.CREATE, "staticroute", route_rows, made=True, about="StaticRoute", with_id=True
        ),
    ),
    Command("deleteStaticRoute", delete_static_route, JobAnswer(static_routes.DELETE)),
    Command("listStaticRoutes", list_static_routes, Listing("staticroute", route_rows)),
)
