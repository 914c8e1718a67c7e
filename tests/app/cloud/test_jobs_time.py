"""Jobs whose second half, provider or hypervisor never answers: they fail, are undone, and hold nobody up."""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.rules_stage import Stage, staged
from tests.app.cloud.test_jobs import Tell, alert, ended, telling
from tests.app.cloud.test_jobs_faults import SYSTEM, Steps, alerts, ask, cloud_of, until

from netloom.app.cloud import jobs
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.jobs_book import Result
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.networks_life import IMPLEMENT, OneNetwork
from netloom.app.cloud.patience import Patience
from netloom.app.cloud.work import Work
from netloom.app.states import write_states
from netloom.base.errors import Conflict, PeerError
from netloom.model.cloud.jobs import Alert, JobState
from netloom.model.cloud.rules import FirewallRule, RuleState
from netloom.model.cloud.untold import Untold
from netloom.model.kinds import Kind
from netloom.model.states import NetworkState
from netloom.plan.elements import RuleStage

SHORT = Patience(job=0.05, provider=0.05, hypervisor=0.05)


def impatient(cloud: Cloud, patience: Patience = SHORT) -> None:
    cloud.backends = dataclasses.replace(cloud.backends, patience=patience)


@pytest.fixture
def url(tmp_path: pathlib.Path) -> str:
    return f"sqlite:///{tmp_path}/cloud.db"


async def hangs(doing: Doing, _record: Alert) -> None:
    with doing.waits_for("a switch that is not there"):
        await asyncio.Event().wait()


async def test_a_job_that_never_ends_fails_and_its_queue_goes_on(url: str) -> None:
    async def apply(doing: Doing, record: Alert) -> None:
        if record.name == "one":
            await hangs(doing, record)

    use_case = telling(apply, queue="one")
    async with cloud_of(url, use_case) as cloud:
        impatient(cloud)
        job, behind = await ask(cloud, use_case), await ask(cloud, use_case, "behind")
        after = await ended(cloud, job)
        assert (after.state, after.error_code, after.error_kind) == (
            JobState.FAILED,
            "job-out-of-time",
            "PeerError",
        )
        assert "it waited for a switch that is not there" in (after.error_text or "")
        assert (await alert(cloud, job.resource_id or "")).description == "undone: job-out-of-time"
        assert (await ended(cloud, behind)).state is JobState.SUCCEEDED
        await until(lambda: cloud.jobs.counters().oldest is None)
        assert cloud.jobs.counters().results[Result.OUT_OF_TIME] == 1
        [raised] = await alerts(cloud, "job/alert.tell")
        assert "a switch that is not there" in raised.description


async def test_a_use_case_that_needs_longer_has_longer(url: str) -> None:
    steps = Steps()
    quick, slow = (
        telling(hangs),
        dataclasses.replace(telling(steps.apply), name="alert.slow", longer=1_000.0),
    )
    async with cloud_of(url, quick, slow) as cloud:
        impatient(cloud)
        job = await ask(cloud, slow)
        assert (await ended(cloud, await ask(cloud, quick, "quick"))).error_code == "job-out-of-time"
        steps.go.set()
        assert (await ended(cloud, job)).state is JobState.SUCCEEDED


async def test_time_in_which_a_job_waits_for_another_one_does_not_count(url: str) -> None:
    steps = Steps()
    child = dataclasses.replace(telling(steps.apply), name="alert.child")

    async def apply(doing: Doing, _record: Alert) -> None:
        job_id = await doing.ask(child, Tell("child"))
        assert job_id is not None
        await doing.ended(job_id)

    parent = telling(apply)
    async with cloud_of(url, parent, child) as cloud:
        job = await ask(cloud, parent)
        await steps.begun.wait()
        await until(lambda: any(each.is_paused for each in cloud.jobs._running.values()))
        assert sorted(each.is_paused for each in cloud.jobs._running.values()) == [False, True]
        steps.go.set()
        assert (await ended(cloud, job)).state is JobState.SUCCEEDED


async def test_a_second_half_that_does_not_stop_when_told_changes_nothing_any_more(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "GRACE", 0.01)
    go, refused = asyncio.Event(), asyncio.Queue[str]()

    async def stubborn(doing: Doing, _record: Alert) -> None:
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue
        try:
            await doing.write(lambda work: None)
        except Conflict as error:
            refused.put_nowait(error.stable_code)
        try:
            doing.progress("late")
        except Conflict as error:
            refused.put_nowait(error.stable_code)

    use_case = telling(stubborn, queue="one")
    async with cloud_of(url, use_case) as cloud:
        impatient(cloud)
        assert (await ended(cloud, await ask(cloud, use_case))).error_code == "job-out-of-time"
        go.set()
        assert [await refused.get() for _ in range(2)] == ["job-over", "job-over"]


