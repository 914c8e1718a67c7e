"""Instances in security groups: who may be in which, and what the planner reads of it, at once and after a restart."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from tests.app.cloud.rules_stage import SOURCE_NAT, Stage, put_instance, put_network, staged

from netloom.app.cloud import infrastructure
from netloom.app.cloud.security_groups import CREATE, DELETE, CreateSecurityGroup, GroupRef
from netloom.app.cloud.security_groups_members import (
    groups_for,
    groups_of,
    have_groups,
    leave_groups,
    members_of,
    set_groups,
)
from netloom.app.cloud.security_groups_rules import AUTHORIZE_INGRESS, Authorize, Peer
from netloom.base.errors import Conflict
from netloom.base.ids import NicId, Uuid
from netloom.daemon.feed import StoreFeed
from netloom.model.cloud.identity import Account, Caller
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.security_groups import DEFAULT_NAME, SecurityGroup
from netloom.model.kinds import Cause
from netloom.plan.records import GroupView, NicView, Remove
from netloom.plan.view import View
from netloom.reconcile.inputs import IntentBatch

FILTERED = "DefaultSharedNetworkOfferingWithSGService"


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db", FILTERED) as stage:
        yield stage


async def group(stage: Stage, name: str, caller: Caller | None = None) -> SecurityGroup:
    return await stage.do(CREATE, CreateSecurityGroup(name=name), caller)


async def join(stage: Stage, instance: Instance, *groups: SecurityGroup) -> None:
    await stage.write(lambda work: set_groups(work, instance, groups))


class Followed:
    """A picture that follows the store, as the planner's does."""

    def __init__(self, batches: AsyncIterator[IntentBatch]) -> None:
        self._batches = batches
        self.view = View()
        self.edits: list[object] = []

    async def next(self) -> None:
        """The next batch."""
        batch = await anext(self._batches)
        self.edits = list(batch.edits)
        for edit in batch.edits:
            self.view.edit(edit)

    def groups(self, nic_id: str) -> tuple[int, ...] | None:
        """The groups that filter a NIC."""
        return self.view.nics[NicId(Uuid(nic_id))].groups


@pytest.fixture
async def followed(stage: Stage) -> AsyncIterator[Followed]:
    feed = StoreFeed(stage.cloud._store, lambda _hosts: None)
    async with aclosing(feed.follow()) as batches:  # type: ignore[type-var]
        yield Followed(batches)


def nic_of(stage: Stage, instance: Instance) -> str:
    return stage.nics[instance.id].id


async def test_nics_come_with_their_groups_and_a_change_of_groups_is_one_of_the_nic(
    stage: Stage, followed: Followed
) -> None:
    web, db = await group(stage, "web"), await group(stage, "db")
    await join(stage, stage.web, db, web)
    await followed.next()
    assert followed.groups(nic_of(stage, stage.web)) == tuple(sorted((web.number, db.number)))
    assert followed.groups(nic_of(stage, stage.db)) == ()  # filtered all the same
    await join(stage, stage.web, db)
    await followed.next()
    assert followed.groups(nic_of(stage, stage.web)) == (db.number,)
    assert [type(edit) for edit in followed.edits] == [NicView]
    await join(stage, stage.web, db)  # nothing changes, nothing is told
    await join(stage, stage.db, db)
    await followed.next()
    assert [edit.id for edit in followed.edits if isinstance(edit, NicView)] == [nic_of(stage, stage.db)]


async def test_rules_and_their_end_reach_the_planner(stage: Stage, followed: Followed) -> None:
    web, db = await group(stage, "web"), await group(stage, "db")
    await followed.next()
    assert {web.number, db.number} <= set(followed.view.groups)
    rule = Authorize(
        group=GroupRef(id=db.id), protocol="tcp", start_port=22, end_port=23,
        cidrs=("192.0.2.0/24", "2001:db8::/32"), peers=(Peer(group="web"),),
    )  # fmt: skip
    await stage.do(AUTHORIZE_INGRESS, rule)
    await followed.next()
    (told,) = followed.edits
    assert isinstance(told, GroupView)
    assert [(each.match.start_port, str(each.cidr), each.peer) for each in told.rules] == [
        (22, "192.0.2.0/24", None),
        (22, "2001:db8::/32", None),
        (22, "None", web.number),
    ]
    await stage.do(DELETE, GroupRef(id=db.id))
    await followed.next()
    assert followed.edits == [Remove(Cause.SECURITY_GROUP, db.id)]
    assert db.number not in followed.view.groups


