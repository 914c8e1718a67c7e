"""Which networks fit into a VPC as tiers."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.vpcs import TIER, VPC_OFFERING, VpcStage, vpc_staged

from netloom.app.cloud import configuration_change, networks_create
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.networks_create import CreateNetwork
from netloom.base.errors import Conflict, InvalidInput, NetloomError, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import DEFAULT_ALLOW
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.networks_subnet import Wished
from netloom.model.cloud.offerings import NetworkOffering, VpcOffering
from netloom.model.cloud.services import Service
from netloom.store.cloud.records import columns

NO_LB = "DefaultIsolatedNetworkOfferingForVpcNetworksNoLB"
FLAT = "DefaultIsolatedNetworkOfferingWithSourceNatService"


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_a_tier_takes_its_owner_suffix_and_list_from_its_vpc(stage: VpcStage) -> None:
    vpc = await stage.vpc(network_domain="shop.test")
    acl = await stage.acl(vpc)
    root = stage.stage.who.root
    tier = await stage.made_tier(vpc, "t1", "10.50.1.0/24", acl_id=acl.id)
    assert (tier.vpc_id, tier.acl_id, tier.network_domain) == (vpc.id, acl.id, "shop.test")
    other = CreateNetwork(
        name="t2",
        offering_id=tier.offering_id,
        vpc_id=Uuid(vpc.id),
        addresses=Wished(gateway="10.50.2.1", netmask="255.255.255.0"),
    )
    assert (await stage.stage.do(networks_create.CREATE, other, root)).account_id == vpc.account_id


@pytest.mark.parametrize(
    ("cidr", "more", "code"),
    [
        ("10.50.1.128/25", {}, "tier-overlaps"),
        ("10.50.0.0/22", {}, "tier-overlaps"),
        ("10.60.1.0/24", {}, "tier-outside-vpc"),
        ("10.50.2.0/24", {"offering": FLAT}, "tier-offering"),
        ("10.50.2.0/24", {"network_domain": "other.test"}, "invalid-input"),
        ("10.50.2.0/24", {"acl_id": "00000000-0000-4000-8000-00000000ffff"}, "acl-list-not-found"),
    ],
)
async def test_tiers_that_do_not_fit(stage: VpcStage, cidr: str, more: dict[str, str], code: str) -> None:
    vpc = await stage.vpc()
    await stage.made_tier(vpc, "t1", "10.50.1.0/24")
    with pytest.raises(NetloomError) as caught:
        await stage.made_tier(vpc, "t2", cidr, **more)
    assert caught.value.stable_code == code
    assert len(await _tiers(stage)) == 1


async def test_a_tier_has_addresses(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    offering = await _offering(stage, TIER)
    bare = CreateNetwork(name="t", offering_id=offering.id, vpc_id=Uuid(vpc.id))
    with pytest.raises(InvalidInput, match="give gateway and netmask"):
        await stage.stage.do(networks_create.CREATE, bare)


async def test_others_do_not_put_tiers_into_it(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    offering = await _offering(stage, TIER)
    asked = CreateNetwork(
        name="t",
        offering_id=offering.id,
        vpc_id=Uuid(vpc.id),
        addresses=Wished(gateway="10.50.1.1", netmask="255.255.255.0"),
    )
    with pytest.raises(NotFound):
        await stage.stage.cloud.do(stage.stage.who.mallory, networks_create.CREATE, asked)


async def test_there_are_so_many(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    setting = UpdateConfiguration(name="vpc.max.networks", value="2")
    await stage.stage.do(configuration_change.UPDATE, setting, stage.stage.who.root)
    for n in (1, 2):
        await stage.made_tier(vpc, f"t{n}", f"10.50.{n}.0/24")
    with pytest.raises(NetloomError, match="2 tiers of at most 2") as caught:
        await stage.made_tier(vpc, "t3", "10.50.3.0/24")
    assert caught.value.stable_code == "tier-limit"


async def test_public_balancers_are_one_offerings(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    offering = await _offering(stage, TIER)
    copy = msgspec.structs.replace(offering, name="another with Lb")
    another = await stage.stage.write(lambda work: work.insert(msgspec.structs.replace(copy, **work.birth())))
    await stage.made_tier(vpc, "t1", "10.50.1.0/24")
    await stage.made_tier(vpc, "t2", "10.50.2.0/24")
    with pytest.raises(Conflict, match="public balancer") as caught:
        await stage.made_tier(vpc, "t3", "10.50.3.0/24", another.name)
    assert caught.value.stable_code == "tier-public-lb"
    assert (await stage.made_tier(vpc, "t4", "10.50.4.0/24", NO_LB)).name == "t4"


async def test_a_tier_has_no_more_than_its_vpc(stage: VpcStage) -> None:
    c = columns(VpcOffering)
    whole = await stage.stage.read(lambda view: view.records.first(VpcOffering, c.name == VPC_OFFERING))
    assert whole is not None
    less = tuple(item for item in whole.services if item.service is not Service.STATIC_NAT)
    await stage.stage.write(lambda work: work.update(msgspec.structs.replace(whole, services=less)))
    vpc = await stage.vpc()
    with pytest.raises(InvalidInput, match="the VPC has no StaticNat"):
        await stage.made_tier(vpc, "t1", "10.50.1.0/24")


async def test_a_list_needs_somebody_who_applies_it(stage: VpcStage) -> None:
    offering = await _offering(stage, TIER)
    less = tuple(item for item in offering.services if item.service is not Service.NETWORK_ACL)
    await stage.stage.write(lambda work: work.update(msgspec.structs.replace(offering, services=less)))
    vpc = await stage.vpc()
    with pytest.raises(InvalidInput, match="has no NetworkACL"):
        await stage.made_tier(vpc, "t1", "10.50.1.0/24", acl_id=DEFAULT_ALLOW)
    assert (await stage.made_tier(vpc, "t1", "10.50.1.0/24")).acl_id is None


async def _offering(stage: VpcStage, name: str) -> NetworkOffering:
    c = columns(NetworkOffering)
    found = await stage.stage.read(lambda view: view.records.first(NetworkOffering, c.name == name))
    assert found is not None
    return found


async def _tiers(stage: VpcStage) -> list[GuestNetwork]:
    c = columns(GuestNetwork)
    return await stage.stage.read(lambda view: view.records.select(GuestNetwork, c.vpc_id.is_not(None)))
