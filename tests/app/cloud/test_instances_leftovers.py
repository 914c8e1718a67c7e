"""Ports of instances at hosts where they are not: seen twice, taken away once, and only when all agree."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
from tests.app.cloud.instance_stage import Stage, on_stage
from tests.app.cloud.test_instances import Preparing, ended_all

from netloom.app.cloud.hypervisors import GuestSeen, Hypervisors
from netloom.app.cloud.instances_report import InstanceWatch
from netloom.app.cloud.instances_run import LEAVE_TARGET, MIGRATE, LeaveTarget, MigrateInstance
from netloom.base.errors import Unavailable
from netloom.base.ids import HostId, NicId
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.jobs import Event
from netloom.store.cloud.records import columns


@dataclass
class Left:
    """An instance whose port is shown at its host and at another one."""

    stage: Stage
    machines: Preparing
    places: dict[NicId, set[HostId]]
    watch: InstanceWatch
    web: Instance
    other: str

    async def looks(self, times: int) -> list[str]:
        """Look so often; whom the adapter was told to abandon since the last time."""
        self.machines.calls.clear()
        for _ in range(times):
            await self.watch.step()
            await ended_all(self.stage, self.web)
        return [guest for call, guest in self.machines.calls if call == "abandon"]

    async def told(self) -> list[str]:
        found = await self.stage.read(
            lambda view: view.records.select(Event, columns(Event).type == "VM.STATE.SEEN")
        )
        return [event.description for event in found]


@pytest.fixture
async def left(tmp_path: pathlib.Path) -> AsyncIterator[Left]:
    async with on_stage(f"sqlite:///{tmp_path}/cloud.db") as stage:
        web = await stage.deploy("web1")
        (nic,) = await stage.nics(web)
        assert web.host_id is not None
        other = next(name for name, host in stage.hosts.items() if host != web.host_id)
        machines = Preparing(guests=stage.machines.guests, prepared={other})
        places = {NicId(nic.id): {web.host_id, stage.hosts[other]}}
        made = Left(stage, machines, places, InstanceWatch(stage.cloud), web, other)
        adapters = Hypervisors(
            [machines], lambda host_id: host_id not in stage.down, several=lambda: made.places
        )
        stage.cloud.backends = dataclasses.replace(stage.cloud.backends, hypervisors=adapters)
        yield made


async def test_what_two_looks_see_is_taken_away_and_told_once(left: Left) -> None:
    assert await left.looks(1) == []
    assert await left.looks(1) == [left.web.internal_name]
    assert left.machines.prepared == set()
    left.places.clear()
    assert await left.looks(3) == []
    [text] = await left.told()
    assert text == "interfaces of instance web1 that a migration left behind are gone"
    assert await left.stage.now(left.web) == left.web


async def test_what_stays_is_tried_again_more_and_more_seldom_and_not_told(left: Left) -> None:
    left.machines.refusals["abandon"] = Unavailable("it died again", code="hypervisor-away")
    assert len(await left.looks(8)) == 3  # the 2nd, the 4th, the 8th
    assert await left.told() == []


async def test_what_is_over_in_between_begins_anew(left: Left) -> None:
    whole = dict(left.places)
    assert await left.looks(1) == []
    left.places.clear()
    assert await left.looks(1) == []
    left.places.update(whole)
    assert await left.looks(1) == []


@pytest.mark.parametrize("why", ["not at home", "runs there too", "host away", "runs nowhere", "moving"])
async def test_what_is_not_sure_is_left_alone(left: Left, why: str) -> None:
    stage, name = left.stage, left.web.internal_name
    there = stage.hosts[left.other]
    if why == "not at home":
        left.places = {nic: {there} for nic in left.places}
    elif why == "runs there too":
        left.machines.foreign["twin"] = GuestSeen(name=name, host=left.other, running=True)
    elif why == "host away":
        stage.down.add(there)
    elif why == "runs nowhere":
        left.machines.guests[name].host = None
    else:
        moving = msgspec.structs.replace(left.web, state=InstanceState.MIGRATING, target_host_id=there)
        await stage.write(lambda work: work.update(moving))
    assert await left.looks(3) == []


async def test_who_moved_there_meanwhile_keeps_what_it_has(left: Left) -> None:
    stage, there = left.stage, left.stage.hosts[left.other]
    await stage.do(MIGRATE, MigrateInstance(id=left.web.id, host_id=there), stage.who.root)
    left.machines.calls.clear()
    await stage.do(LEAVE_TARGET, LeaveTarget(id=left.web.id, host_id=there, seen=True), stage.who.root)
    assert left.machines.calls == []
