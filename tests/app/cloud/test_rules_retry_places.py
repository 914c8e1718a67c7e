"""What is told again of VPCs, access lists and users of VPNs, after their provider refused it."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.app.cloud.rules_stage import Stage, staged
from tests.app.cloud.test_rules_retry import ASLEEP, look, wait
from tests.app.cloud.vpcs import VpcStage, vpc_staged

from netloom.app.cloud import (
    acl_apply,
    acl_items,
    addresses,
    private_gateways,
    static_routes,
    vpc_end,
    vpc_life,
    vpn_connections,
    vpn_customers,
    vpn_gateways,
    vpn_remote,
    vpn_users,
)
from netloom.app.cloud.rules_retry_kinds import OF_NETWORK, OF_VPC
from netloom.app.cloud.usecase import UseCase
from netloom.base.errors import PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import DEFAULT_ALLOW, AclItem
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import JobState
from netloom.model.cloud.routes import GatewayState, PrivateGateway, StaticRoute
from netloom.model.cloud.rules import FirewallRule, Rule, RuleState
from netloom.model.cloud.untold import WHOLE, Untold
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import (
    ConnectionState,
    RemoteAccessVpn,
    RemoteVpnState,
    VpnConnection,
    VpnGateway,
    VpnUser,
)
from netloom.plan.elements import RuleStage
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.schema import STORED


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


@pytest.fixture
async def flat(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def refused(
    stage: Stage,
    what: object,
    use_case: UseCase[Any, Any],
    request: msgspec.Struct,
    caller: Caller | None = None,
) -> dict[str, set[str]]:
    """Ask for something that the provider refuses, and have it be awake again; what is untold, by place."""
    stage.notebook.refusals[what] = ASLEEP
    with pytest.raises(PeerError):
        await stage.do(use_case, request, caller or stage.who.root)
    del stage.notebook.refusals[what]
    found: dict[str, set[str]] = {}
    for each in await stage.all(Untold):
        found.setdefault(each.place, set()).add(each.part)
    return found


async def told_again(stage: Stage) -> None:
    """Have the provider be told once more, which goes well."""
    await wait(stage.cloud)
    jobs = await look(stage)
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}, [job.error_text for job in jobs]
    assert await stage.all(Untold) == []


async def test_a_route_and_its_gateway_go(stage: VpcStage) -> None:
    rules, vpc = stage.stage, await stage.vpc()
    gateway = await stage.gateway(vpc)
    wish = static_routes.CreateStaticRoute(cidr="172.30.0.0/16", gateway_id=Uuid(gateway.id))
    route = await rules.do(static_routes.CREATE, wish, rules.who.root)
    request = static_routes.DeleteStaticRoute(id=Uuid(route.id))
    untold = await refused(rules, VpcPart.STATIC_ROUTES, static_routes.DELETE, request)
    assert untold == {f"vpc/{vpc.id}": {VpcPart.STATIC_ROUTES.value}}
    assert [each.state for each in await rules.all(StaticRoute)] == [RuleState.REVOKE]
    await told_again(rules)
    assert await rules.all(StaticRoute) == []
    leave = private_gateways.DeletePrivateGateway(id=Uuid(gateway.id))
    untold = await refused(rules, VpcPart.PRIVATE_GATEWAYS, private_gateways.DELETE, leave)
    assert untold == {f"vpc/{vpc.id}": {VpcPart.PRIVATE_GATEWAYS.value}}
    assert [each.state for each in await rules.all(PrivateGateway)] == [GatewayState.DELETING]
    await told_again(rules)
    assert await rules.all(PrivateGateway) == []
    assert stage.told_part(vpc.id, VpcPart.PRIVATE_GATEWAYS) == ()


async def test_an_item_is_told_to_all_who_use_its_list(stage: VpcStage) -> None:
    rules, vpc = stage.stage, await stage.vpc()
    acl = await stage.acl(vpc)
    tiers = [await stage.tier(vpc, name, Uuid(acl.id)) for name in ("t1", "t2")]
    changes, goes = await stage.item(acl, number=1), await stage.item(acl, number=2)
    update = acl_items.UpdateAclItem(id=Uuid(changes.id), start_port=443, end_port=443)
    untold = await refused(rules, RuleStage.NETWORK_ACL, acl_items.UPDATE, update)
    assert untold == {f"acl/{acl.id}": {WHOLE}}, "the list, whoever of its users refused it"
    delete = acl_items.DeleteAclItem(id=Uuid(goes.id))
    assert await refused(rules, RuleStage.NETWORK_ACL, acl_items.DELETE, delete) == untold
    await told_again(rules)
    [item] = [each for each in await rules.all(AclItem) if each.acl_id == acl.id]
    assert (item.id, item.state, item.match.start_port) == (changes.id, RuleState.ACTIVE, 443)
    assert [stage.told_items(tier.id) for tier in tiers] == [[1], [1]]


async def test_a_list_that_was_put_in_the_place_of_another(stage: VpcStage) -> None:
    rules, vpc = stage.stage, await stage.vpc()
    tier = await stage.tier(vpc)
    request = acl_apply.ReplaceAclList(acl_id=DEFAULT_ALLOW, network_id=Uuid(tier.id))
    untold = await refused(rules, RuleStage.NETWORK_ACL, acl_apply.REPLACE, request)
    assert untold == {f"network/{tier.id}": {RuleStage.NETWORK_ACL.value}}
    await told_again(rules)
    assert stage.told_items(tier.id) == [1, 2]


async def test_connections_begin_once_the_router_takes_them(stage: VpcStage) -> None:
    rules, vpc = stage.stage, await stage.vpc()
    near = await rules.do(vpn_gateways.CREATE_GATEWAY, vpn_gateways.CreateVpnGateway(vpc_id=Uuid(vpc.id)))
    far = {
        "name": "paris",
        "gateway": "198.51.100.7",
        "cidrs": ["172.30.0.0/16"],
        "key": "s3cret-of-the-customer",
        "ike_policy": "aes128-sha1;modp1536",
        "esp_policy": "aes128-sha1",
    }
    end = await rules.do(
        vpn_customers.CREATE_CUSTOMER, msgspec.convert(far, vpn_customers.CreateCustomerGateway)
    )
    request = vpn_connections.CreateVpnConnection(gateway_id=Uuid(near.id), customer_gateway_id=Uuid(end.id))
    untold = await refused(rules, VpcPart.SITE_TO_SITE_VPN, vpn_connections.CREATE, request)
    assert untold == {f"vpc/{vpc.id}": {VpcPart.SITE_TO_SITE_VPN.value}}
    [made] = await rules.all(VpnConnection)
    assert made.state is ConnectionState.ERROR
    await told_again(rules)
    [made] = await rules.all(VpnConnection)
    assert made.state is ConnectionState.CONNECTING
    leave = vpn_connections.NameVpnConnection(id=Uuid(made.id))
    await refused(rules, VpcPart.SITE_TO_SITE_VPN, vpn_connections.DELETE, leave)
    await told_again(rules)
    assert await rules.all(VpnConnection) == []


async def test_a_router_that_could_not_be_had_is_had_later(stage: VpcStage) -> None:
    rules, vpc = stage.stage, await stage.vpc()
    untold = await refused(rules, "implement_vpc", vpc_life.RESTART, vpc_life.RestartVpc(id=Uuid(vpc.id)))
    assert untold == {f"vpc/{vpc.id}": {"router"}}
    rules.notebook.calls.clear()
    await told_again(rules)
    assert ("implement_vpc", vpc.id, "") in rules.notebook.calls
    assert [each.id for each in await rules.all(Vpc)] == [vpc.id]


async def test_remote_access_and_its_users(flat: Stage) -> None:
    ip = await flat.extra()
    made = await flat.do(vpn_remote.CREATE, vpn_remote.CreateRemoteAccessVpn(public_ip_id=ip.id))
    await flat.do(vpn_users.ADD, vpn_users.AddVpnUser(username="ann", password="pw-of-ann"))
    remove = vpn_users.RemoveVpnUser(username="ann")
    untold = await refused(flat, RuleStage.REMOTE_ACCESS_VPN, vpn_users.REMOVE, remove, flat.who.alice)
    assert untold == {f"vpn-users/{made.account_id}": {WHOLE}}
    assert [each.state for each in await flat.all(VpnUser)] == [RuleState.REVOKE]
    await told_again(flat)
    assert await flat.all(VpnUser) == []
    delete = vpn_remote.DeleteRemoteAccessVpn(public_ip_id=ip.id)
    untold = await refused(flat, RuleStage.REMOTE_ACCESS_VPN, vpn_remote.DELETE, delete)
    assert untold == {f"network/{flat.network.id}": {"firewall", "remote-access-vpn"}}
    assert [each.state for each in await flat.all(RemoteAccessVpn)] == [RemoteVpnState.REMOVED]
    await told_again(flat)
    assert await flat.all(RemoteAccessVpn) == []
    assert [each for each in await flat.all(FirewallRule) if each.related_id == made.id] == []


@pytest.mark.parametrize("sleeper", [RuleStage.ADDRESSES, VpcPart.ADDRESSES])
async def test_an_address_of_a_tier_goes_when_both_have_let_go_of_it(
    stage: VpcStage, sleeper: RuleStage | VpcPart
) -> None:
    rules, vpc = stage.stage, await stage.vpc()
    tier = await stage.tier(vpc)
    ip = await rules.address(network_id=tier.id)
    request = addresses.NamedIp(id=ip.id)
    untold = await refused(rules, sleeper, addresses.DISASSOCIATE_IP, request)
    assert set(untold) == {f"vpc/{vpc.id}", f"network/{tier.id}"}
    [there] = [each for each in await rules.all(PublicIp) if each.id == ip.id]
    assert there.state is IpState.RELEASING
    await told_again(rules)
    assert [each for each in await rules.all(PublicIp) if each.id == ip.id] == []


def test_every_kind_of_rule_and_of_part_has_its_line_in_the_table() -> None:
    rules = {record for record in STORED if issubclass(record, Rule)}
    assert rules <= {kind.record for kind in OF_NETWORK}
    parts = set(vpc_end.ORDER) - {VpnGateway}  # there for its router with its connections only
    assert parts <= {kind.record for kind in OF_VPC}
