"""Two at once: of equal groups, rules, VPN gateways and users exactly one is made, on both databases."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from tests.app.cloud.rules_stage import Stage
from tests.app.cloud.vpcs import VpcStage, vpc_staged
from tests.testing import templates
from tests.testing.racers import at_once

from netloom.app.cloud import vpn_gateways, vpn_users
from netloom.app.cloud.security_groups import CREATE, DELETE, CreateSecurityGroup, GroupRef
from netloom.app.cloud.security_groups_members import set_groups
from netloom.app.cloud.security_groups_rules import AUTHORIZE_INGRESS, Authorize
from netloom.base.ids import Uuid
from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupMember, SecurityGroupRule
from netloom.model.cloud.vpn import VpnGateway, VpnUser
from netloom.store.cloud.filters import read_groups, read_nic_groups
from netloom.store.cloud.records import columns


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def vpcs(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(templates.migrated_postgres)
    async with vpc_staged(url) as stage:
        yield stage


@pytest.fixture
def stage(vpcs: VpcStage) -> Stage:
    return vpcs.stage


async def race(*all_of_them: Awaitable[object]) -> list[str]:
    """Do them at once; the codes of those that were refused."""
    return [each for each in await at_once(*all_of_them) if isinstance(each, str)]


async def test_of_equal_ones_exactly_one_is_made(vpcs: VpcStage, stage: Stage) -> None:
    named = CreateSecurityGroup(name="web")
    assert await race(*(stage.do(CREATE, named) for _ in range(4))) == ["security-group-taken"] * 3
    (web,) = [group for group in await stage.all(SecurityGroup) if group.name == "web"]
    rule = Authorize(
        group=GroupRef(id=web.id), protocol="tcp", start_port=1, end_port=9, cidrs=("0.0.0.0/0",)
    )
    assert (
        await race(*(stage.do(AUTHORIZE_INGRESS, rule) for _ in range(4)))
        == ["security-group-rule-taken"] * 3
    )
    assert len(await stage.all(SecurityGroupRule)) == 1
    vpc = await vpcs.vpc()
    gateway = vpn_gateways.CreateVpnGateway(vpc_id=Uuid(vpc.id))
    refused = await race(*(stage.do(vpn_gateways.CREATE_GATEWAY, gateway) for _ in range(3)))
    assert refused == ["vpn-gateway-taken"] * 2
    assert len(await stage.all(VpnGateway)) == 1
    ann = vpn_users.AddVpnUser(username="ann", password="pw-of-ann")
    assert await race(*(stage.do(vpn_users.ADD, ann) for _ in range(3))) == ["vpn-user-taken"] * 2
    assert len(await stage.all(VpnUser)) == 1


async def test_a_group_is_deleted_or_joined_and_never_both(stage: Stage) -> None:
    web = await stage.do(CREATE, CreateSecurityGroup(name="web"))

    async def join() -> None:
        await stage.write(lambda work: set_groups(work, stage.web, [web]))

    await race(stage.do(DELETE, GroupRef(id=web.id)), join())
    groups = {group.id for group in await stage.all(SecurityGroup)}
    members = {member.group_id for member in await stage.all(SecurityGroupMember)}
    assert members <= groups
    assert (web.id in groups) == (web.id in members)


async def test_what_planners_read_is_the_same_on_both_databases(stage: Stage) -> None:
    web = await stage.do(CREATE, CreateSecurityGroup(name="web"))
    rule = Authorize(group=GroupRef(id=web.id), cidrs=("192.0.2.0/24", "::/0"))
    await stage.do(AUTHORIZE_INGRESS, rule)
    c = columns(SecurityGroup)

    def read(view: Any) -> tuple[object, ...]:
        connection = view.records.connection
        (found,) = read_groups(connection, [web.id])
        everything = read_groups(connection)
        nics = [nic.id for nic in stage.nics.values()]
        names = {group.name for group in view.records.select(SecurityGroup, c.id == web.id)}
        return (
            [each.match.cidrs for each in found.rules],
            web.id in {each.group.id for each in everything},
            read_nic_groups(connection, nics),
            read_nic_groups(connection),
            names,
        )

    assert await stage.read(read) == ([("192.0.2.0/24",), ("::/0",)], True, {}, {}, {"web"})
