"""Ways out of a VPC that are not public: private gateways and static routes."""

from __future__ import annotations

import asyncio
import ipaddress
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.vpcs import VpcStage, vpc_staged

from netloom.app.cloud import acl_apply, configuration_change, private_gateways, static_routes
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.instances_addresses import address_for, may_be_given
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.private_gateways import CreatePrivateGateway, DeletePrivateGateway
from netloom.app.cloud.static_routes import CreateStaticRoute, DeleteStaticRoute
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NetloomError, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import DEFAULT_ALLOW, DEFAULT_DENY, AclItem
from netloom.model.cloud.routes import GatewayState, PrivateGateway, StaticRoute
from netloom.model.cloud.rules import RuleState
from netloom.plan.elements import Outcome
from netloom.plan.vpc_elements import VpcPart


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_a_gateway_is_ready_when_the_router_has_it(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    gateway = await stage.gateway(vpc)
    assert (gateway.state, gateway.vlan, gateway.acl_id) == (GatewayState.READY, "501", DEFAULT_DENY)
    assert gateway.account_id == vpc.account_id, "whose the VPC is"
    told = stage.told_part(vpc.id, VpcPart.PRIVATE_GATEWAYS)
    assert [record.id for record in told if isinstance(record, PrivateGateway)] == [gateway.id]
    assert len([record for record in told if isinstance(record, AclItem)]) == 2
    await stage.stage.do(
        private_gateways.DELETE, DeletePrivateGateway(id=Uuid(gateway.id)), stage.stage.who.root
    )
    assert await stage.stage.all(PrivateGateway) == []
    assert stage.told_part(vpc.id, VpcPart.PRIVATE_GATEWAYS) == ()


async def test_a_gateway_gets_another_list(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    acl = await stage.acl(vpc)
    gateway = await stage.gateway(vpc)
    replace = acl_apply.ReplaceAclList(acl_id=Uuid(acl.id), gateway_id=Uuid(gateway.id))
    await stage.stage.do(acl_apply.REPLACE, replace)
    item = await stage.item(acl, start_port=80)
    told = stage.told_part(vpc.id, VpcPart.PRIVATE_GATEWAYS)
    assert [record.id for record in told if isinstance(record, AclItem)] == [item.id]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"address": "10.50.1.2", "gateway": "10.50.1.1"}, Conflict),  # inside the VPC
        ({"address": "192.168.99.1"}, InvalidInput),  # that of the next router
        ({"netmask": "255.0.255.0"}, InvalidInput),
        ({"netmask": "24"}, InvalidInput),
        ({"address": "192.168.99.255"}, InvalidInput),
        ({"gateway": "192.168.98.1"}, InvalidInput),
        ({"vlan": "4095"}, InvalidInput),
        ({"vlan": "²"}, InvalidInput),
        ({"vlan": None}, InvalidInput),
        ({"acl_id": "00000000-0000-4000-8000-00000000ffff"}, NotFound),
        ({"offering_id": "00000000-0000-4000-8000-00000000ffff"}, NotFound),
        ({"physical_network_id": "00000000-0000-4000-8000-00000000ffff"}, InvalidInput),
    ],
)
async def test_gateways_that_cannot_be(
    stage: VpcStage, asked: dict[str, object], error: type[NetloomError]
) -> None:
    vpc = await stage.vpc()
    with pytest.raises(error):
        await stage.gateway(vpc, **asked)
    assert await stage.stage.all(PrivateGateway) == []


async def test_an_address_of_a_vlan_is_one_routers(stage: VpcStage) -> None:
    first, second = await stage.vpc("v1"), await stage.vpc("v2", cidr="10.51.0.0/16")
    await stage.gateway(first)
    with pytest.raises(Conflict, match=r"has 192\.168\.99\.2"):
        await stage.gateway(second)
    assert (await stage.gateway(second, vlan="vlan://502")).vlan == "502"
    assert (await stage.gateway(second, address="192.168.99.3")).state is GatewayState.READY