async def test_a_job_that_hung_when_netloom_stopped_is_tried_again_and_ends(url: str) -> None:
    runs = asyncio.Queue[str]()

    async def apply(doing: Doing, record: Alert) -> None:
        runs.put_nowait(record.name)
        await hangs(doing, record)

    use_case = telling(apply, queue="one")
    async with cloud_of(url, use_case) as cloud:
        job, behind = await ask(cloud, use_case), await ask(cloud, use_case, "behind")
        assert await runs.get() == "one"
    async with opened(url, Backends(patience=SHORT), {use_case.name: use_case}) as cloud:
        for each in (job, behind):
            assert (await ended(cloud, each)).error_code == "job-out-of-time"
        assert [runs.get_nowait() for _ in range(2)] == ["one", "behind"]


async def test_who_waits_behind_a_job_that_hangs_can_be_cancelled(url: str) -> None:
    use_case = telling(hangs, queue="one")
    async with cloud_of(url, use_case) as cloud:
        job, behind = await ask(cloud, use_case), await ask(cloud, use_case, "behind")
        assert (await cloud.jobs.cancel(SYSTEM, behind.id)).state is JobState.CANCELLED
        with pytest.raises(Conflict) as caught:
            await cloud.jobs.cancel(SYSTEM, job.id)
        assert caught.value.stable_code == "bad-transition"


async def test_the_turn_that_a_job_waits_for_is_told(url: str) -> None:
    holding, go = asyncio.Event(), asyncio.Event()

    async def apply(doing: Doing, record: Alert) -> None:
        async with doing.turn("life/7"):
            if record.name == "holds":
                holding.set()
                await go.wait()

    patient = dataclasses.replace(telling(apply), name="alert.holds", longer=1_000.0)
    use_case = telling(apply)
    async with cloud_of(url, patient, use_case) as cloud:
        impatient(cloud)
        first = await ask(cloud, patient, "holds")
        await holding.wait()
        after = await ended(cloud, await ask(cloud, use_case))
        assert "it waited for its turn with life/7" in (after.error_text or "")
        go.set()
        assert (await ended(cloud, first)).state is JobState.SUCCEEDED
        assert len(cloud.backends.turns) == 0


# -- providers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def stage(url: str) -> AsyncIterator[Stage]:
    async with staged(url) as stage:
        yield stage


async def test_a_provider_that_never_answers_fails_the_rule_and_is_told_later(stage: Stage) -> None:
    ip = await stage.address()
    impatient(stage.cloud, Patience(provider=0.05))
    stage.notebook.hanging.add(RuleStage.FIREWALL)
    with pytest.raises(PeerError, match=r"did not apply the firewall rules of network") as caught:
        await stage.open(ip, 80)
    assert caught.value.stable_code == "provider-slow"
    assert [each.place for each in await stage.all(Untold)] == [f"network/{stage.network.id}"]
    assert len(await alerts(stage.cloud, "job/firewall_rule.create")) == 1
    stage.notebook.hanging.clear()
    await stage.open(ip, 443)
    ports = {
        rule.start_port: rule.state
        for rule in await stage.all(FirewallRule)
        if rule.state is RuleState.ACTIVE
    }
    assert 443 in ports


async def test_a_network_whose_provider_hangs_is_down_again_and_comes_up_later(stage: Stage) -> None:
    await stage.write(lambda work: _down(work, stage))
    impatient(stage.cloud, Patience(provider=0.05))
    stage.notebook.hanging.add("implement")
    with pytest.raises(PeerError, match="did not implement network"):
        await stage.do(IMPLEMENT, OneNetwork(id=stage.network.id))
    assert await state(stage) is NetworkState.ALLOCATED
    stage.notebook.hanging.clear()
    await stage.do(IMPLEMENT, OneNetwork(id=stage.network.id))
    assert await state(stage) is NetworkState.IMPLEMENTED


async def test_a_network_whose_job_was_cut_off_comes_up_with_the_next(stage: Stage) -> None:
    """Cut off, and not refused: nobody took it down, it is found Implementing, and done again."""
    await stage.write(lambda work: _down(work, stage))
    impatient(stage.cloud, Patience(job=2.0))  # long enough to come to the provider
    stage.notebook.hanging.add("implement")
    with pytest.raises(PeerError, match="it waited for the provider VirtualRouter to implement") as caught:
        await stage.do(IMPLEMENT, OneNetwork(id=stage.network.id))
    assert caught.value.stable_code == "job-out-of-time"
    assert await state(stage) is NetworkState.IMPLEMENTING
    stage.notebook.hanging.clear()
    impatient(stage.cloud, Patience())
    await stage.do(IMPLEMENT, OneNetwork(id=stage.network.id))
    assert await state(stage) is NetworkState.IMPLEMENTED


async def state(stage: Stage) -> NetworkState:
    return await stage.read(lambda view: native(view, stage.network).state)


def _down(work: Work, stage: Stage) -> None:
    """Have the network be as it was before anybody needed it."""
    row = native(work, stage.network)
    write_states(work.tx, [(Kind.NETWORK, row.id, row.name, row.generation, NetworkState.ALLOCATED.value)])