async def test_who_follows_anew_hears_of_groups_that_went_meanwhile(stage: Stage) -> None:
    web, db = await group(stage, "web"), await group(stage, "db")
    feed = StoreFeed(stage.cloud._store, lambda _hosts: None)
    async with aclosing(feed.follow()) as batches:  # type: ignore[type-var]
        await anext(batches)
    await stage.do(DELETE, GroupRef(id=web.id))
    async with aclosing(feed.follow()) as batches:  # type: ignore[type-var]
        again = await anext(batches)
    assert again.complete
    assert Remove(Cause.SECURITY_GROUP, web.id) in again.edits
    told = {edit.id for edit in again.edits if isinstance(edit, GroupView)}
    assert (db.id in told, web.id in told) == (True, False)


async def test_in_other_networks_nothing_is_filtered(stage: Stage, followed: Followed) -> None:
    zone = await stage.read(lambda view: infrastructure.zones(view)[0])
    plain = await stage.write(
        lambda work: put_network(work, zone, stage.who.alice.account_id, SOURCE_NAT, name="plain")
    )
    instance = await stage.write(lambda work: put_instance(work, plain, "open"))
    web = await group(stage, "web")
    await join(stage, instance, web)
    await followed.next()
    (nic,) = [nic for nic in followed.view.nics.values() if nic.network_id == plain.id]
    assert nic.groups is None


async def choose(stage: Stage, wanted: list[SecurityGroup], *networks: GuestNetwork) -> list[str]:
    def read(view: object) -> list[str]:
        account = view.get(Account, stage.network.account_id)  # type: ignore[attr-defined]
        return [found.name for found in groups_for(view, account, wanted, networks)]  # type: ignore[arg-type]

    return await stage.read(read)


async def test_who_names_no_group_is_in_the_default_one_where_a_network_has_groups(stage: Stage) -> None:
    zone = await stage.read(lambda view: infrastructure.zones(view)[0])
    plain = await stage.write(
        lambda work: put_network(work, zone, stage.who.alice.account_id, SOURCE_NAT, name="plain")
    )
    web = await group(stage, "web")
    assert await choose(stage, [], stage.network, plain) == [DEFAULT_NAME]
    assert await choose(stage, [], plain) == []
    assert await choose(stage, [web, web], stage.network) == ["web"]
    with pytest.raises(Conflict) as caught:
        await choose(stage, [web], plain)
    assert caught.value.stable_code == "no-security-groups"
    theirs = await group(stage, "theirs", stage.who.bob)
    with pytest.raises(Conflict) as caught:
        await choose(stage, [theirs], stage.network)
    assert caught.value.stable_code == "security-group-of-another"


async def test_an_instance_that_comes_into_such_a_network_later_is_in_the_default_group(stage: Stage) -> None:
    async def names(instance: Instance) -> list[str]:
        found = await stage.read(lambda view: groups_of(view, [instance.id]))
        return [each.name for each in found.get(instance.id, [])]

    await stage.write(lambda work: have_groups(work, stage.web, stage.network))
    assert await names(stage.web) == [DEFAULT_NAME]
    await join(stage, stage.db, await group(stage, "db"))
    await stage.write(lambda work: have_groups(work, stage.db, stage.network))
    assert await names(stage.db) == ["db"]


async def test_a_group_with_an_instance_stays_until_it_has_left(stage: Stage) -> None:
    web = await group(stage, "web")
    await join(stage, stage.web, web)
    assert await stage.read(lambda view: members_of(view, [web.id])) == {web.id: [stage.web.id]}
    told = await stage.read(lambda view: groups_of(view, [stage.web.id, stage.db.id]))
    assert {key: [found.id for found in each] for key, each in told.items()} == {stage.web.id: [web.id]}
    with pytest.raises(Conflict) as caught:
        await stage.do(DELETE, GroupRef(id=web.id))
    assert (caught.value.stable_code, "web" in str(caught.value)) == ("security-group-in-use", True)
    await stage.write(lambda work: leave_groups(work, stage.web.id))
    await stage.do(DELETE, GroupRef(id=web.id))
