"""A job that is under way when another netloomd takes the store: it is not said to be done, and the other one does it."""

from __future__ import annotations

import asyncio
import pathlib

import pytest
from tests.app.cloud.test_jobs import Tell, ended, telling
from tests.app.cloud.test_jobs_faults import SYSTEM, Steps, ask, until
from tests.sandbox.postgres import shared_server
from tests.testing.sole_owner import never, owner

from netloom.aio.backoff import BackoffPolicy
from netloom.aio.tasks import TaskKit
from netloom.app.cloud import store_gate
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.seed import seed_all
from netloom.model.cloud.jobs import Job, JobState
from netloom.store.store import StoreOptions, open_store
from netloom.store.term import StoreTaken


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    if request.param == "postgresql":
        return await asyncio.to_thread(shared_server().new_database)
    return f"sqlite:///{tmp_path}/netloom.db"


async def test_a_job_whose_term_is_over_is_not_done_and_the_next_owner_does_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_gate, "RETRY", BackoffPolicy(first=0.01, limit=0.05))
    lost: list[None] = []
    steps = Steps()
    use_case = telling(steps.apply, queue="one")
    async with (
        open_store(StoreOptions(url), alone=owner(lambda: lost.append(None))) as older,
        TaskKit("older") as kit,
    ):
        cloud = Cloud(older, Backends(), {use_case.name: use_case})
        await cloud.write_as(SYSTEM, "seed", seed_all)
        kit.launch(cloud.run(), "jobs")
        job = await ask(cloud, use_case)
        await steps.begun.wait()
        async with open_store(StoreOptions(url), alone=owner(never)) as newer:
            steps.go.set()
            await until(lambda: cloud.jobs.counters().waiting == 1)
            with pytest.raises(StoreTaken):
                await cloud.do(SYSTEM, use_case, Tell("refused"))
            next_one = Cloud(newer, Backends(), {use_case.name: use_case})
            found = await next_one.read_as(SYSTEM, lambda view: view.records.get(Job, job.id))
            assert found is not None
            assert found.state is JobState.RUNNING
            assert len(lost) == 1
            await kit.close()  # it ends
            async with TaskKit("newer") as other:
                other.launch(next_one.run(), "jobs")
                assert (await ended(next_one, job)).state is JobState.SUCCEEDED
    assert steps.endings == 1
