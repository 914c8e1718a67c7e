"""What goes with an account: everything, in order, each by its own deletion; and what a refusal in the middle leaves."""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.rules_stage import Stage, put_instance, put_network
from tests.app.cloud.vpcs import VpcStage, vpc_staged
from tests.testing import templates
from tests.testing.memory_hypervisor import Machine, MemoryHypervisor, with_machines
from tests.testing.rule_keeper import Notebook, keeper_backends

from netloom.app.cloud import accounts, domains_end, infrastructure, projects
from netloom.app.cloud.addresses import RESERVE_IP, ReserveIp
from netloom.app.cloud.addresses_free import Filter, list_free
from netloom.app.cloud.instances_plan import plan_of
from netloom.app.cloud.visibility import system_caller
from netloom.base.errors import Conflict, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.identity import Account, AccountState, Domain, DomainState, Project, ProjectState
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.cloud.networks import AclType, GuestNetwork
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.routes import PrivateGateway
from netloom.model.cloud.rules import FirewallRule
from netloom.model.cloud.vpc import Vpc
from netloom.plan.elements import Outcome
from netloom.store.cloud.records import columns

NO = Outcome(done=False, reason="the router is asleep", again=True)
HELD: tuple[type[Owned], ...] = (Instance, GuestNetwork, Vpc, PublicIp, PrivateGateway, FirewallRule)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def place(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[VpcStage]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(templates.migrated_postgres)
    async with vpc_staged(url) as place:
        yield place


@pytest.fixture
async def machines(place: VpcStage) -> MemoryHypervisor:
    """The test hypervisor, which runs Alice's two instances."""
    return await run_machines(place.stage)


async def run_machines(stage: Stage) -> MemoryHypervisor:
    machines = MemoryHypervisor()
    stage.cloud.backends = with_machines(stage.cloud.backends, machines)
    for each in await stage.all(Instance):
        now = await stage.write(
            lambda work, it=each: work.update(msgspec.structs.replace(it, hypervisor=machines.name))  # type: ignore[misc]
        )
        plan = await stage.read(lambda view, it=now: plan_of(view, it))  # type: ignore[misc]
        machines.guests[plan.name] = Machine(plan, None)
    return machines


async def delete(stage: Stage) -> Account:
    request = accounts.ChangeState(id=Uuid(stage.who.alice.account_id))
    return await stage.do(accounts.DELETE, request, stage.who.root)


async def account(stage: Stage) -> Account | None:
    return await stage.read(lambda view: view.records.get(Account, stage.who.alice.account_id))


async def left(stage: Stage) -> dict[str, int]:
    """How many things of each sort Alice still has."""

    def count(view: object, record_type: type[Record]) -> int:
        where = columns(record_type).account_id == stage.who.alice.account_id
        return view.records.count(record_type, where)  # type: ignore[attr-defined, no-any-return]

    counts = {each.__name__: await stage.read(lambda v, it=each: count(v, it)) for each in HELD}  # type: ignore[misc]
    return {name: number for name, number in counts.items() if number}


async def full(place: VpcStage) -> None:
    """Some of everything for Alice: addresses, a rule, a VPC with a tier and a gateway, a reserved address."""
    ip = await place.stage.extra()
    await place.stage.open(ip, 22)
    vpc = await place.vpc()
    await place.tier(vpc)
    await place.gateway(vpc)


async def test_an_account_goes_with_all_it_has_in_order(place: VpcStage, machines: MemoryHypervisor) -> None:
    await full(place)
    stage = place.stage
    assert set(await left(stage)) == {each.__name__ for each in HELD}
    await delete(stage)
    assert await left(stage) == {}
    assert await account(stage) is None
    assert machines.guests == {}
    assert stage.notebook.rules == {}
    assert stage.notebook.parts == {}
    jobs = await stage.all(Job)
    order = [job.use_case for job in sorted(jobs, key=lambda job: job.number)]
    wanted = ["account.delete", "instance.destroy", "network.delete", "vpc.delete", "network.delete"]
    seen = iter(order)
    assert all(any(step == each for each in seen) for step in wanted), order
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}


