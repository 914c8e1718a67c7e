"""What several ask for at the same moment, and what a stop in the middle leaves: on both databases."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.nets import OVS, RANGE, SHARED, SOURCE_NAT, Nets, nets
from tests.app.cloud.test_networks_life import Hand
from tests.testing import templates
from tests.testing.rule_keeper import keeper_backends

from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.networks_end import DELETE, DeleteNetwork
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.networks_keeper import NetworkKeeper
from netloom.app.cloud.networks_life import IMPLEMENT, OneNetwork, move
from netloom.app.cloud.networks_list import Wanted, conditions
from netloom.app.cloud.networks_use import visible_networks
from netloom.app.cloud.visibility import Scope, system_caller
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, Exhausted, NetloomError
from netloom.base.ids import NetworkId
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.cloud.limits import ResourceLimit, ResourceType
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import AccountId
from netloom.model.states import NetworkEvent, NetworkState
from netloom.store.cloud.records import columns
from netloom.store.store import StoreOptions, open_store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def it(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Nets]:
    url = templates.migrated_postgres() if request.param == "postgresql" else None
    async with nets(tmp_path, url) as found:
        yield found


async def asked(it: Nets, name: str, offering: str = OVS, **more: object) -> GuestNetwork | NetloomError:
    try:
        return await it.make(name, offering, **more)  # type: ignore[arg-type]
    except NetloomError as error:
        return error


async def test_of_two_that_name_a_vlan_one_has_it(it: Nets) -> None:
    both = await asyncio.gather(
        *(asked(it, name, SHARED, caller=it.who.root, vlan="501", addresses=RANGE) for name in ("a", "b"))
    )
    [lost] = [each for each in both if isinstance(each, NetloomError)]
    assert isinstance(lost, Conflict)
    assert (lost.stable_code, lost.subject) == ("segment-taken", "vlan")
    assert await it.read(lambda view: view.records.count(GuestNetwork)) == 1


async def test_the_last_of_a_limit_is_had_once(it: Nets) -> None:
    await it.write(
        lambda work: work.insert(
            ResourceLimit(
                **work.birth(),
                account_id=AccountId(it.who.alice.account_id),
                domain_id=None,
                type=ResourceType.NETWORK,
                max=2,
            )
        )
    )
    several = await asyncio.gather(*(asked(it, f"n{number}") for number in range(5)))
    assert sum(isinstance(each, Exhausted) for each in several) == 3
    segments = {(await it.native(each)).segment for each in several if isinstance(each, GuestNetwork)}
    assert len(segments) == 2


async def test_up_and_gone_at_once_ends_as_one_of_them(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    await asyncio.gather(
        it.do(IMPLEMENT, OneNetwork(id=network.id), it.who.root),
        it.do(DELETE, DeleteNetwork(id=network.id)),
        it.do(IMPLEMENT, OneNetwork(id=network.id), it.who.root),
    )
    assert await it.read(lambda view: view.records.count(GuestNetwork)) == 0
    assert await it.read(lambda view: view.records.count(PublicIp)) == 0
    open_jobs = await it.read(
        lambda view: view.records.count(Job, columns(Job).state.in_(["Queued", "Running"]))
    )
    assert open_jobs == 0


async def test_a_network_goes_on_where_netloom_was_stopped(tmp_path: pathlib.Path) -> None:
    url = f"sqlite:///{tmp_path}/cloud.db"
    async with nets(tmp_path) as it:
        network = await it.make("web", SOURCE_NAT)
    async with open_store(
        StoreOptions(url)
    ) as store:  # nobody runs the job, as when netloom is stopped over it
        stopped = Cloud(store, keeper_backends(), by_name())
        asked_for = await stopped.do(system_caller(), IMPLEMENT, OneNetwork(id=network.id))
        await stopped.write_as(
            system_caller(), "test", lambda work: move(work, native(work, network), NetworkEvent.IMPLEMENT)
        )
    assert asked_for.job is not None
    job_id = asked_for.job.id
    async with opened(url, keeper_backends()) as cloud:
        await cloud.jobs.settled(job_id, 30.0)
        job, row = await cloud.read_as(
            system_caller(), lambda view: (view.records.get(Job, job_id), native(view, network))
        )
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert row.state is NetworkState.IMPLEMENTED


async def test_lists_and_the_keeper_ask_what_both_databases_understand(it: Nets) -> None:
    network = await it.make("web", SOURCE_NAT)
    await it.set("network.gc.wait", "1")
    clock = Hand()
    keeper = NetworkKeeper(it.cloud, clock)
    await it.do(IMPLEMENT, OneNetwork(id=network.id), it.who.root)
    keeper.told([NetworkId(network.id)])
    for _ in range(2):
        await keeper.step()
        clock.at += 1000
    for job in await it.read(lambda view: view.records.select(Job, columns(Job).resource_id == network.id)):
        await it.cloud.jobs.settled(job.id, 30.0)
    assert (await it.native(network)).state is NetworkState.ALLOCATED

    every = Wanted(type="isolated", acl_type="account", traffic="guest", services=("Lb",), deployable=True,
                   specify_ip_ranges=False, for_vpc=False, is_system=False, filter="account")  # fmt: skip

    def listed(view: View) -> list[str]:
        where = [*visible_networks(view, Scope()), *conditions(view, every)]
        return [each.name for each in view.records.select(GuestNetwork, *where)]

    assert await it.cloud.read_as(it.who.alice, listed) == ["web"]
    assert await it.cloud.read_as(it.who.carol, listed) == []
