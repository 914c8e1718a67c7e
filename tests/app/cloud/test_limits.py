"""What may be taken, by whom, and what is counted as used."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.app.cloud.machines import MIB, an_instance
from tests.app.cloud.people import People, people

from netloom.app.cloud import domains, limits_change, projects
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.limits import limits_of_accounts, limits_of_domains, take
from netloom.app.cloud.limits_used import amounts, used_by_accounts, used_by_domains
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View
from netloom.base.errors import Exhausted, Forbidden, NetloomError
from netloom.model.cloud.identity import Account, AccountType, Caller, Domain
from netloom.model.cloud.instances import InstanceState
from netloom.model.cloud.limits import ResourceType


async def _limit(cloud: Cloud, who: Caller, kind: ResourceType, most: int, **whose: str) -> None:
    request = msgspec.convert({"type": kind.value, "max": most, **whose}, limits_change.UpdateLimit)
    await cloud.do(who, limits_change.UPDATE, request)


async def _as(cloud: Cloud, who: Caller, unit):  # noqa: ANN001, ANN202 - what the unit gives
    return await cloud.write_as(who, "test", unit)


def _account(view: View, who: Caller) -> Account:
    return view.get(Account, who.account_id)


async def test_an_instance_takes_its_processors_and_memory(cloud: Cloud) -> None:
    who = await people(cloud)
    await _limit(cloud, who.root, ResourceType.CPU, 4, account="alice", domain_id=who.acme.id)

    await _as(cloud, who.alice, lambda work: an_instance(work, _account(work, who.alice), "a", 3))
    with pytest.raises(Exhausted, match="3 of at most 4 cpu; 2 more"):
        await _as(cloud, who.alice, lambda work: an_instance(work, _account(work, who.alice), "b", 2))
    await _as(cloud, who.alice, lambda work: an_instance(work, _account(work, who.alice), "c", 1))
    used = await cloud.read_as(
        system_caller(), lambda view: used_by_accounts(view, [who.alice.account_id])[who.alice.account_id]
    )
    assert used == {
        ResourceType.INSTANCE: 2,
        ResourceType.CPU: 4,
        ResourceType.MEMORY: 2 * MIB,
        ResourceType.PROJECT: 1,
    }


async def test_what_is_destroyed_takes_nothing_and_coming_back_is_charged(cloud: Cloud) -> None:
    who = await people(cloud)
    await _limit(cloud, who.root, ResourceType.INSTANCE, 1, account="alice", domain_id=who.acme.id)
    gone = await _as(cloud, who.alice, lambda work: an_instance(work, _account(work, who.alice), "a"))
    gone = await _as(
        cloud,
        who.alice,
        lambda work: work.update(msgspec.structs.replace(gone, state=InstanceState.DESTROYED)),
    )
    assert amounts(gone) == {}
    await _as(cloud, who.alice, lambda work: an_instance(work, _account(work, who.alice), "b"))
    with pytest.raises(Exhausted):
        await _as(
            cloud,
            who.alice,
            lambda work: work.update(msgspec.structs.replace(gone, state=InstanceState.STOPPED)),
        )


async def test_growing_is_charged_for_what_is_more(cloud: Cloud) -> None:
    who = await people(cloud)
    await _limit(cloud, who.root, ResourceType.MEMORY, 3 * MIB, account="alice", domain_id=who.acme.id)
    small = await _as(cloud, who.alice, lambda work: an_instance(work, _account(work, who.alice), "a"))
    grown = await _as(
        cloud, who.alice, lambda work: work.update(msgspec.structs.replace(small, memory=3 * MIB))
    )
    with pytest.raises(Exhausted):
        await _as(
            cloud, who.alice, lambda work: work.update(msgspec.structs.replace(grown, memory=3 * MIB + 1))
        )


async def test_a_domains_limit_holds_for_all_under_it(cloud: Cloud) -> None:
    who = await people(cloud)
    await _limit(cloud, who.root, ResourceType.INSTANCE, 2, domain_id=who.acme.id)
    for caller in (who.alice, who.carol):
        await _as(cloud, caller, lambda work, c=caller: an_instance(work, _account(work, c), c.name[-5:]))
    with pytest.raises(Exhausted, match="the domain 'ROOT/acme' has 2 of at most 2"):
        await _as(cloud, who.bob, lambda work: an_instance(work, _account(work, who.bob), "b"))
    await _as(cloud, who.mallory, lambda work: an_instance(work, _account(work, who.mallory), "m"))


async def test_many_owners_are_counted_as_one_by_one(cloud: Cloud) -> None:
    who = await people(cloud)
    for count, caller in enumerate((who.root, who.alice, who.bob, who.carol, who.mallory), 1):
        for number in range(count):
            await _as(
                cloud,
                caller,
                lambda work, c=caller, n=number: an_instance(work, _account(work, c), f"i{n}", n + 1),
            )

    def read(view: View) -> None:
        every = view.records.select(Account)
        together = used_by_accounts(view, [account.id for account in every])
        for account in every:
            assert together[account.id] == used_by_accounts(view, [account.id])[account.id]
        places = view.records.select(Domain)
        by_domain = used_by_domains(view, places)
        for place in places:
            assert by_domain[place.id] == used_by_domains(view, [place])[place.id]
        assert by_domain[who.acme.id][ResourceType.INSTANCE] == 2 + 3 + 4
        assert by_domain[who.lab.id][ResourceType.INSTANCE] == 4
        root = next(place for place in places if place.parent_id is None)
        assert by_domain[root.id][ResourceType.INSTANCE] == 1 + 2 + 3 + 4 + 5
        assert by_domain[root.id][ResourceType.PROJECT] == 1

    await cloud.read_as(system_caller(), read)


async def test_limits_are_read_for_many_at_once(cloud: Cloud) -> None:
    who = await people(cloud)
    await _limit(cloud, who.root, ResourceType.VPC, 7, account="bob", domain_id=who.acme.id)
    await _limit(cloud, who.root, ResourceType.VPC, 9, domain_id=who.lab.id)

    def read(view: View) -> None:
        accounts = {account.name: account for account in view.records.select(Account)}
        limits = limits_of_accounts(view, list(accounts.values()))
        assert limits[accounts["bob"].id][ResourceType.VPC] == 7
        assert limits[accounts["alice"].id][ResourceType.VPC] == 20
        assert limits[accounts["admin"].id][ResourceType.VPC] == -1
        common = next(account for account in accounts.values() if account.type is AccountType.PROJECT)
        assert limits[common.id][ResourceType.PROJECT] == -1
        places = limits_of_domains(view, [who.acme, who.lab])
        assert (places[who.acme.id][ResourceType.VPC], places[who.lab.id][ResourceType.VPC]) == (-1, 9)

    await cloud.read_as(system_caller(), read)


async def test_two_never_take_the_last_one(cloud: Cloud) -> None:
    who = await people(cloud)
    await _limit(cloud, who.root, ResourceType.INSTANCE, 1, account="alice", domain_id=who.acme.id)

    async def one(name: str) -> bool:
        try:
            await _as(cloud, who.alice, lambda work: an_instance(work, _account(work, who.alice), name))
        except Exhausted:
            return False
        return True

    assert sorted(await asyncio.gather(*(one(f"i{n}") for n in range(8)))) == [False] * 7 + [True]


async def test_nobody_raises_their_own_limit(cloud: Cloud) -> None:
    who = await people(cloud)
    for caller in (who.alice, who.boss):
        with pytest.raises(Forbidden):
            await cloud.do(
                caller, limits_change.UPDATE, limits_change.UpdateLimit(type=ResourceType.VPC, max=99)
            )
    await _limit(cloud, who.boss, ResourceType.VPC, 99, account="alice", domain_id=who.acme.id)
    with pytest.raises(NetloomError):
        await _limit(cloud, who.boss, ResourceType.VPC, 99, account="mallory", domain_id=who.other.id)


async def test_projects_are_counted_by_their_administrators(cloud: Cloud) -> None:
    who: People = await people(cloud)
    await _limit(cloud, who.root, ResourceType.PROJECT, 1, account="alice", domain_id=who.acme.id)
    with pytest.raises(Exhausted):
        await cloud.do(who.alice, projects.CREATE, projects.CreateProject(name="second"))
    await cloud.do(who.bob, projects.CREATE, projects.CreateProject(name="second"))
    await cloud.do(who.root, domains.CREATE, domains.CreateDomain(name="empty"))
    with pytest.raises(Exhausted):
        await cloud.write_as(
            who.root, "test", lambda work: take(work, who.alice.account_id, ResourceType.PROJECT)
        )