async def test_a_provider_that_refuses_in_the_middle_loses_nothing_and_asking_again_finishes(
    place: VpcStage, machines: MemoryHypervisor
) -> None:
    await full(place)
    stage = place.stage
    stage.notebook.refusals["shutdown_vpc"] = NO
    with pytest.raises(PeerError, match=r"1 of 1 VPCs could not be deleted: .*the router is asleep"):
        await delete(stage)
    assert machines.guests == {}
    now = await account(stage)
    assert now is not None
    assert now.state is AccountState.DISABLED
    there = await left(stage)
    assert (there["Vpc"], there["GuestNetwork"], there["PrivateGateway"]) == (1, 1, 1)
    assert "Instance" not in there
    stage.notebook.refusals.clear()
    await delete(stage)
    assert (await left(stage), await account(stage)) == ({}, None)


async def test_a_machine_that_stays_keeps_its_network_and_the_others_go(
    place: VpcStage, machines: MemoryHypervisor
) -> None:
    stage = place.stage
    machines.refusals["remove"] = PeerError("the host is away", code="host-away")
    with pytest.raises(PeerError, match=r"2 of 2 instances could not be deleted: .*the host is away"):
        await delete(stage)
    assert (await left(stage))["Instance"] == 2
    assert (await left(stage))["GuestNetwork"] == 1
    assert not [call for call in stage.notebook.calls if call[0] in {"shutdown", "destroy"}]
    machines.refusals.clear()
    await delete(stage)
    assert (await left(stage), await account(stage)) == ({}, None)


async def test_a_protected_instance_is_told_before_anything_goes(place: VpcStage) -> None:
    stage = place.stage
    await stage.write(lambda work: work.update(msgspec.structs.replace(stage.web, delete_protection=True)))
    before = await left(stage)
    with pytest.raises(Conflict, match="protected from deletion: web") as refused:
        await delete(stage)
    assert refused.value.stable_code == "delete-protection"
    now = await account(stage)
    assert now is not None
    assert now.state is AccountState.ENABLED
    request = domains_end.DeleteDomain(id=stage.who.acme.id, cleanup=True)
    with pytest.raises(Conflict, match="protected from deletion: web"):
        await stage.do(domains_end.DELETE, request, stage.who.root)
    assert await left(stage) == before


async def test_another_accounts_machine_in_a_network_keeps_it(
    place: VpcStage, machines: MemoryHypervisor
) -> None:
    stage = place.stage
    guest = await stage.write(lambda work: put_instance(work, stage.network, "guest"))
    theirs = msgspec.structs.replace(guest, account_id=stage.who.bob.account_id)
    await stage.write(lambda work: work.update(theirs))
    with pytest.raises(Conflict, match=r"1 of 1 networks could not be deleted: .*has interfaces") as refused:
        await delete(stage)
    assert refused.value.stable_code == "in-use"
    assert await left(stage) == {"GuestNetwork": 1}


async def test_a_reserved_address_goes_too(place: VpcStage, machines: MemoryHypervisor) -> None:
    stage = place.stage
    [free], _ = await stage.read(lambda view: list_free(view, Filter(), 0, 1))
    reserved = await stage.do(RESERVE_IP, ReserveIp(free_id=free.id))
    assert reserved.account_id == stage.who.alice.account_id
    await delete(stage)
    assert (await left(stage), await account(stage)) == ({}, None)


