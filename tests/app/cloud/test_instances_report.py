"""What hypervisors report: states put right, machines taken over."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.instance_stage import Stage, on_stage

from netloom.app.cloud.hypervisors import GuestPlan, GuestSeen, HostFacts, NicSeen
from netloom.app.cloud.instances_import import IMPORT, ImportInstance, stray_called, strays
from netloom.app.cloud.instances_report import compare
from netloom.app.cloud.instances_run import REBOOT, STOP, RebootInstance, StopInstance
from netloom.base.errors import InvalidInput, NotFound
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.jobs import Event
from netloom.store.cloud.records import columns

MACHINE = GuestSeen(
    name="old-db",
    host="h2",
    running=True,
    memory=2048,
    nics=(
        NicSeen(mac="52:54:00:00:00:01", identity="tap-7", addresses=("10.1.1.9", "192.0.2.7")),
        NicSeen(mac="52:54:00:00:00:02"),
    ),
)


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with on_stage(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_a_report_puts_states_right(stage: Stage) -> None:
    gone, moved, back = [await stage.deploy(name) for name in ("gone", "moved", "back")]
    await stage.do(STOP, StopInstance(id=back.id))
    other = next(name for name, host in stage.hosts.items() if host != moved.host_id)
    stage.machines.guests[gone.internal_name].host = None
    stage.machines.guests[moved.internal_name].host = other
    stage.machines.guests[back.internal_name].host = "h1"
    assert await compare(stage.cloud, stage.machines) == 3
    now = [await stage.now(each) for each in (gone, moved, back)]
    assert [(each.state, each.host_id) for each in now if each is not None] == [
        (InstanceState.STOPPED, None),
        (InstanceState.RUNNING, stage.hosts[other]),
        (InstanceState.RUNNING, stage.hosts["h1"]),
    ]
    told = await stage.read(lambda view: view.records.count(Event, columns(Event).type == "VM.STATE.SEEN"))
    assert told == 3
    assert await compare(stage.cloud, stage.machines) == 0


async def test_nothing_is_concluded_of_a_host_that_is_away(stage: Stage) -> None:
    web = await stage.deploy("web1")
    assert web.host_id is not None
    stage.machines.guests.clear()
    stage.down.add(web.host_id)
    assert await compare(stage.cloud, stage.machines) == 0
    stage.down.clear()
    assert await compare(stage.cloud, stage.machines) == 1


async def test_an_instance_that_is_rebooted_meanwhile_is_left_alone(stage: Stage) -> None:
    web = await stage.deploy("web1")
    reached, go_on = asyncio.Event(), asyncio.Event()
    start = stage.machines.start

    async def slow(guest: GuestPlan, host: HostFacts) -> None:
        reached.set()
        await go_on.wait()
        await start(guest, host)

    stage.machines.start = slow  # type: ignore[method-assign]
    done = await stage.cloud.do(stage.who.alice, REBOOT, RebootInstance(id=web.id))
    await asyncio.wait_for(reached.wait(), 30)
    assert stage.machines.guests[web.internal_name].host is None
    assert await compare(stage.cloud, stage.machines) == 0
    go_on.set()
    await stage.end(done)
    now = await stage.now(web)
    assert now is not None
    assert now.state is InstanceState.RUNNING


async def imported(stage: Stage, **more: object) -> Instance:
    """The machine, taken over for Alice."""
    stray = stray_called(await strays(stage.cloud), "old-db")
    back = await stage.a_network("back", cidr="10.2.2.0/24")
    request = ImportInstance(
        stray=stray,
        service_offering_id=stage.size.id,
        networks={MACHINE.nics[0].mac: stage.network.id, MACHINE.nics[1].mac: back.id},
        account="alice",
        domain_id=stage.who.acme.id,
    )
    return await stage.do(IMPORT, msgspec.structs.replace(request, **more), stage.who.root)


async def test_a_machine_is_taken_over_with_its_interfaces(stage: Stage) -> None:
    stage.machines.foreign["old-db"] = MACHINE
    web = await stage.deploy("web1")
    assert [stray.seen.name for stray in await strays(stage.cloud)] == ["old-db"]  # web1 is no stray
    made = await imported(stage)
    front, back = await stage.nics(made)
    native = (await stage.natives([front]))[front.id]
    assert (made.state, made.host_id) == (InstanceState.RUNNING, stage.hosts["h2"])
    assert (made.account_id, made.external_id) == (web.account_id, "old-db")
    assert (front.mac, front.ipv4, native.identity) == ("52:54:00:00:00:01", "10.1.1.9", "tap-7")
    assert (back.mac, back.ipv4) == ("52:54:00:00:00:02", "10.2.2.2")
    assert stage.machines.guests["old-db"].plan.name == "old-db"
    stage.machines.foreign.clear()
    assert await strays(stage.cloud) == []
    assert (await stage.do(STOP, StopInstance(id=made.id))).state is InstanceState.STOPPED


async def test_what_cannot_be_taken_over(stage: Stage) -> None:
    stage.machines.foreign["old-db"] = MACHINE
    with pytest.raises(NotFound):
        stray_called(await strays(stage.cloud), "new-db")
    with pytest.raises(InvalidInput, match="52:54:00:00:00:02"):
        await imported(stage, networks={MACHINE.nics[0].mac: stage.network.id})
