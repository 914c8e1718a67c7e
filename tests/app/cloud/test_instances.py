"""Instances: made, run, moved, ended; what is refused, and what a failure leaves behind."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import pathlib
from collections.abc import AsyncIterator, Collection

import msgspec
import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.instance_stage import Stage, on_stage
from tests.testing.memory_hypervisor import MemoryHypervisor, with_machines

from netloom.app import intent
from netloom.app.cloud import instances_run
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.configuration_change import UPDATE as UPDATE_CONFIGURATION
from netloom.app.cloud.hypervisors import GuestPlan, HostFacts, Hypervisors
from netloom.app.cloud.instances_change import UPDATE, UpdateInstance
from netloom.app.cloud.instances_deploy import DEPLOY
from netloom.app.cloud.instances_end import (
    DESTROY,
    EXPUNGE,
    RECOVER,
    DestroyInstance,
    ExpungeInstance,
    RecoverInstance,
)
from netloom.app.cloud.instances_nics import NicWish
from netloom.app.cloud.instances_report import expunge_overdue
from netloom.app.cloud.instances_run import (
    MIGRATE,
    REBOOT,
    START,
    STOP,
    MigrateInstance,
    RebootInstance,
    StartInstance,
    StopInstance,
)
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.patience import Patience
from netloom.app.cloud.work import Work
from netloom.base.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    InvalidInput,
    NetloomError,
    NotFound,
    Unavailable,
)
from netloom.base.ids import HostId, NicId, Uuid
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.kinds import Kind
from netloom.model.states import NetworkState
from netloom.store.cloud.records import columns

NOBODY = Uuid("00000000-0000-4000-8000-000000000000")


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with on_stage(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_a_deployed_instance_runs_and_its_network_is_there(stage: Stage) -> None:
    web = await stage.deploy("web1")
    (nic,) = await stage.nics(web)
    machine = stage.machines.guests[web.internal_name]
    told = machine.plan.nics[0]
    native_nic = (await stage.natives([nic]))[nic.id]
    assert web.state is InstanceState.RUNNING
    assert stage.hosts[machine.host or ""] == web.host_id
    assert (nic.is_default, nic.device_number, nic.mac) == (True, 0, native_nic.mac)
    assert (told.identity, told.mac, told.ipv4) == (native_nic.identity, nic.mac, f"{nic.ipv4}/24")
    assert nic.ipv4 == native_nic.ipv4 == "10.1.1.2"  # the first is the gateway's
    assert await _state(stage, stage.network) is NetworkState.IMPLEMENTED


async def _state(stage: Stage, network: GuestNetwork) -> NetworkState:
    return await stage.read(lambda view: native(view, network).state)


async def test_instances_go_to_the_least_loaded_host_that_is_up(stage: Stage) -> None:
    placed = [(await stage.deploy(f"web{n}")).host_id for n in range(4)]
    assert sorted(placed) == sorted([*stage.hosts.values()] * 2)
    stage.down.add(stage.hosts["h1"])
    assert (await stage.deploy("late")).host_id == stage.hosts["h2"]


async def test_of_many_hosts_some_are_compared(tmp_path: pathlib.Path) -> None:
    async with on_stage(f"sqlite:///{tmp_path}/many.db", hosts=40) as stage:
        placed = [(await stage.deploy(f"web{n}")).host_id for n in range(12)]
        assert len(set(placed)) == 12  # of sixteen that are looked at, one is always empty


async def test_without_a_host_the_instance_stays_in_error_and_tells_why(stage: Stage) -> None:
    stage.down.update(stage.hosts.values())
    done = await stage.cloud.do(stage.who.alice, DEPLOY, stage.wish("web1"))
    with pytest.raises(NetloomError) as caught:
        await stage.end(done)
    now = await stage.now(done.record)
    assert caught.value.stable_code == "no-host"
    assert now is not None
    assert (now.state, now.host_id) == (InstanceState.ERROR, None)
    assert now.reason is not None
    assert "no host" in now.reason


async def test_a_start_that_fails_on_one_host_is_tried_on_another(stage: Stage) -> None:
    stage.machines.refusals["start h1"] = Unavailable("h1 is full")
    web = await stage.deploy("web1")
    assert (web.state, web.host_id) == (InstanceState.RUNNING, stage.hosts["h2"])


async def test_a_start_that_fails_everywhere_is_undone(stage: Stage) -> None:
    web = await stage.deploy("web1", start=False)
    stage.machines.refusals["start"] = Unavailable("no memory")
    with pytest.raises(NetloomError, match="no memory"):
        await stage.do(START, StartInstance(id=web.id))
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id, now.reason) == (InstanceState.STOPPED, None, "no memory")
    del stage.machines.refusals["start"]
    after = await stage.do(START, StartInstance(id=web.id))
    assert (after.state, after.reason) == (InstanceState.RUNNING, None)


async def test_stopping_keeps_the_address_and_starting_again_too(stage: Stage) -> None:
    web = await stage.deploy("web1")
    before = await stage.nics(web)
    stopped = await stage.do(STOP, StopInstance(id=web.id))
    assert (stopped.state, stopped.host_id, stopped.last_host_id) == (
        InstanceState.STOPPED,
        None,
        web.host_id,
    )
    assert stage.machines.guests[web.internal_name].host is None
    again = await stage.do(START, StartInstance(id=web.id))
    assert again.state is InstanceState.RUNNING
    assert await stage.nics(web) == before


async def test_a_stop_that_fails_leaves_it_running_unless_forced_and_its_host_away(stage: Stage) -> None:
    web = await stage.deploy("web1")
    stage.machines.refusals["stop"] = Unavailable("the agent does not answer")
    with pytest.raises(NetloomError, match="agent"):
        await stage.do(STOP, StopInstance(id=web.id))
    now = await stage.now(web)
    assert now is not None
    assert now.state is InstanceState.RUNNING
    assert web.host_id is not None
    stage.down.add(web.host_id)
    assert (await stage.do(STOP, StopInstance(id=web.id, forced=True))).state is InstanceState.STOPPED


async def test_asking_for_what_is_so_changes_nothing(stage: Stage) -> None:
    web = await stage.deploy("web1")
    assert (await stage.do(START, StartInstance(id=web.id))).generation == web.generation
    stopped = await stage.do(STOP, StopInstance(id=web.id))
    assert (await stage.do(STOP, StopInstance(id=web.id))).generation == stopped.generation


async def test_a_reboot_leaves_it_where_it_is(stage: Stage) -> None:
    web = await stage.deploy("web1")
    after = await stage.do(REBOOT, RebootInstance(id=web.id))
    assert (after.state, after.host_id) == (InstanceState.RUNNING, web.host_id)
    assert [call for call, _ in stage.machines.calls] == ["start", "stop", "start"]


async def test_migration_keeps_the_address_and_is_undone_when_refused(stage: Stage) -> None:
    web = await stage.deploy("web1")
    before = await stage.nics(web)
    moved = await stage.do(MIGRATE, MigrateInstance(id=web.id), stage.who.root)
    assert moved.state is InstanceState.RUNNING
    assert (moved.host_id, moved.last_host_id) == (
        next(host for host in stage.hosts.values() if host != web.host_id),
        web.host_id,
    )
    assert await stage.nics(web) == before
    stage.machines.refusals["migrate"] = Unavailable("no room")
    with pytest.raises(NetloomError, match="no room"):
        await stage.do(MIGRATE, MigrateInstance(id=web.id), stage.who.root)
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id, now.target_host_id) == (InstanceState.RUNNING, moved.host_id, None)


@dataclasses.dataclass
class Preparing(MemoryHypervisor):
    """A test hypervisor that can have interfaces at the target before a guest moves."""

    prepared: set[str] = dataclasses.field(default_factory=set)
    """Names of hosts."""

    async def prepare(self, guest: GuestPlan, source: HostFacts, target: HostFacts) -> None:
        await self._called("prepare", guest.name, target.name)
        self.prepared.add(target.name)

    async def abandon(self, guest: GuestPlan, target: HostFacts) -> None:
        await self._called("abandon", guest.name, target.name)
        self.prepared.discard(target.name)


async def test_a_guest_moves_when_the_switches_forward_to_its_new_place(stage: Stage) -> None:
    web = await stage.deploy("web1")
    (nic,) = await stage.nics(web)
    machines, asked = Preparing(), asyncio.Queue[tuple[list[str], HostId]]()
    forwarded = asyncio.Event()

    async def in_force(nics: Collection[NicId], host_id: HostId) -> None:
        asked.put_nowait((list(nics), host_id))
        await forwarded.wait()

    stage.cloud.backends = dataclasses.replace(
        stage.cloud.backends, hypervisors=Hypervisors([machines], in_force=in_force)
    )
    done = await stage.cloud.do(stage.who.root, MIGRATE, MigrateInstance(id=web.id))
    target = done.record.target_host_id
    assert await asked.get() == ([nic.id], target)
    assert [call for call, _ in machines.calls] == ["prepare"]
    forwarded.set()
    await stage.end(done)
    assert [call for call, _ in machines.calls] == ["prepare", "migrate"]
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id) == (InstanceState.RUNNING, target)


async def test_switches_that_are_slow_keep_no_guest_from_moving(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instances_run, "SWITCH_SECONDS", 0.01)
    web = await stage.deploy("web1")
    machines = Preparing()

    async def never(_nics: Collection[NicId], _host_id: HostId) -> None:
        await asyncio.Event().wait()

    stage.cloud.backends = dataclasses.replace(
        stage.cloud.backends, hypervisors=Hypervisors([machines], in_force=never)
    )
    moved = await stage.do(MIGRATE, MigrateInstance(id=web.id), stage.who.root)
    assert moved.host_id != web.host_id
    assert [call for call, _ in machines.calls] == ["prepare", "migrate"]


async def test_a_migration_that_fails_leaves_nothing_at_its_target(stage: Stage) -> None:
    web = await stage.deploy("web1")
    machines = Preparing()
    machines.refusals["migrate"] = Unavailable("no room")
    stage.cloud.backends = dataclasses.replace(stage.cloud.backends, hypervisors=Hypervisors([machines]))
    with pytest.raises(NetloomError, match="no room"):
        await stage.do(MIGRATE, MigrateInstance(id=web.id), stage.who.root)
    await ended_all(stage, web)
    assert [call for call, _ in machines.calls] == ["prepare", "migrate", "abandon"]
    assert machines.prepared == set()
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id, now.target_host_id) == (InstanceState.RUNNING, web.host_id, None)


async def test_a_migration_that_never_ends_is_given_up_and_leaves_nothing_at_its_target(stage: Stage) -> None:
    web = await stage.deploy("web1")
    machines = Preparing()
    machines.hanging.add("migrate")
    stage.cloud.backends = dataclasses.replace(
        stage.cloud.backends, hypervisors=Hypervisors([machines]), patience=Patience(hypervisor=0.01)
    )
    with pytest.raises(NetloomError, match="did not move"):
        await stage.do(MIGRATE, MigrateInstance(id=web.id), stage.who.root)
    await ended_all(stage, web)
    assert [call for call, _ in machines.calls] == ["prepare", "migrate", "abandon"]
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id) == (InstanceState.RUNNING, web.host_id)
    machines.hanging.clear()
    assert (await stage.do(MIGRATE, MigrateInstance(id=web.id), stage.who.root)).host_id != web.host_id


async def ended_all(stage: Stage, instance: Instance) -> None:
    """Wait for the jobs of an instance that followed others."""
    for job in await stage.read(
        lambda view: view.records.select(Job, columns(Job).resource_id == instance.id)
    ):
        await stage.cloud.jobs.settled(job.id, 30)


async def test_a_host_with_instances_is_not_deleted(stage: Stage) -> None:
    web = await stage.deploy("web1")
    assert web.host_id is not None
    host_id = web.host_id
    with pytest.raises(Conflict, match="web1"):
        await stage.write(lambda work: intent.delete(work.tx, Kind.HOST, host_id, None))
    await stage.do(STOP, StopInstance(id=web.id))
    await stage.write(lambda work: intent.delete(work.tx, Kind.HOST, host_id, None))
    assert (await stage.do(START, StartInstance(id=web.id))).host_id != host_id


async def test_only_operators_name_hosts(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        await stage.deploy("web1", host_id=stage.hosts["h2"])
    alices = {"account": "alice", "domain_id": stage.who.acme.id}
    web = await stage.deploy("web1", caller=stage.who.root, host_id=stage.hosts["h2"], **alices)
    assert web.host_id == stage.hosts["h2"]
    stage.down.add(stage.hosts["h1"])
    with pytest.raises(Conflict, match="not connected"):
        await stage.do(MIGRATE, MigrateInstance(id=web.id, host_id=stage.hosts["h1"]), stage.who.root)


async def test_destroyed_instances_come_back_and_expunged_ones_give_their_address_back(stage: Stage) -> None:
    web = await stage.deploy("web1", ipv4="10.1.1.77")
    destroyed = await stage.do(DESTROY, DestroyInstance(id=web.id))
    assert (destroyed.state, destroyed.host_id) == (InstanceState.DESTROYED, None)
    back = await stage.do(RECOVER, RecoverInstance(id=web.id), stage.who.root)
    assert back.state is InstanceState.STOPPED
    await stage.do(DESTROY, DestroyInstance(id=web.id))
    await stage.do(EXPUNGE, ExpungeInstance(id=web.id), stage.who.root)
    assert await stage.now(web) is None
    assert web.internal_name not in stage.machines.guests
    other = await stage.deploy("web2", ipv4="10.1.1.77")
    assert (await stage.nics(other))[0].ipv4 == "10.1.1.77"


async def test_a_running_instance_is_expunged_in_one_go(stage: Stage) -> None:
    web = await stage.deploy("web1")
    nics = await stage.nics(web)
    await stage.do(DESTROY, DestroyInstance(id=web.id, expunge=True), stage.who.root)
    assert await stage.now(web) is None
    assert await stage.natives(nics) == {}


async def test_an_instance_whose_guest_cannot_be_removed_can_be_expunged_again(stage: Stage) -> None:
    web = await stage.deploy("web1")
    stage.machines.refusals["remove"] = Unavailable("its disk is busy")
    with pytest.raises(NetloomError, match="disk"):
        await stage.do(DESTROY, DestroyInstance(id=web.id, expunge=True), stage.who.root)
    now = await stage.now(web)
    assert now is not None
    assert now.state is InstanceState.DESTROYED
    del stage.machines.refusals["remove"]
    await stage.do(EXPUNGE, ExpungeInstance(id=web.id), stage.who.root)
    assert await stage.now(web) is None


async def test_users_expunge_and_recover_only_where_they_may(stage: Stage) -> None:
    web = await stage.deploy("web1")
    with pytest.raises(Forbidden):
        await stage.do(DESTROY, DestroyInstance(id=web.id, expunge=True))
    await stage.do(DESTROY, DestroyInstance(id=web.id))
    for use_case, request in ((EXPUNGE, ExpungeInstance(id=web.id)), (RECOVER, RecoverInstance(id=web.id))):
        with pytest.raises(Forbidden):
            await stage.do(use_case, request)  # type: ignore[arg-type]
    change = UpdateConfiguration(name="allow.user.expunge.recover.vm", value="true")
    await stage.do(UPDATE_CONFIGURATION, change, stage.who.root)
    await stage.do(RECOVER, RecoverInstance(id=web.id))
    await stage.do(DESTROY, DestroyInstance(id=web.id, expunge=True))
    assert await stage.now(web) is None


async def test_destroyed_instances_go_when_their_time_is_over(stage: Stage) -> None:
    web, kept = await stage.deploy("web1"), await stage.deploy("web2")
    await stage.do(DESTROY, DestroyInstance(id=web.id))
    assert await expunge_overdue(stage.cloud) == 0
    await stage.do(UPDATE_CONFIGURATION, UpdateConfiguration(name="expunge.delay", value="1"), stage.who.root)
    await stage.write(lambda work: _aged(work, web))
    assert await expunge_overdue(stage.cloud) == 1
    job = await stage.read(lambda view: view.records.select(Job, columns(Job).resource_id == web.id)[-1])
    await stage.cloud.jobs.settled(job.id, 30)
    assert (await stage.now(web), (await stage.now(kept)) is not None) == (None, True)


def _aged(work: Work, instance: Instance) -> None:
    """As if it had been destroyed a minute earlier."""
    now = work.records.get(Instance, instance.id)
    assert now is not None
    work.records.update(msgspec.structs.replace(now, updated_at=now.updated_at - dt.timedelta(minutes=1)))


async def test_protection_from_deletion_holds(stage: Stage) -> None:
    web = await stage.deploy("web1")
    await stage.do(UPDATE, UpdateInstance(id=web.id, delete_protection=True))
    with pytest.raises(Conflict, match="protected"):
        await stage.do(DESTROY, DestroyInstance(id=web.id))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": "-web"}, "bad-hostname"),
        ({"name": "web_1"}, "bad-hostname"),
        ({"ipv4": "10.1.2.3"}, "address-unavailable"),
        ({"ipv4": "10.1.1.1"}, "address-unavailable"),  # the router's
        ({"ipv4": "10.1.1.255"}, "address-unavailable"),
        ({"ipv4": "web"}, "invalid-input"),
        ({"mac": "01:00:5e:00:00:01"}, "invalid-input"),
        ({"user_data": "no base64!"}, "bad-user-data"),
        ({"key_pairs": ("none",)}, "ssh-key-not-found"),
        ({"template_id": NOBODY}, "template-not-found"),
        ({"service_offering_id": NOBODY}, "service-offering-not-found"),
        ({"zone_id": NOBODY}, "zone-not-found"),
        ({"nics": (NicWish(network_id=NOBODY),)}, "network-not-found"),
        ({"hypervisor": "KVM"}, "hypervisor-mismatch"),
        ({"security_group_ids": (NOBODY,)}, "security-group-not-found"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    stage: Stage, more: dict[str, object], code: str
) -> None:
    with pytest.raises(NetloomError) as caught:
        await stage.deploy("web1", **more) if "name" not in more else await stage.deploy(**more)  # type: ignore[arg-type]
    assert caught.value.stable_code == code
    assert await stage.read(lambda view: view.records.count(Instance)) == 0


async def test_one_network_twice_and_a_name_twice_are_refused(stage: Stage) -> None:
    with pytest.raises(InvalidInput, match="twice"):
        await stage.deploy("web1", stage.network, stage.network)
    await stage.deploy("web1")
    with pytest.raises(Conflict, match="web1"):
        await stage.deploy("web1")
    elsewhere = await stage.a_network("other", cidr="10.7.7.0/24")
    assert (await stage.deploy("web1", elsewhere)).name == "web1"


async def test_a_full_network_says_so(stage: Stage) -> None:
    def shrink(work: Work) -> GuestNetwork:
        return work.update(
            msgspec.structs.replace(stage.network, cidr="10.1.1.0/29", network_cidr="10.1.1.0/24")
        )

    await stage.write(shrink)
    made = [(await stage.nics(await stage.deploy(f"web{n}", start=False)))[0].ipv4 for n in range(6)]
    assert made == [f"10.1.1.{n}" for n in range(2, 8)]
    with pytest.raises(Exhausted):
        await stage.deploy("late", start=False)


async def test_somebody_elses_instance_is_not_found(stage: Stage) -> None:
    web = await stage.deploy("web1")
    for use_case, request in (
        (START, StartInstance(id=web.id)),
        (STOP, StopInstance(id=web.id)),
        (DESTROY, DestroyInstance(id=web.id)),
        (UPDATE, UpdateInstance(id=web.id, display_name="mine")),
    ):
        with pytest.raises(NotFound):
            await stage.do(use_case, request, stage.who.mallory)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await stage.deploy("spy", caller=stage.who.mallory)
    with pytest.raises(Forbidden):  # the network's owner has not opened it to Bob's account
        await stage.deploy("spy", caller=stage.who.root)


async def test_without_a_network_named_the_only_one_is_taken_and_with_none_one_is_made(stage: Stage) -> None:
    web = await stage.deploy("web1", nics=())
    assert [nic.network_id for nic in await stage.nics(web)] == [stage.network.id]
    await stage.a_network("other")
    with pytest.raises(InvalidInput, match="several"):
        await stage.deploy("web2", nics=())
    theirs = await stage.deploy("web1", caller=stage.who.bob, nics=())
    common = await stage.deploy("web1", nics=(), project_id=stage.who.common.id)
    networks = await stage.read(lambda view: view.records.select(GuestNetwork))
    owners = {network.name: network.account_id for network in networks}
    assert owners["bob-network"] == theirs.account_id
    assert owners["common-network"] == common.account_id


async def test_names_change_while_stopped_words_at_any_time(stage: Stage) -> None:
    web = await stage.deploy("web1")
    with pytest.raises(Conflict, match="stop it first"):
        await stage.do(UPDATE, UpdateInstance(id=web.id, name="web2"))
    assert (
        await stage.do(UPDATE, UpdateInstance(id=web.id, display_name="The web"))
    ).display_name == "The web"
    await stage.do(STOP, StopInstance(id=web.id))
    assert (await stage.do(UPDATE, UpdateInstance(id=web.id, name="web2"))).name == "web2"


async def test_a_job_cut_off_in_the_middle_comes_to_the_same_end(tmp_path: pathlib.Path) -> None:
    """netloom stops while the hypervisor starts a guest; after the restart the job runs again from its beginning."""
    url = f"sqlite:///{tmp_path}/cut.db"
    reached, hold = asyncio.Event(), asyncio.Event()
    async with on_stage(url) as stage:
        start = stage.machines.start

        async def stuck(guest: GuestPlan, host: HostFacts) -> None:
            await start(guest, host)
            reached.set()
            await hold.wait()

        stage.machines.start = stuck  # type: ignore[method-assign]
        done = await stage.cloud.do(stage.who.alice, DEPLOY, stage.wish("web1"))
        await asyncio.wait_for(reached.wait(), 30)
    machines = MemoryHypervisor()
    async with opened(url, with_machines(Backends(), machines)) as cloud:
        assert done.job is not None
        await cloud.jobs.settled(done.job.id, 30)
        now = await cloud.read_as(stage.who.root, lambda view: view.records.get(Instance, done.record.id))
        assert now is not None
        assert now.state is InstanceState.RUNNING
        assert list(machines.guests) == [now.internal_name]