async def test_a_project_goes_with_its_networks_or_stays_disabled(place: VpcStage) -> None:
    stage, common = place.stage, place.stage.who.common
    zone = await stage.read(lambda view: infrastructure.zones(view)[0])
    network = await stage.write(lambda work: put_network(work, zone, common.account_id, name="ours"))
    stage.notebook.refusals["destroy"] = NO
    with pytest.raises(PeerError, match="could not let go of network 'ours'"):
        await stage.do(projects.DELETE, projects.DeleteProject(id=common.id, cleanup=True))
    now = await stage.read(lambda view: view.records.get(Project, common.id))
    assert now is not None
    assert now.state is ProjectState.DISABLED
    stage.notebook.refusals.clear()
    await stage.do(projects.DELETE, projects.DeleteProject(id=common.id, cleanup=True))
    gone = await stage.read(
        lambda view: (view.records.get(Project, common.id), view.records.get(GuestNetwork, network.id))
    )
    assert gone == (None, None)


async def test_a_domain_goes_with_everybodys_and_its_own_networks(
    place: VpcStage, machines: MemoryHypervisor
) -> None:
    """Bob's machine is in Alice's network, and the domain has a network of its own: all machines go before any network."""
    stage = place.stage
    zone = await stage.read(lambda view: infrastructure.zones(view)[0])
    guest = await stage.write(lambda work: put_instance(work, stage.network, "guest"))
    theirs = msgspec.structs.replace(guest, account_id=stage.who.bob.account_id, hypervisor=machines.name)
    await stage.write(lambda work: work.update(theirs))
    system = system_caller()
    made = await stage.write(lambda work: put_network(work, zone, system.account_id, name="flat"))
    flat = msgspec.structs.replace(made, domain_id=stage.who.acme.id, acl_type=AclType.DOMAIN)
    await stage.write(lambda work: work.update(flat))
    with pytest.raises(Conflict, match=r"holds \d accounts"):
        await stage.do(domains_end.DELETE, domains_end.DeleteDomain(id=stage.who.acme.id), stage.who.root)
    assert (await left(stage))["Instance"] == 2
    request = domains_end.DeleteDomain(id=stage.who.acme.id, cleanup=True)
    stage.notebook.refusals["destroy"] = NO
    with pytest.raises(PeerError, match="2 of 2 networks could not be deleted"):
        await stage.do(domains_end.DELETE, request, stage.who.root)
    domain = await stage.read(lambda view: view.records.get(Domain, stage.who.acme.id))
    assert domain is not None
    assert domain.state is DomainState.ACTIVE
    stage.notebook.refusals.clear()
    await stage.do(domains_end.DELETE, request, stage.who.root)
    assert await stage.all(GuestNetwork) == []
    assert await stage.all(Instance) == []
    assert await stage.read(lambda view: view.records.get(Domain, stage.who.lab.id)) is None


async def test_a_deletion_in_which_netloom_was_stopped_goes_on(tmp_path: pathlib.Path) -> None:
    """With the deletion of an instance under way: it is waited for, not asked for again."""
    url = f"sqlite:///{tmp_path}/cloud.db"
    begun = asyncio.Event()

    class Stuck(MemoryHypervisor):
        async def remove(self, guest: object) -> None:
            begun.set()
            await asyncio.Event().wait()

    async with vpc_staged(url) as place:
        stage = place.stage
        await full(place)
        machines = await run_machines(stage)
        stage.cloud.backends = with_machines(stage.cloud.backends, Stuck())
        request = accounts.ChangeState(id=Uuid(stage.who.alice.account_id))
        done = await stage.cloud.do(stage.who.root, accounts.DELETE, request)
        assert done.job is not None
        await begun.wait()
        doing = stage.cloud.jobs._progress._watched[done.job.id].doing
        assert doing.so_far.startswith("delete instances: 0 of 2 are gone")
    backends = with_machines(keeper_backends(Notebook()), machines)
    async with opened(url, backends) as cloud:
        again = dataclasses.replace(stage, cloud=cloud)
        await again.end(done)
        assert (await left(again), await account(again)) == ({}, None)
        destroyed = [job for job in await again.all(Job) if job.use_case == "instance.destroy"]
        assert len(destroyed) == 2
