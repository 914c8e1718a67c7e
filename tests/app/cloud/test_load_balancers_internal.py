"""Internal balancers: an address of their tier, a port on it, and members; on both databases where it is a race."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.app.cloud.rules_stage import put_instance, put_network
from tests.app.cloud.vpcs import VpcStage, vpc_staged
from tests.testing import templates
from tests.testing.racers import at_once, winners

from netloom.app.cloud import infrastructure, load_balancers, load_balancers_internal, load_balancers_members
from netloom.app.cloud.addresses_release import release_network
from netloom.app.cloud.instances_addresses import may_be_given
from netloom.app.cloud.load_balancers import CreateLoadBalancer
from netloom.app.cloud.load_balancers_internal import (
    CreateInternalLoadBalancer,
    DeleteInternalLoadBalancer,
    UpdateInternalLoadBalancer,
)
from netloom.app.cloud.load_balancers_members import ChangeMembers, MemberAddress
from netloom.app.cloud.networks_offering import with_offering
from netloom.app.cloud.rules_to import end_leading_to
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput, NetloomError, NotFound, PeerError
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.instances import Instance, InstanceNic
from netloom.model.cloud.load_balancers import (
    Algorithm,
    InternalLbAddress,
    InternalLbMember,
    InternalLoadBalancer,
)
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering
from netloom.model.cloud.rules import RuleState
from netloom.model.cloud.usage import UsageSpan, UsageType
from netloom.model.states import NetworkState
from netloom.plan.elements import Outcome, RuleStage
from netloom.store.cloud.records import columns

OFFERING = "DefaultIsolatedNetworkOfferingForVpcNetworksWithInternalLB"
PUBLIC = "DefaultIsolatedNetworkOfferingForVpcNetworks"


class Inside:
    """A tier with internal balancing, and two instances in it."""

    def __init__(self, vpcs: VpcStage, tier: GuestNetwork, web: Instance, db: Instance) -> None:
        self.vpcs, self.stage, self.tier, self.web, self.db = vpcs, vpcs.stage, tier, web, db

    def asked(self, port: int = 80, **more: Any) -> CreateInternalLoadBalancer:
        wanted = {
            "name": "lb1",
            "network_id": self.tier.id,
            "source_port": port,
            "instance_port": 8080,
            "algorithm": "RoundRobin",
            **more,
        }
        return CreateInternalLoadBalancer(**wanted)

    async def balance(self, port: int = 80, **more: Any) -> InternalLoadBalancer:
        return await self.stage.do(load_balancers_internal.CREATE_INTERNAL, self.asked(port, **more))

    async def end(self, balancer: InternalLoadBalancer) -> None:
        request = DeleteInternalLoadBalancer(id=balancer.id)
        await self.stage.do(load_balancers_internal.DELETE_INTERNAL, request)

    async def assign(self, balancer: InternalLoadBalancer, *instances: Instance) -> None:
        members = tuple(MemberAddress(instance.id) for instance in instances)
        request = ChangeMembers(id=balancer.id, members=members)
        await self.stage.do(load_balancers_members.ASSIGN_INTERNAL, request)

    async def address(self, balancer: InternalLoadBalancer) -> str:
        found = await self.stage.read(lambda view: view.records.get(InternalLbAddress, balancer.address_id))
        assert found is not None
        return found.address

    def told(self) -> set[str]:
        """What the provider has, by id."""
        return {record.id for record in self.stage.notebook.rules[self.tier.id, RuleStage.INTERNAL_LB]}

    async def free(self, address: str) -> bool:
        return await self.stage.read(lambda view: may_be_given(view, self.tier, address))


async def tier_of(vpcs: VpcStage, vpc_id: Uuid, name: str, offering: str) -> GuestNetwork:
    zone = await vpcs.stage.read(lambda view: infrastructure.zone(view, vpcs.zone_id))
    alice = vpcs.stage.who.alice.account_id
    return await vpcs.stage.write(
        lambda work: put_network(
            work, zone, alice, offering, name=name, state=NetworkState.IMPLEMENTED, vpc_id=vpc_id
        )
    )


async def built(vpcs: VpcStage) -> Inside:
    vpc = await vpcs.vpc()
    tier = await tier_of(vpcs, Uuid(vpc.id), "inside", OFFERING)
    web = await vpcs.stage.write(lambda work: put_instance(work, tier, "web1"))
    db = await vpcs.stage.write(lambda work: put_instance(work, tier, "db1"))
    return Inside(vpcs, tier, web, db)


@pytest.fixture
async def inside(tmp_path: pathlib.Path) -> AsyncIterator[Inside]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as vpcs:
        yield await built(vpcs)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def raced(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Inside]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(templates.migrated_postgres)
    async with vpc_staged(url) as vpcs:
        yield await built(vpcs)


async def test_a_balancer_has_an_address_of_its_tier_and_members_and_ends_whole(inside: Inside) -> None:
    balancer = await inside.balance()
    assert (balancer.state, balancer.algorithm) == (RuleState.ACTIVE, Algorithm.ROUND_ROBIN)
    address = await inside.address(balancer)
    assert address.startswith("10.1.1.")
    assert not await inside.free(address)
    await inside.assign(balancer, inside.web, inside.db)
    members = await inside.stage.all(InternalLbMember)
    assert {member.state for member in members} == {RuleState.ACTIVE}
    assert inside.told() == {balancer.id, balancer.address_id, *(member.id for member in members)}
    taken = ChangeMembers(id=balancer.id, members=(MemberAddress(inside.db.id),))
    await inside.stage.do(load_balancers_members.REMOVE_INTERNAL, taken)
    assert [member.instance_id for member in await inside.stage.all(InternalLbMember)] == [inside.web.id]
    spans = [
        span for span in await inside.stage.all(UsageSpan) if span.type is UsageType.LOAD_BALANCER_POLICY
    ]
    assert [span.resource_id for span in spans] == [balancer.id]
    await inside.end(balancer)
    for kind in (InternalLoadBalancer, InternalLbMember, InternalLbAddress):
        assert await inside.stage.all(kind) == []
    assert inside.told() == set()
    assert await inside.free(address)


async def test_balancers_share_an_address_and_leave_it_with_the_last(inside: Inside) -> None:
    first = await inside.balance(80, address="10.1.1.77")
    second = await inside.balance(81, address="10.1.1.77")
    other = await inside.balance(80)
    assert first.address_id == second.address_id != other.address_id
    with pytest.raises(Conflict, match=first.id) as refused:
        await inside.balance(80, address="10.1.1.77")
    assert refused.value.stable_code == "rule-conflict"
    await inside.end(first)
    assert await inside.address(second) == "10.1.1.77"
    assert not await inside.free("10.1.1.77")
    await inside.end(second)
    assert await inside.free("10.1.1.77")
    assert (await inside.balance(80, address="10.1.1.77")).state is RuleState.ACTIVE


async def test_an_address_is_a_tiers_once_by_the_store(inside: Inside) -> None:
    def twice(work: Work) -> None:
        for _ in range(2):
            made = InternalLbAddress(
                **work.owned(inside.tier), network_id=NetworkId(inside.tier.id), address="10.1.1.50"
            )
            work.insert(made)

    with pytest.raises(Conflict):
        await inside.stage.write(twice)
    assert await inside.stage.all(InternalLbAddress) == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"scheme": "Public"}, "scheme-unsupported"),
        ({"scheme": "sideways"}, "invalid-input"),
        ({"address": "10.1.1.1"}, "address-unavailable"),
        ({"address": "10.2.0.9"}, "address-unavailable"),
        ({"address": "fd00::9"}, "invalid-input"),
        ({"address": "nonsense"}, "invalid-input"),
        ({"port": 0}, "invalid-input"),
        ({"instance_port": 65_536}, "invalid-input"),
        ({"algorithm": "magic"}, "algorithm-unsupported"),
        ({"name": " "}, "invalid-input"),
    ],
)
async def test_what_an_internal_balancer_cannot_be(inside: Inside, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(NetloomError) as refused:
        await inside.balance(**asked)
    assert refused.value.stable_code == code
    assert await inside.stage.all(InternalLbAddress) == []


async def test_an_instances_address_is_no_balancers(inside: Inside) -> None:
    [nic] = [nic for nic in await inside.stage.all(InstanceNic) if nic.instance_id == inside.web.id]
    assert nic.ipv4 is not None
    with pytest.raises(Conflict, match="interface"):
        await inside.balance(address=nic.ipv4)


async def test_a_tier_balances_where_its_offering_says(inside: Inside) -> None:
    vpc_id = inside.tier.vpc_id
    assert vpc_id is not None
    outside = await tier_of(inside.vpcs, vpc_id, "outside", PUBLIC)
    with pytest.raises(InvalidInput, match="no internal balancers") as refused:
        await inside.balance(network_id=outside.id)
    assert refused.value.stable_code == "scheme-unsupported"
    with pytest.raises(InvalidInput, match="cannot balance") as refused:
        await inside.balance(source_network_id=outside.id)
    assert refused.value.stable_code == "source-network-elsewhere"
    ip = await inside.stage.address(vpc_id=vpc_id)
    public = CreateLoadBalancer(
        name="lb",
        public_ip_id=ip.id,
        public_port=80,
        private_port=80,
        algorithm="source",
        network_id=Uuid(inside.tier.id),
    )
    with pytest.raises(InvalidInput, match="no public balancers") as refused:
        await inside.stage.do(load_balancers.CREATE_LOAD_BALANCER, public)
    assert refused.value.stable_code == "scheme-unsupported"


async def test_a_tier_balances_inside_as_long_as_balancers_stand(inside: Inside) -> None:
    balancer = await inside.balance()
    c = columns(NetworkOffering)
    other = await inside.stage.read(lambda view: view.records.first(NetworkOffering, c.name == PUBLIC))
    assert other is not None
    with pytest.raises(Conflict, match="internal-lb") as refused:
        await inside.stage.write(lambda work: with_offering(work, inside.tier, other.id, forced=True))
    assert refused.value.stable_code == "services-in-use"
    await inside.end(balancer)
    after = await inside.stage.write(lambda work: with_offering(work, inside.tier, other.id, forced=True))
    assert after.offering_id == other.id


async def test_a_change_is_told_when_it_concerns_the_provider(inside: Inside) -> None:
    balancer = await inside.balance()
    inside.stage.notebook.calls.clear()

    async def change(**more: Any) -> InternalLoadBalancer:
        request = UpdateInternalLoadBalancer(id=balancer.id, **more)
        return await inside.stage.do(load_balancers_internal.UPDATE_INTERNAL, request)

    hidden = await change(display=False, name="lb2", description="inside")
    assert (hidden.display, hidden.name, hidden.description) == (False, "lb2", "inside")
    assert inside.stage.notebook.calls == []
    after = await change(algorithm="source")
    assert (after.algorithm, after.state) == (Algorithm.SOURCE, RuleState.ACTIVE)
    assert inside.stage.notebook.stages(inside.tier.id) == [RuleStage.INTERNAL_LB.value]


async def test_what_the_provider_refuses_leaves_nothing(inside: Inside) -> None:
    inside.stage.notebook.refusals[RuleStage.INTERNAL_LB] = Outcome(done=False, reason="no room")
    with pytest.raises(PeerError, match="no room"):
        await inside.balance()
    assert await inside.stage.all(InternalLoadBalancer) == []
    assert await inside.stage.all(InternalLbAddress) == []


async def test_members_go_with_their_instance_and_all_with_the_tier(inside: Inside) -> None:
    balancer = await inside.balance()
    await inside.assign(balancer, inside.web, inside.db)
    [nic] = [nic for nic in await inside.stage.all(InstanceNic) if nic.instance_id == inside.web.id]
    await end_leading_to(inside.stage.doing(), [nic.id])
    [left] = await inside.stage.all(InternalLbMember)
    assert left.instance_id == inside.db.id
    assert inside.told() == {balancer.id, balancer.address_id, left.id}
    await inside.stage.write(lambda work: release_network(work, inside.tier.id))
    for kind in (InternalLoadBalancer, InternalLbMember, InternalLbAddress):
        assert await inside.stage.all(kind) == []


async def test_it_is_nobody_elses(inside: Inside) -> None:
    balancer = await inside.balance()
    strangers: list[tuple[Any, msgspec.Struct]] = [
        (load_balancers_internal.CREATE_INTERNAL, inside.asked(81)),
        (load_balancers_internal.UPDATE_INTERNAL, UpdateInternalLoadBalancer(id=balancer.id)),
        (load_balancers_internal.DELETE_INTERNAL, DeleteInternalLoadBalancer(id=balancer.id)),
        (
            load_balancers_members.ASSIGN_INTERNAL,
            ChangeMembers(id=balancer.id, members=(MemberAddress(inside.web.id),)),
        ),
    ]
    for use_case, request in strangers:
        with pytest.raises(NotFound):
            await inside.stage.cloud.do(inside.stage.who.mallory, use_case, request)


async def test_one_of_many_for_the_same_port_of_an_address(raced: Inside) -> None:
    results = await at_once(*(raced.balance(80, address="10.1.1.99") for _ in range(6)))
    assert len(winners(results)) == 1
    assert results.count("rule-conflict") == 5
    [address] = await raced.stage.all(InternalLbAddress)
    assert address.address == "10.1.1.99"


async def test_each_of_many_that_name_no_address_has_its_own(raced: Inside) -> None:
    results = await at_once(*(raced.balance(80) for _ in range(6)))
    assert len(winners(results)) == 6
    addresses = [each.address for each in await raced.stage.all(InternalLbAddress)]
    taken = [nic.ipv4 for nic in await raced.stage.all(InstanceNic) if nic.network_id == raced.tier.id]
    assert len(set(addresses)) == 6
    assert not set(addresses) & {*taken, "10.1.1.1"}
