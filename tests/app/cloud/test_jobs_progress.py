"""How far jobs are: told in memory, written of those that last, together; without hosts' names."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.rules_stage import staged
from tests.app.cloud.test_jobs import alert, ended, telling
from tests.app.cloud.test_jobs_faults import SYSTEM, ask, cloud_of

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.jobs_progress import TURN, JobProgress
from netloom.base.errors import Conflict
from netloom.model.cloud.jobs import Alert, Job, JobState


class HandClock:
    """Stands still until somebody moves it."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    async def sleep(self, _seconds: float) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def doing(tmp_path: pathlib.Path) -> AsyncIterator[Doing]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage.doing()


async def told(cloud: Cloud, job: Job) -> str:
    return (await cloud.read_as(SYSTEM, lambda view: view.get(Job, job.id))).progress


async def test_parts_are_told_with_their_numbers_and_parts_of_parts_with_both(doing: Doing) -> None:
    seen: list[str] = []
    for _tier in doing.each(["web", "db"], lambda name: f"restart tier {name}"):
        for _stage in doing.each(["firewall"], lambda name: f"apply {name}"):
            seen.append(doing.so_far)
    assert seen == [
        "restart tier web (1 of 2), apply firewall (1 of 1)",
        "restart tier db (2 of 2), apply firewall (1 of 1)",
    ]
    assert (doing.so_far, doing.last_step) == ("", seen[-1])


async def test_what_is_waited_for_is_told_without_the_host(doing: Doing) -> None:
    seen: list[tuple[str, str | None]] = []

    async def call() -> None:
        seen.append((doing.so_far, doing.waiting))

    doing.progress("move it (3 of 3)")
    await doing.hypervisor(call(), "move i-7-VM", "to h2")
    async with doing.turn("life/7"):
        pass
    assert seen == [
        ("move it (3 of 3), waits for the hypervisor to move i-7-VM", "the hypervisor to move i-7-VM to h2")
    ]


async def test_a_job_that_lasts_is_told_and_one_that_does_not_is_not(tmp_path: pathlib.Path) -> None:
    go = asyncio.Event()
    inside = asyncio.Queue[Doing]()

    async def apply(doing: Doing, record: Alert) -> None:
        doing.progress("half-way")
        inside.put_nowait(doing)
        await go.wait()
        if record.name == "fails":
            raise Conflict("no", code="no")

    use_case = telling(apply)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        clock = HandClock()
        cloud.jobs._progress = progress = JobProgress(cloud, clock)
        jobs = [await ask(cloud, use_case, name) for name in ("one", "fails")]
        doings = {each.job.id: each for each in [await inside.get(), await inside.get()]}
        assert await progress.write() == 0
        clock.time = TURN
        assert await progress.write() == 2
        assert [await told(cloud, job) for job in jobs] == ["half-way", "half-way"]
        doings[jobs[0].id].progress("nearly there")
        assert await progress.write() == 1
        assert await progress.write() == 0
        assert [await told(cloud, job) for job in jobs] == ["nearly there", "half-way"]
        go.set()
        well, badly = [await ended(cloud, job) for job in jobs]
        assert (well.state, well.progress) == (JobState.SUCCEEDED, "")
        assert (badly.state, badly.progress) == (JobState.FAILED, "half-way")
        clock.time *= 2
        assert await progress.write() == 0
        assert (await alert(cloud, badly.resource_id or "")).description == "undone: no"


async def test_a_job_that_begins_again_is_not_where_it_was(tmp_path: pathlib.Path) -> None:
    url = f"sqlite:///{tmp_path}/cloud.db"
    begun, go = asyncio.Event(), asyncio.Event()

    async def apply(doing: Doing, _record: Alert) -> None:
        doing.progress("begun")
        begun.set()
        await go.wait()

    use_case = telling(apply, queue="one")
    async with cloud_of(url, use_case) as cloud:
        clock = HandClock()
        cloud.jobs._progress = progress = JobProgress(cloud, clock)
        job = await ask(cloud, use_case)
        await begun.wait()
        clock.time = TURN
        assert await progress.write() == 1
    begun.clear()
    async with cloud_of(url, use_case) as cloud:
        await begun.wait()
        assert await told(cloud, job) == ""
        go.set()
        assert (await ended(cloud, job)).state is JobState.SUCCEEDED
