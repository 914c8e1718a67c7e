"""Of two that want the same place in a VPC at the same time, exactly one has it; on both databases."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.vpcs import VpcStage, vpc_staged
from tests.testing import templates
from tests.testing.racers import at_once, winners

from netloom.app.cloud import static_routes, vpc_life
from netloom.app.cloud.static_routes import CreateStaticRoute
from netloom.app.cloud.vpc_life import DeleteVpc
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclItem
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.routes import StaticRoute
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import columns


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def stage(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(templates.migrated_postgres)
    async with vpc_staged(url) as stage:
        yield stage


async def test_one_of_the_items_that_want_a_number(stage: VpcStage) -> None:
    acl = await stage.acl(await stage.vpc())
    results = await at_once(*(stage.item(acl, number=10, start_port=port) for port in range(1, 7)))
    assert len(winners(results)) == 1
    assert results.count("acl-number-taken") == 5


async def test_items_without_a_number_get_one_each(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    acl = await stage.acl(vpc)
    tier = await stage.tier(vpc, acl_id=Uuid(acl.id))
    results = await at_once(*(stage.item(acl, start_port=port) for port in range(1, 7)))
    assert winners(results) == results
    c = columns(AclItem)
    items = await stage.stage.read(lambda view: view.records.select(AclItem, c.acl_id == acl.id))
    assert sorted(item.order for item in items) == [1, 2, 3, 4, 5, 6]
    assert stage.told_items(tier.id) == [1, 2, 3, 4, 5, 6], "who was told last was told all"


async def test_one_of_the_tiers_that_overlap(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    networks = ("10.50.1.0/24", "10.50.1.128/25", "10.50.0.0/22")
    results = await at_once(*(stage.made_tier(vpc, f"t{n}", cidr) for n, cidr in enumerate(networks)))
    assert len(winners(results)) == 1
    assert results.count("tier-overlaps") == 2
    c = columns(GuestNetwork)
    assert (
        len(await stage.stage.read(lambda view: view.records.select(GuestNetwork, c.vpc_id == vpc.id))) == 1
    )


async def test_one_of_the_routes_that_overlap(stage: VpcStage) -> None:
    gateway = await stage.gateway(await stage.vpc())
    wishes = [CreateStaticRoute(gateway_id=Uuid(gateway.id), cidr=cidr) for cidr in ("10.77.0.0/24",) * 5]
    results = await at_once(*(stage.stage.do(static_routes.CREATE, wish) for wish in wishes))
    assert len(winners(results)) == 1
    assert results.count("route-conflict") == 4
    assert len(await stage.stage.all(StaticRoute)) == 1


async def test_a_tier_or_the_end_of_its_vpc(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    results = await at_once(
        stage.made_tier(vpc, "t1", "10.50.1.0/24"),
        stage.stage.do(vpc_life.DELETE, DeleteVpc(id=Uuid(vpc.id))),
    )
    assert len(winners(results)) == 1
    left = await stage.stage.all(Vpc)
    assert bool(left) == isinstance(results[0], GuestNetwork), "a VPC is there exactly as long as its tier"
