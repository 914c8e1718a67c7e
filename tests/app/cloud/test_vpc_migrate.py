"""Another offering for a VPC and its tiers: checked as one, and told to who routes then."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.vpcs import TIER, VPC_OFFERING, VpcStage, vpc_staged

from netloom.app.cloud.vpc_migrate import MIGRATE, MigrateVpc
from netloom.app.cloud.vpn_gateways import CREATE_GATEWAY, CreateVpnGateway
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering, OfferedService, VpcOffering
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import columns

NO_LB = "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB"


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_a_vpc_and_its_tiers_get_other_offerings_together(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    tiers = [await stage.made_tier(vpc, f"t{n}", f"10.50.{n}.0/24") for n in (1, 2)]
    whole, tier = await _vpc_offering(stage, "two"), await _tier_offering(stage, TIER, "another with Lb")
    named = {Uuid(each.id): tier.id for each in tiers}
    migrated = await _migrate(stage, MigrateVpc(id=Uuid(vpc.id), offering_id=whole.id, tier_offerings=named))
    assert migrated.offering_id == whole.id
    now = await stage.stage.read(
        lambda view: view.records.select(GuestNetwork, columns(GuestNetwork).vpc_id == vpc.id)
    )
    assert [each.offering_id for each in now] == [tier.id, tier.id]
    assert stage.stage.notebook.calls.count(("implement_vpc", vpc.id, "")) == 2


async def test_what_a_tier_has_stays_in_its_vpc(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    tier = await stage.made_tier(vpc, "t1", "10.50.1.0/24")
    less = await _vpc_offering(stage, "without Lb", Service.LB)
    bare = MigrateVpc(id=Uuid(vpc.id), offering_id=less.id)
    with pytest.raises(InvalidInput, match="the VPC has no Lb"):
        await _migrate(stage, bare)
    untouched = await stage.stage.read(lambda view: view.get(Vpc, vpc.id))
    assert untouched.offering_id == vpc.offering_id, "all of it or nothing"
    fitting = await _tier_offering(stage, NO_LB, "slim")
    named = msgspec.structs.replace(bare, tier_offerings={Uuid(tier.id): fitting.id})
    assert (await _migrate(stage, named)).offering_id == less.id


async def test_what_stands_keeps_its_service(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    await stage.stage.do(CREATE_GATEWAY, CreateVpnGateway(vpc_id=Uuid(vpc.id)))
    await stage.gateway(vpc)
    less = await _vpc_offering(stage, "no router", Service.SOURCE_NAT, Service.GATEWAY)
    with pytest.raises(Conflict, match="private-gateways") as caught:
        await _migrate(stage, MigrateVpc(id=Uuid(vpc.id), offering_id=less.id))
    assert caught.value.stable_code == "services-in-use"


async def test_who_is_no_router_any_more_lets_go(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    none = await _vpc_offering(stage, "only names", *(set(Service) - {Service.DHCP}))
    empty = await stage.vpc("v2", cidr="10.51.0.0/16", offering_id=none.id)
    other = await _vpc_offering(stage, "nothing by the router")
    services = tuple(
        OfferedService(service=each.service, providers=("InternalLbVm",))
        for each in other.services
        if each.service is Service.LB
    )
    await stage.stage.write(lambda work: work.update(msgspec.structs.replace(other, services=services)))
    await _migrate(stage, MigrateVpc(id=Uuid(empty.id), offering_id=other.id))
    assert ("shutdown_vpc", empty.id, "") in stage.stage.notebook.calls
    assert ("shutdown_vpc", vpc.id, "") not in stage.stage.notebook.calls


async def test_only_operators_and_only_tiers(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    request = MigrateVpc(id=Uuid(vpc.id), offering_id=stage.offering_id)
    with pytest.raises(Forbidden):
        await stage.stage.cloud.do(stage.stage.who.alice, MIGRATE, request)
    flat = msgspec.structs.replace(
        request, tier_offerings={Uuid(stage.stage.network.id): stage.stage.network.offering_id}
    )
    with pytest.raises(InvalidInput, match="is no tier"):
        await _migrate(stage, flat)


async def _migrate(stage: VpcStage, request: MigrateVpc) -> Vpc:
    return await stage.stage.do(MIGRATE, request, stage.stage.who.root)


async def _vpc_offering(stage: VpcStage, name: str, *without: Service) -> VpcOffering:
    """A copy of the first VPC offering, without some services."""
    c = columns(VpcOffering)
    found = await stage.stage.read(lambda view: view.records.first(VpcOffering, c.name == VPC_OFFERING))
    assert found is not None
    services = tuple(item for item in found.services if item.service not in without)
    return await stage.stage.write(
        lambda work: work.insert(
            msgspec.structs.replace(found, **work.birth(), name=name, services=services, is_default=False)
        )
    )


async def _tier_offering(stage: VpcStage, name: str, copy: str) -> NetworkOffering:
    c = columns(NetworkOffering)
    found = await stage.stage.read(lambda view: view.records.first(NetworkOffering, c.name == name))
    assert found is not None
    return await stage.stage.write(
        lambda work: work.insert(msgspec.structs.replace(found, **work.birth(), name=copy, is_default=False))
    )
