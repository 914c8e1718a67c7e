"""Access control lists: who may use and change which, and what providers are told of them."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.vpcs import VpcStage, vpc_staged

from netloom.app.cloud import acl_apply, acl_items, acl_lists, acl_order
from netloom.app.cloud.acl_order import MoveAclItem
from netloom.app.cloud.usecase import AnyUseCase
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import DEFAULT_ALLOW, DEFAULT_DENY, AclItem, AclList
from netloom.model.cloud.acl_order import consistency_hash
from netloom.model.cloud.acl_program import Verdict
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import RuleState, TrafficDirection
from netloom.model.cloud.tags import ResourceTag
from netloom.plan.elements import Outcome, RuleStage
from netloom.store.cloud.records import columns

NOWHERE = Uuid("00000000-0000-4000-8000-00000000ffff")


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_a_cloud_starts_with_two_lists_that_say_what_they_do(stage: VpcStage) -> None:
    items = await stage.stage.all(AclItem)
    assert {(item.acl_id, item.direction, item.action) for item in items} == {
        (list_id, direction, action)
        for list_id, action in ((DEFAULT_DENY, Verdict.DENY), (DEFAULT_ALLOW, Verdict.ALLOW))
        for direction in TrafficDirection
    }
    await stage.stage.write(acl_lists.seed_lists)
    assert len(await stage.stage.all(AclList)) == 2


async def test_the_systems_lists_are_everybodys_to_use_and_nobodys_to_change(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    tier = await stage.tier(vpc)
    replace = acl_apply.ReplaceAclList(acl_id=DEFAULT_ALLOW, network_id=Uuid(tier.id))
    assert (await stage.stage.do(acl_apply.REPLACE, replace)).id == tier.id
    assert stage.told_items(tier.id) == [1, 2]
    with pytest.raises(Conflict, match="built in"):
        await stage.item(await stage.stage.read(lambda view: view.get(AclList, DEFAULT_ALLOW)))


async def test_operators_make_lists_for_everybody(stage: VpcStage) -> None:
    with pytest.raises(InvalidInput, match="the system's"):
        await stage.acl(None)
    acl = await stage.acl(None, "everybody's", stage.stage.who.root)
    with pytest.raises(Forbidden, match="the system's"):
        await stage.item(acl)
    item = await stage.item(acl, stage.stage.who.root)
    with pytest.raises(Forbidden):
        await stage.stage.do(acl_items.DELETE, acl_items.DeleteAclItem(id=Uuid(item.id)))
    vpc = await stage.vpc()
    await stage.tier(vpc, acl_id=Uuid(acl.id))
    with pytest.raises(Conflict, match="tier t1"):
        await stage.stage.do(acl_lists.DELETE, acl_lists.DeleteAclList(id=Uuid(acl.id)), stage.stage.who.root)


async def test_what_belongs_to_others_is_not_found(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    acl = await stage.acl(vpc)
    item = await stage.item(acl)
    mallory = stage.stage.who.mallory
    asked: tuple[tuple[AnyUseCase, msgspec.Struct], ...] = (
        (acl_lists.CREATE, acl_lists.CreateAclList(name="x", vpc_id=Uuid(vpc.id))),
        (acl_lists.UPDATE, acl_lists.UpdateAclList(id=Uuid(acl.id), name="x")),
        (acl_lists.DELETE, acl_lists.DeleteAclList(id=Uuid(acl.id))),
        (acl_items.CREATE, acl_items.CreateAclItem(acl_id=Uuid(acl.id), protocol="tcp")),
        (acl_items.UPDATE, acl_items.UpdateAclItem(id=Uuid(item.id), action="Deny")),
        (acl_items.DELETE, acl_items.DeleteAclItem(id=Uuid(item.id))),
        (acl_order.MOVE, MoveAclItem(id=Uuid(item.id), before=Uuid(item.id))),
        (acl_apply.REPLACE, acl_apply.ReplaceAclList(acl_id=DEFAULT_DENY, network_id=NOWHERE)),
    )
    for use_case, request in asked:
        with pytest.raises(NotFound):
            await stage.stage.cloud.do(mallory, use_case, request)


async def test_a_list_is_used_in_its_own_vpc_only(stage: VpcStage) -> None:
    acl = await stage.acl(await stage.vpc("v1"))
    other = await stage.vpc("v2", cidr="10.51.0.0/16")
    tier = await stage.tier(other)
    request = acl_apply.ReplaceAclList(acl_id=Uuid(acl.id), network_id=Uuid(tier.id))
    with pytest.raises(InvalidInput, match="belongs to VPC"):
        await stage.stage.do(acl_apply.REPLACE, request)
    with pytest.raises(InvalidInput, match="one place"):
        await stage.stage.do(acl_apply.REPLACE, acl_apply.ReplaceAclList(acl_id=Uuid(acl.id)))
    flat = acl_apply.ReplaceAclList(acl_id=Uuid(acl.id), network_id=Uuid(stage.stage.network.id))
    with pytest.raises(InvalidInput, match="no tier"):
        await stage.stage.do(acl_apply.REPLACE, flat)


async def test_what_changes_in_a_list_is_told_to_all_who_use_it(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    acl = await stage.acl(vpc)
    web = await stage.tier(vpc, "web", Uuid(acl.id))
    idle = await stage.tier(vpc, "idle", Uuid(acl.id), up=False)
    first = await stage.item(acl, start_port=80, end_port=80)
    assert (first.order, first.state) == (1, RuleState.ACTIVE)
    second = await stage.item(acl, start_port=81, number=10, action="deny", reason="no")
    assert (second.order, second.action, second.match.end_port) == (10, Verdict.DENY, 81)
    assert stage.told_items(web.id) == [1, 10]
    assert (idle.id, RuleStage.NETWORK_ACL) not in stage.stage.notebook.rules, "nobody is in it"
    changed = await stage.stage.do(
        acl_items.UPDATE, acl_items.UpdateAclItem(id=Uuid(first.id), cidrs=("10.0.0.0/8",), number=20)
    )
    assert (changed.match.start_port, changed.match.cidrs, changed.order) == (80, ("10.0.0.0/8",), 20)
    assert changed.state is RuleState.ACTIVE
    assert stage.told_items(web.id) == [10, 20]
    await stage.stage.do(acl_items.DELETE, acl_items.DeleteAclItem(id=Uuid(second.id)))
    assert stage.told_items(web.id) == [20]
    assert await stage.stage.read(lambda view: view.records.get(AclItem, second.id)) is None


async def test_an_update_in_whole_takes_away_what_is_not_said(stage: VpcStage) -> None:
    acl = await stage.acl(await stage.vpc())
    item = await stage.item(acl, start_port=80, cidrs=["10.0.0.0/8"], action="Deny", reason="old")
    whole = acl_items.UpdateAclItem(id=Uuid(item.id), partial=False, protocol="icmp")
    changed = await stage.stage.do(acl_items.UPDATE, whole)
    assert changed.match.cidrs == ("0.0.0.0/0",)
    assert (changed.match.protocol, changed.match.start_port, changed.match.icmp_type) == ("icmp", None, -1)
    assert (changed.action, changed.reason, changed.order) == (Verdict.ALLOW, "", item.order)
    with pytest.raises(InvalidInput, match="has no ports"):
        await stage.stage.do(acl_items.UPDATE, acl_items.UpdateAclItem(id=Uuid(item.id), start_port=1))


async def test_numbers_are_one_items_each(stage: VpcStage) -> None:
    acl = await stage.acl(await stage.vpc())
    await stage.item(acl, number=10)
    other = await stage.item(acl)
    assert other.order == 11
    with pytest.raises(Conflict, match="has number 10 already"):
        await stage.item(acl, number=10)
    with pytest.raises(Conflict, match="has number 10 already"):
        await stage.stage.do(acl_items.UPDATE, acl_items.UpdateAclItem(id=Uuid(other.id), number=10))


async def test_items_move_as_whoever_moves_them_saw_them(stage: VpcStage) -> None:
    acl = await stage.acl(await stage.vpc())
    a, b, c = [await stage.item(acl, start_port=port) for port in (1, 2, 3)]
    seen = consistency_hash([a, b, c])
    moved = MoveAclItem(id=Uuid(c.id), after=Uuid(a.id), before=Uuid(b.id), seen=seen)
    await stage.stage.do(acl_order.MOVE, moved)
    items = sorted(await stage.stage.all(AclItem), key=lambda item: item.order)
    own = [item for item in items if item.acl_id == acl.id]
    assert [(item.id, item.order) for item in own] == [(a.id, 1), (c.id, 2), (b.id, 3)]
    assert all(item.state is RuleState.ACTIVE for item in own)
    with pytest.raises(Conflict, match="another order"):
        await stage.stage.do(acl_order.MOVE, moved)


async def test_a_tier_without_a_list_gets_one_with_its_first_item(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    tier = await stage.tier(vpc)
    request = acl_items.CreateAclItem(network_id=Uuid(tier.id), protocol="all")
    item = await stage.stage.do(acl_items.CREATE, request)
    now = await stage.stage.read(lambda view: view.get(GuestNetwork, tier.id))
    acl = await stage.stage.read(lambda view: view.get(AclList, item.acl_id))
    assert (now.acl_id, acl.name, acl.vpc_id) == (item.acl_id, "ACL of t1", vpc.id)
    assert stage.told_items(tier.id) == [1]
    with pytest.raises(InvalidInput, match="neither a list nor a tier"):
        await stage.stage.do(acl_items.CREATE, acl_items.CreateAclItem(protocol="tcp"))


async def test_an_item_that_the_provider_refuses_is_withdrawn(stage: VpcStage) -> None:
    vpc = await stage.vpc()
    acl = await stage.acl(vpc)
    await stage.tier(vpc, acl_id=Uuid(acl.id))
    kept = await stage.item(acl, start_port=1)
    stage.stage.notebook.refusals[RuleStage.NETWORK_ACL] = Outcome(done=False, reason="table full")
    with pytest.raises(PeerError, match="table full"):
        await stage.item(acl, start_port=2)
    assert [item.id for item in await _items(stage, acl)] == [kept.id]
    with pytest.raises(PeerError):
        await stage.stage.do(acl_items.DELETE, acl_items.DeleteAclItem(id=Uuid(kept.id)))
    [left] = await _items(stage, acl)
    assert left.state is RuleState.REVOKE, "it may still be there"
    stage.stage.notebook.refusals.clear()
    assert (await stage.item(acl, number=1)).order == 1, "a revoked item holds no number"
    await stage.stage.do(acl_items.DELETE, acl_items.DeleteAclItem(id=Uuid(kept.id)))
    assert len(await _items(stage, acl)) == 1


async def test_a_list_goes_with_its_items_and_tags(stage: VpcStage) -> None:
    acl = await stage.acl(await stage.vpc())
    item = await stage.item(acl)
    await stage.stage.write(
        lambda work: work.insert(
            ResourceTag(**work.owned(item), kind="NetworkACL", resource_id=Uuid(item.id), key="a", value="b")
        )
    )
    await stage.stage.do(acl_lists.UPDATE, acl_lists.UpdateAclList(id=Uuid(acl.id), description="new"))
    await stage.stage.do(acl_lists.DELETE, acl_lists.DeleteAclList(id=Uuid(acl.id)))
    assert await _items(stage, acl) == []
    assert await stage.stage.all(ResourceTag) == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "two\nlines"])
async def test_names_that_lists_cannot_have(stage: VpcStage, name: str) -> None:
    with pytest.raises(InvalidInput):
        await stage.acl(await stage.vpc(), name)


async def _items(stage: VpcStage, acl: AclList) -> list[AclItem]:
    return await stage.stage.read(
        lambda view: view.records.select(AclItem, columns(AclItem).acl_id == acl.id)
    )
