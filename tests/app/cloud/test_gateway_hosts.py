"""Where gateways shall be: what operators may wish, and what the provider of the router is told."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import cast

import pytest
from tests.app.cloud.rules_stage import Stage, put_network, staged

from netloom.app.cloud.gateway_hosts import (
    CREATE_GATEWAY_HOST,
    DELETE_GATEWAY_HOST,
    CreateGatewayHost,
    DeleteGatewayHost,
)
from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.app.intent import create_many
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.gateway_hosts import GatewayHost
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.kinds import Kind
from netloom.model.objects import Zone
from netloom.model.specs import HostSpec
from netloom.store.catalog import find


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def hosts(stage: Stage, *names: str) -> list[Uuid]:
    def make(work: Work) -> list[Uuid]:
        specs = [
            HostSpec(name=name, ovsdb=f"tcp:192.0.2.{i}:6640", tunnel_ip=f"192.0.2.{i}")
            for i, name in enumerate(names, 1)
        ]
        return [made.id for made in create_many(work.tx, Kind.HOST, specs)]

    return await stage.cloud.write_as(system_caller(), "test", make)


async def wish(stage: Stage, host: Uuid, priority: int) -> GatewayHost:
    return await stage.do(
        CREATE_GATEWAY_HOST,
        CreateGatewayHost(host_id=host, network_id=stage.network.id, priority=priority),
        system_caller(),
    )


async def test_the_provider_is_told_the_preferred_host_first(stage: Stage) -> None:
    one, two = await hosts(stage, "one", "two")
    stage.notebook.calls.clear()
    await wish(stage, one, 1)
    second = await wish(stage, two, 2)
    facts = await stage.read(lambda view: facts_of(view, stage.network))
    assert facts.gateway_hosts == (two, one)
    assert [call for call, _, _ in stage.notebook.calls].count("implement") >= 2
    await stage.do(DELETE_GATEWAY_HOST, DeleteGatewayHost(id=second.id), system_caller())
    facts = await stage.read(lambda view: facts_of(view, stage.network))
    assert facts.gateway_hosts == (one,)


async def test_a_host_and_a_priority_are_had_once(stage: Stage) -> None:
    one, two = await hosts(stage, "one", "two")
    await wish(stage, one, 1)
    with pytest.raises(Conflict, match="this host already"):
        await wish(stage, one, 2)
    with pytest.raises(Conflict, match="of priority 1 already"):
        await wish(stage, two, 1)
    assert len(await stage.all(GatewayHost)) == 1


async def test_it_is_a_networks_or_a_vpcs(stage: Stage) -> None:
    (one,) = await hosts(stage, "one")
    for asked in (
        CreateGatewayHost(host_id=one),
        CreateGatewayHost(host_id=one, network_id=stage.network.id, vpc_id=stage.network.id),
        CreateGatewayHost(host_id=one, network_id=stage.network.id, priority=-1),
    ):
        with pytest.raises(InvalidInput):
            await stage.do(CREATE_GATEWAY_HOST, asked, system_caller())


async def test_a_network_without_a_gateway_has_no_place_for_one(stage: Stage) -> None:
    (one,) = await hosts(stage, "one")

    def flat(work: Work) -> GuestNetwork:
        zone = cast("Zone", find(work.records.connection, Kind.ZONE, stage.network.zone_id, "zoneid"))
        owner = stage.network.account_id
        return put_network(work, zone, owner, "DefaultL2NetworkOffering", name="flat")

    network = await stage.write(flat)
    with pytest.raises(Conflict, match="no gateway") as refused:
        await stage.do(
            CREATE_GATEWAY_HOST, CreateGatewayHost(host_id=one, network_id=network.id), system_caller()
        )
    assert refused.value.stable_code == "no-gateway"
    assert await stage.all(GatewayHost) == []


async def test_tenants_neither_wish_nor_learn(stage: Stage) -> None:
    (one,) = await hosts(stage, "one")
    with pytest.raises(Forbidden):
        await stage.do(CREATE_GATEWAY_HOST, CreateGatewayHost(host_id=one, network_id=stage.network.id))
