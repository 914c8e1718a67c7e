"""A host dies with instances on it: what becomes of them, what operators are told, and what when it comes back."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.instance_stage import Stage, on_stage

from netloom.app.cloud.hypervisors import GuestSeen
from netloom.app.cloud.instances_report import InstanceWatch
from netloom.app.cloud.instances_run import (
    MIGRATE,
    START,
    STOP,
    MigrateInstance,
    StartInstance,
    StopInstance,
)
from netloom.base.errors import NetloomError, Unavailable
from netloom.model.cloud.instances import Instance, InstanceState
from netloom.model.cloud.jobs import Alert, Job

AWAY = Unavailable("no route to host", code="hypervisor-away")


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with on_stage(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def alerts(stage: Stage) -> list[tuple[int, str, bool]]:
    """The alerts: type, subject, whether it is over."""
    found = await stage.read(lambda view: view.records.select(Alert))
    return [(alert.type, alert.subject, alert.archived) for alert in found]


def dies(stage: Stage, instance: Instance) -> str:
    """The host of an instance is not to be reached any more; its name."""
    assert instance.host_id is not None
    stage.down.add(instance.host_id)
    name = next(name for name, host in stage.hosts.items() if host == instance.host_id)
    for call in ("start", "stop", "migrate"):
        stage.machines.refusals[f"{call} {name}"] = AWAY
    return name


def comes_back(stage: Stage) -> None:
    """All hosts can be reached."""
    stage.down.clear()
    stage.machines.refusals.clear()


async def test_operators_hear_of_a_host_that_stays_away_until_it_is_back(stage: Stage) -> None:
    web = await stage.deploy("web1")
    watch = InstanceWatch(stage.cloud)
    dies(stage, web)
    await watch.step()
    assert await alerts(stage) == [], "a switch that is restarted is away for a moment"
    for _ in range(3):
        await watch.step()
        assert await alerts(stage) == [(7, f"host/{web.host_id}", False)]
    [alert] = await stage.read(lambda view: view.records.select(Alert))
    assert alert.times == 1
    assert "instances on it: 1" in alert.description
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id) == (InstanceState.RUNNING, web.host_id)
    comes_back(stage)
    await InstanceWatch(stage.cloud).step()  # after a restart as well
    assert await alerts(stage) == [(7, f"host/{web.host_id}", True)]
    assert await stage.now(web) == now


async def test_what_ran_on_a_dead_host_is_started_elsewhere_and_the_old_guest_is_told_of(
    stage: Stage,
) -> None:
    web = await stage.deploy("web1")
    watch = InstanceWatch(stage.cloud)
    old = dies(stage, web)
    with pytest.raises(NetloomError, match="no route"):
        await stage.do(STOP, StopInstance(id=web.id))
    stopped = await stage.do(STOP, StopInstance(id=web.id, forced=True))
    assert (stopped.state, stopped.host_id) == (InstanceState.STOPPED, None)
    again = await stage.do(START, StartInstance(id=web.id))
    assert again.state is InstanceState.RUNNING
    assert again.host_id not in (None, web.host_id)
    comes_back(stage)
    stage.machines.foreign["left"] = GuestSeen(name=web.internal_name, host=old, running=True)
    for _ in range(2):
        await watch.step()
    assert await stage.now(web) == again, "where the record says, not where it was"
    assert await alerts(stage) == [(8, f"instance/{web.id}", False)]
    del stage.machines.foreign["left"]
    await watch.step()
    assert await alerts(stage) == [(8, f"instance/{web.id}", True)]


async def test_a_guest_that_ran_on_while_it_was_taken_for_stopped_is_running(stage: Stage) -> None:
    web = await stage.deploy("web1")
    dies(stage, web)
    await stage.do(STOP, StopInstance(id=web.id, forced=True))
    comes_back(stage)
    await InstanceWatch(stage.cloud).step()
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id) == (InstanceState.RUNNING, web.host_id)


async def test_a_host_that_dies_under_a_start_is_left_for_another(stage: Stage) -> None:
    stage.machines.refusals["start h1"] = stage.machines.refusals["stop h1"] = AWAY
    web = await stage.deploy("web1")
    assert (web.state, web.host_id) == (InstanceState.RUNNING, stage.hosts["h2"])


@pytest.mark.parametrize("dead", ["source", "target"])
async def test_a_host_that_dies_under_a_migration_leaves_the_instance_where_its_guest_is(
    stage: Stage, dead: str
) -> None:
    web = await stage.deploy("web1")
    source = next(name for name, host in stage.hosts.items() if host == web.host_id)
    target = next(name for name in stage.hosts if name != source)
    stage.machines.refusals["migrate"] = AWAY
    with pytest.raises(NetloomError, match="no route"):
        await stage.do(MIGRATE, MigrateInstance(id=web.id, host_id=stage.hosts[target]), stage.who.root)
    now = await stage.now(web)
    assert now is not None
    assert (now.state, now.host_id, now.target_host_id) == (InstanceState.RUNNING, web.host_id, None)
    assert now.reason == "no route to host"
    for job in await stage.read(lambda view: view.records.select(Job)):
        await stage.cloud.jobs.settled(job.id, 30.0)  # what was made at the target is taken away
    stage.down.add(stage.hosts[source if dead == "source" else target])
    arrived = dead == "source"  # the last thing that the source did was to let it go
    stage.machines.guests[web.internal_name].host = target if arrived else source
    await InstanceWatch(stage.cloud).step()
    now = await stage.now(web)
    assert now is not None
    assert now.host_id == stage.hosts[target if arrived else source]
