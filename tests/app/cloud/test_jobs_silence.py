"""Jobs while PostgreSQL says nothing and closes nothing: they wait, and end once when it speaks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.app.cloud.test_jobs import Tell, alert, ended, telling
from tests.app.cloud.test_jobs_faults import SYSTEM, Steps, alerts, ask, events, until
from tests.sandbox.silent_proxy import SilentProxy, silent_proxy
from tests.store.test_silence import IMPATIENT, at
from tests.testing import templates

from netloom.aio.backoff import BackoffPolicy
from netloom.aio.tasks import TaskKit
from netloom.app.cloud import jobs, store_gate
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.jobs_book import Phase
from netloom.app.cloud.seed import seed_all
from netloom.app.cloud.usecase import UseCase
from netloom.base.errors import Unavailable
from netloom.model.cloud.jobs import Alert, EventState, JobState
from netloom.store.store import StoreOptions, open_store

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = BackoffPolicy(first=0.01, limit=0.05)
    monkeypatch.setattr(store_gate, "RETRY", quick)
    monkeypatch.setattr(jobs, "REPEAT", quick)


@asynccontextmanager
async def cloud_behind_a_door(use_case: UseCase[Tell, Alert]) -> AsyncIterator[tuple[Cloud, SilentProxy]]:
    url = await asyncio.to_thread(templates.migrated_postgres)
    async with (
        silent_proxy(url) as (proxy, through),
        open_store(StoreOptions(through, timeouts=IMPATIENT)) as store,
        TaskKit("cloud") as kit,
    ):
        cloud = Cloud(store, Backends(), {use_case.name: use_case})
        await cloud.write_as(SYSTEM, "seed", seed_all)
        kit.launch(cloud.run(), "jobs")
        yield cloud, proxy
        proxy.speak()


async def test_a_job_ends_once_when_a_silent_database_speaks_again() -> None:
    steps = Steps()
    use_case = telling(steps.apply, queue="one")
    async with cloud_behind_a_door(use_case) as (cloud, proxy):
        job, behind = await ask(cloud, use_case), await ask(cloud, use_case, "behind")
        await steps.begun.wait()
        proxy.go_silent()
        steps.go.set()
        await until(lambda: cloud.jobs.counters().waiting == 1)
        assert cloud.jobs.counters().open[Phase.ENDING] == 1
        assert "store-unavailable" in (cloud._store.health.trouble or "")
        with pytest.raises(Unavailable) as caught:
            await cloud.do(SYSTEM, use_case, Tell("refused"))
        assert (caught.value.stable_code, caught.value.status) == ("store-unavailable", 503)
        proxy.speak()
        for each in (job, behind):
            assert (await ended(cloud, each)).state is JobState.SUCCEEDED
        assert (await alert(cloud, job.resource_id or "")).description == "made true"
        await until(lambda: cloud._store.health.trouble is None)
        await until(lambda: cloud.jobs.counters().oldest is None)
        assert "for the store (store-" in (await alerts(cloud, "store"))[0].description


async def test_an_end_whose_commit_was_kept_and_never_answered_is_not_written_twice() -> None:
    steps = Steps()
    use_case = telling(steps.apply)
    async with cloud_behind_a_door(use_case) as (cloud, proxy):
        job = await ask(cloud, use_case)
        await steps.begun.wait()
        at(cloud._store, "COMMIT", lambda: proxy.go_silent("back"))
        steps.go.set()
        await until(lambda: cloud.jobs.counters().waiting == 1)
        proxy.speak()
        assert (await ended(cloud, job)).state is JobState.SUCCEEDED
        assert steps.endings == 1
        assert len([state for state, _ in await events(cloud) if state is EventState.COMPLETED]) == 1