async def test_only_operators_name_vlans(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    request = CreatePrivateGateway(
        vpc_id=Uuid(vpc.id), address="10.1.1.2", gateway="10.1.1.1", netmask="255.255.255.0", vlan="501"
    )
    with pytest.raises(Forbidden, match="only operators name the VLAN"):
        await stage.stage.do(private_gateways.CREATE, request)
    made = await stage.gateway(vpc)
    with pytest.raises(Forbidden, match="in a VLAN of the data centre"):
        await stage.stage.do(private_gateways.DELETE, DeletePrivateGateway(id=Uuid(made.id)))


async def test_tenants_join_their_networks_at_an_address_that_nobody_has(stage: VpcStage) -> None:
    vpc, network = await stage.vpc(), stage.stage.network
    asked = CreatePrivateGateway(
        vpc_id=Uuid(vpc.id),
        network_id=Uuid(network.id),
        address=stage.stage.nics[stage.stage.web.id].ipv4 or "",
        gateway="10.1.1.1",
        netmask="255.255.255.0",
    )
    with pytest.raises(Conflict, match="is taken in network"):
        await stage.stage.do(private_gateways.CREATE, asked)
    free = await stage.stage.read(
        lambda view: next(
            address
            for address in map(str, ipaddress.ip_network("10.1.1.0/24").hosts())
            if may_be_given(view, network, address)
        )
    )
    leg = await stage.stage.do(private_gateways.CREATE, msgspec.structs.replace(asked, address=free))
    assert leg.state is GatewayState.READY
    assert not await stage.stage.read(lambda view: may_be_given(view, network, free))
    got = await stage.stage.write(lambda work: address_for(work, network, native(work, network), 4, None))
    assert got not in (None, free)
    await stage.stage.do(private_gateways.DELETE, DeletePrivateGateway(id=Uuid(leg.id)))
    assert await stage.stage.read(lambda view: may_be_given(view, network, free))


async def test_a_gateway_joins_one_of_the_owners_networks(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    asked = {"vlan": None, "network_id": stage.stage.network.id, "address": "10.1.1.9", "gateway": "10.1.1.1"}
    gateway = await stage.gateway(vpc, **asked)
    assert (gateway.vlan, gateway.network_id) == (None, stage.stage.network.id)
    with pytest.raises(InvalidInput, match="is not"):
        await stage.gateway(vpc, **{**asked, "address": "10.1.2.9", "gateway": "10.1.2.1"})
    tier = await stage.tier(vpc)
    with pytest.raises(InvalidInput, match="none that VPC"):
        await stage.gateway(vpc, **{**asked, "network_id": tier.id})


async def test_a_route_leads_to_a_gateway_that_is_ready(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    gateway = await stage.gateway(vpc)
    route = await _route(stage, gateway, "10.77.0.0/24")
    assert (route.state, route.vpc_id) == (RuleState.ACTIVE, vpc.id)
    assert [each.id for each in stage.told_part(vpc.id, VpcPart.STATIC_ROUTES)] == [route.id]
    with pytest.raises(Conflict, match="static routes lead to") as caught:
        await stage.stage.do(
            private_gateways.DELETE, DeletePrivateGateway(id=Uuid(gateway.id)), stage.stage.who.root
        )
    assert caught.value.stable_code == "gateway-has-routes"
    await stage.stage.do(static_routes.DELETE, DeleteStaticRoute(id=Uuid(route.id)))
    assert stage.told_part(vpc.id, VpcPart.STATIC_ROUTES) == ()
    assert await stage.stage.all(StaticRoute) == []


async def test_or_to_a_hop_that_the_router_reaches(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    await stage.gateway(vpc)
    asked = CreateStaticRoute(vpc_id=Uuid(vpc.id), cidr="10.77.0.0/24", next_hop="192.168.99.7")
    assert (await stage.stage.do(static_routes.CREATE, asked)).next_hop == "192.168.99.7"
    with pytest.raises(InvalidInput, match="in no network"):
        await stage.stage.do(
            static_routes.CREATE,
            CreateStaticRoute(vpc_id=Uuid(vpc.id), cidr="10.78.0.0/24", next_hop="203.0.113.1"),
        )
    with pytest.raises(InvalidInput, match="gateway or to a next hop"):
        await stage.stage.do(
            static_routes.CREATE, CreateStaticRoute(vpc_id=Uuid(vpc.id), cidr="10.78.0.0/24")
        )


async def test_routes_that_are_in_the_way(stage: VpcStage) -> None:
    gateway = await stage.gateway(await stage.vpc())
    await _route(stage, gateway, "10.77.0.0/24")
    setting = UpdateConfiguration(name="denied.routes", value="172.31.0.0/16, nonsense")
    await stage.stage.do(configuration_change.UPDATE, setting, stage.stage.who.root)
    for cidr, code in (
        ("10.77.0.0/16", "route-conflict"),
        ("10.50.9.0/24", "route-inside-vpc"),
        ("169.254.1.0/24", "route-link-local"),
        ("172.31.5.0/24", "route-denied"),
        ("0.0.0.0/0", "route-inside-vpc"),
    ):
        with pytest.raises((Conflict, InvalidInput)) as caught:
            await _route(stage, gateway, cidr)
        assert caught.value.stable_code == code


async def test_of_two_that_race_one_is_taken(stage: VpcStage) -> None:
    gateway = await stage.gateway(await stage.vpc())
    tries = [_route(stage, gateway, cidr) for cidr in ("10.77.0.0/24", "10.77.0.0/25", "10.77.0.128/25")]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    taken = [each.cidr for each in await stage.stage.all(StaticRoute)]
    assert taken in (["10.77.0.0/24"], ["10.77.0.0/25", "10.77.0.128/25"])
    assert len([each for each in ended if isinstance(each, Conflict)]) == 3 - len(taken)


async def test_what_the_router_refuses_is_taken_back(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    stage.stage.notebook.refusals[VpcPart.PRIVATE_GATEWAYS] = Outcome(done=False, reason="no such VLAN")
    with pytest.raises(PeerError, match="no such VLAN"):
        await stage.gateway(vpc)
    assert await stage.stage.all(PrivateGateway) == []
    del stage.stage.notebook.refusals[VpcPart.PRIVATE_GATEWAYS]
    gateway = await stage.gateway(vpc, acl_id=DEFAULT_ALLOW)
    stage.stage.notebook.refusals[VpcPart.STATIC_ROUTES] = Outcome(done=False, reason="full")
    with pytest.raises(PeerError, match="full"):
        await _route(stage, gateway, "10.77.0.0/24")
    assert await stage.stage.all(StaticRoute) == []


async def test_others_do_not_see_them(stage: VpcStage) -> None:
    gateway = await stage.gateway(await stage.vpc())
    route = await _route(stage, gateway, "10.77.0.0/24")
    mallory = stage.stage.who.mallory
    with pytest.raises(NotFound):
        await stage.stage.cloud.do(
            mallory, static_routes.CREATE, CreateStaticRoute(gateway_id=Uuid(gateway.id), cidr="10.9.0.0/24")
        )
    with pytest.raises(NotFound):
        await stage.stage.cloud.do(mallory, static_routes.DELETE, DeleteStaticRoute(id=Uuid(route.id)))


async def _route(stage: VpcStage, gateway: PrivateGateway, cidr: str) -> StaticRoute:
    request = CreateStaticRoute(gateway_id=Uuid(gateway.id), cidr=cidr)
    return await stage.stage.do(static_routes.CREATE, request)
