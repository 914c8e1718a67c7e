"""Jobs while the store fails, netloom stops, or what they need is gone: each of them ends, once.

The store's own edge fails here: SQLite is made read-only or full by its pragmas, PostgreSQL is stopped as by a power cut.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.app.cloud.clouds import opened
from tests.app.cloud.test_jobs import Tell, alert, ended, telling
from tests.sandbox.postgres import PostgresServer

from netloom.aio.backoff import BackoffPolicy
from netloom.app.cloud import jobs, store_gate
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.jobs_book import Phase, Result
from netloom.app.cloud.jobs_units import open_for
from netloom.app.cloud.usecase import AnyUseCase, Ending, UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, NetloomError, Unavailable
from netloom.base.ids import Uuid
from netloom.model.cloud.jobs import Alert, Event, EventLevel, EventState, Job, JobState
from netloom.store.cloud.records import columns
from netloom.store.database import SqliteDatabase

Second = Callable[[Doing, Alert], Awaitable[Ending | None]]
SYSTEM = system_caller()


class Trouble:
    """A store of one's own that can be taken away."""

    def __init__(self, url: str, server: PostgresServer | None) -> None:
        self.url = url
        self._server = server

    async def begin(self, cloud: Cloud) -> None:
        if self._server is None:
            await _pragma(cloud, "query_only=ON")
        else:
            await asyncio.to_thread(self._server.halt)

    async def end(self, cloud: Cloud) -> None:
        if self._server is None:
            await _pragma(cloud, "query_only=OFF")
        else:
            await asyncio.to_thread(self._server.start)


async def _pragma(cloud: Cloud, text: str) -> None:
    """Set something on the connection that writes, outside of any transaction."""
    database = cloud._store._database
    assert isinstance(database, SqliteDatabase)

    def set_it() -> None:
        connection = database._writing.raw_connection()
        try:
            connection.cursor().execute(f"PRAGMA {text}").close()
        finally:
            connection.close()

    await asyncio.get_running_loop().run_in_executor(database._writer, set_it)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    made = PostgresServer()
    yield made
    made.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def trouble(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Trouble:
    if request.param == "sqlite":
        return Trouble(f"sqlite:///{tmp_path}/cloud.db", None)
    server: PostgresServer = request.getfixturevalue("server")
    return Trouble(server.new_database(), server)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = BackoffPolicy(first=0.01, limit=0.05)
    monkeypatch.setattr(store_gate, "RETRY", quick)
    monkeypatch.setattr(jobs, "REPEAT", quick)


@asynccontextmanager
async def cloud_of(url: str, *use_cases: UseCase[Tell, Alert]) -> AsyncIterator[Cloud]:
    by_name: dict[str, AnyUseCase] = {use_case.name: use_case for use_case in use_cases}
    async with opened(url, use_cases=by_name) as cloud:
        yield cloud


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for are counters
            await asyncio.sleep(0.005)


async def ask(cloud: Cloud, use_case: UseCase[Tell, Alert], name: str = "one") -> Job:
    job = (await cloud.do(SYSTEM, use_case, Tell(name))).job
    assert job is not None
    return job


async def events(cloud: Cloud) -> list[tuple[EventState, EventLevel]]:
    found = await cloud.read_as(
        SYSTEM, lambda view: view.records.select(Event, columns(Event).type == "ALERT.TELL")
    )
    return [(event.state, event.level) for event in found]


async def alerts(cloud: Cloud, subject: str) -> list[Alert]:
    return await cloud.read_as(
        SYSTEM, lambda view: view.records.select(Alert, columns(Alert).subject == subject)
    )


@dataclasses.dataclass
class Steps:
    """A second half that stops until it is let go on, and counts."""

    begun: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    go: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    runs: int = 0
    endings: int = 0

    async def apply(self, _doing: Doing, record: Alert) -> Ending:
        self.runs += 1
        self.begun.set()
        await self.go.wait()

        def ending(work: Work) -> None:
            self.endings += 1
            work.update(msgspec.structs.replace(record, description="made true"))

        return ending


async def test_a_job_ends_once_when_the_store_is_back(trouble: Trouble) -> None:
    steps = Steps()
    use_case = telling(steps.apply, queue="one")
    async with cloud_of(trouble.url, use_case) as cloud:
        job, behind = await ask(cloud, use_case), await ask(cloud, use_case, "behind")
        await steps.begun.wait()
        with capture_logs() as logs:
            await trouble.begin(cloud)
            steps.go.set()
            await until(lambda: cloud.jobs.counters().waiting == 1)
            counters = cloud.jobs.counters()
            assert (counters.open[Phase.ENDING], counters.open[Phase.QUEUED]) == (1, 1)
            assert counters.oldest == job.created_at
            await trouble.end(cloud)
            states = [(await ended(cloud, each)).state for each in (job, behind)]
            await until(lambda: cloud.jobs.counters().oldest is None)
        assert states == [JobState.SUCCEEDED, JobState.SUCCEEDED]
        assert steps.runs == 2
        assert (await alert(cloud, job.resource_id or "")).description == "made true"
        done = (EventState.COMPLETED, EventLevel.INFO)
        assert (await events(cloud)).count(done) == 2
        assert cloud.jobs.counters().results[Result.SUCCEEDED] == 2
        told = [entry["event"] for entry in logs]
        assert "store is away" in told
        assert "store is back" in told
        raised = (await alerts(cloud, "store"))[0]
        assert "for the store (store-" in raised.description


async def test_a_second_half_that_the_store_fails_runs_again(trouble: Trouble) -> None:
    runs, begun, go = list[str](), asyncio.Event(), asyncio.Event()

    async def apply(doing: Doing, record: Alert) -> None:
        runs.append(record.name)
        begun.set()
        await go.wait()
        await doing.write(lambda work: work.update(msgspec.structs.replace(record, description="kept")))

    use_case = telling(apply)
    async with cloud_of(trouble.url, use_case) as cloud:
        job = await ask(cloud, use_case)
        await begun.wait()
        await trouble.begin(cloud)
        go.set()
        await until(lambda: cloud.jobs.counters().repeated > 0)
        await trouble.end(cloud)
        assert (await ended(cloud, job)).state is JobState.SUCCEEDED
        assert len(runs) >= 2
        assert (await alert(cloud, job.resource_id or "")).description == "kept"


async def test_a_failure_is_written_when_the_store_is_back(trouble: Trouble) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def apply(_doing: Doing, _record: Alert) -> None:
        begun.set()
        await go.wait()
        raise Conflict("a host says no", code="host-refused")

    use_case = telling(apply)
    async with cloud_of(trouble.url, use_case) as cloud:
        job = await ask(cloud, use_case)
        await begun.wait()
        await trouble.begin(cloud)
        go.set()
        await until(lambda: cloud.jobs.counters().waiting == 1)
        await trouble.end(cloud)
        after = await ended(cloud, job)
        assert (after.state, after.error_code) == (JobState.FAILED, "host-refused")
        assert (await alert(cloud, job.resource_id or "")).description == "undone: host-refused"


async def test_netloom_that_stops_while_the_store_is_away_leaves_the_job_to_the_next_start(
    trouble: Trouble,
) -> None:
    steps = Steps()
    use_case = telling(steps.apply, queue="one")
    async with cloud_of(trouble.url, use_case) as cloud:
        job, behind = await ask(cloud, use_case), await ask(cloud, use_case, "behind")
        await steps.begun.wait()
        await trouble.begin(cloud)
        steps.go.set()
        await until(lambda: cloud.jobs.counters().waiting == 1)
    if trouble.url.startswith("postgresql"):
        await trouble.end(cloud)
    assert steps.endings <= 1
    async with cloud_of(trouble.url, use_case) as cloud:
        for each in (job, behind):
            assert (await ended(cloud, each)).state is JobState.SUCCEEDED
        assert steps.runs == 3


async def test_a_full_disk_holds_an_end_up_until_there_is_room(tmp_path: pathlib.Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def apply(_doing: Doing, record: Alert) -> Ending:
        begun.set()
        await go.wait()
        return lambda work: work.update(msgspec.structs.replace(record, description="x" * 200_000)) and None

    use_case = telling(apply)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        job = await ask(cloud, use_case)
        await begun.wait()
        with capture_logs() as logs:
            await _pragma(cloud, "max_page_count=1")  # as many as there are now
            go.set()
            await until(lambda: cloud.jobs.counters().waiting == 1)
            await until(lambda: any(entry.get("code") == "store-full" for entry in logs))
            await _pragma(cloud, "max_page_count=100000")
            assert (await ended(cloud, job)).state is JobState.SUCCEEDED


async def test_an_end_whose_answer_was_lost_is_not_written_twice(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit was kept and the connection went before its answer came."""
    steps = Steps()
    use_case = telling(steps.apply)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        job = await ask(cloud, use_case)
        await steps.begun.wait()
        database = cloud._store._database
        write, lost = database.write, list[int]()

        async def losing(work: Callable[[object], object]) -> object:
            result = await write(work)  # type: ignore[arg-type]
            if not lost:
                lost.append(1)
                raise Unavailable("gone", code="store-unavailable", subject="store")
            return result

        monkeypatch.setattr(database, "write", losing)
        steps.go.set()
        assert (await ended(cloud, job)).state is JobState.SUCCEEDED
        assert (lost, steps.endings) == ([1], 1)
        assert len([state for state, _ in await events(cloud) if state is EventState.COMPLETED]) == 1


async def test_a_job_whose_commit_was_not_answered_is_found_and_run(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        return None

    monkeypatch.setattr(jobs, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(jobs, "UNTAKEN_AFTER", dt.timedelta())
    use_case = telling(apply, queue="one")
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        await cloud.jobs.settled(Uuid("none"), 30)  # what an earlier run left would be found otherwise
        done = await cloud.write_as(SYSTEM, "test", lambda work: cloud.begin(work, use_case, Tell("one")))
        assert done.job is not None  # nobody says `take`
        await until(lambda: cloud.jobs.counters().results[Result.SUCCEEDED] == 1)
        assert (await ended(cloud, done.job)).state is JobState.SUCCEEDED
        assert cloud.jobs.counters().found == 1


async def test_a_job_from_before_the_clock_was_set_back_is_found(tmp_path: pathlib.Path) -> None:
    def ahead(work: Work, by: dt.timedelta) -> None:
        for job in work.records.select(Job):
            work.records.update(msgspec.structs.replace(job, created_at=work.at + by))

    use_case, age = telling(Steps().apply, queue="one"), dt.timedelta(seconds=30)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        await ask(cloud, use_case)
        for by, found in ((dt.timedelta(seconds=5), 0), (dt.timedelta(days=1), 1)):
            await cloud.write_as(SYSTEM, "test", lambda work, b=by: ahead(work, b))
            assert len(await cloud.read_as(SYSTEM, lambda view: open_for(view, age))) == found


async def test_a_use_case_that_this_version_has_not_fails_its_jobs(trouble: Trouble) -> None:
    steps = Steps()
    old, other = (
        telling(steps.apply, queue="one"),
        dataclasses.replace(telling(steps.apply), name="alert.new"),
    )
    async with cloud_of(trouble.url, old) as cloud:
        job = await ask(cloud, old)
        await steps.begun.wait()
    steps.go.set()
    async with cloud_of(trouble.url, other) as cloud:
        after = await ended(cloud, job)
        assert (after.state, after.error_code) == (JobState.FAILED, "use-case-gone")
        assert "alert.tell" in (after.error_text or "")
        assert (await ended(cloud, await ask(cloud, other, "new"))).state is JobState.SUCCEEDED
        assert (await alerts(cloud, "job/alert.tell"))[0].times == 1


async def test_a_job_of_a_gone_use_case_can_be_cancelled(tmp_path: pathlib.Path) -> None:
    steps = Steps()
    use_case = telling(steps.apply, queue="one")
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        await ask(cloud, use_case)
        behind = await ask(cloud, use_case, "behind")
        cloud.jobs._use_cases = {}
        assert (await cloud.jobs.cancel(SYSTEM, behind.id)).state is JobState.CANCELLED
        steps.go.set()


async def test_a_job_whose_record_is_gone_fails(trouble: Trouble) -> None:
    steps = Steps()
    use_case = telling(steps.apply, queue="one")
    async with cloud_of(trouble.url, use_case) as cloud:
        first, second = await ask(cloud, use_case), await ask(cloud, use_case, "second")
        await steps.begun.wait()

        def take_out(work: Work) -> None:
            work.delete(work.get(Alert, second.resource_id or ""))

        await cloud.write_as(SYSTEM, "test", take_out)
        steps.go.set()
        assert (await ended(cloud, first)).state is JobState.SUCCEEDED
        after = await ended(cloud, second)
        assert (after.state, after.error_code) == (JobState.FAILED, "gone")


async def test_what_a_job_made_is_kept_when_its_own_row_is_gone(tmp_path: pathlib.Path) -> None:
    steps = Steps()
    use_case = telling(steps.apply, queue="one")
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        job, behind = await ask(cloud, use_case), await ask(cloud, use_case, "behind")
        await steps.begun.wait()
        await cloud.write_as(SYSTEM, "test", lambda work: work.records.delete(work.get(Job, job.id)))
        steps.go.set()
        assert (await ended(cloud, behind)).state is JobState.SUCCEEDED
        assert (await alert(cloud, job.resource_id or "")).description == "made true"


async def test_a_bug_is_alerted_and_the_same_bug_again_is_the_same_alert(tmp_path: pathlib.Path) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        raise KeyError("secret")

    use_case = telling(apply)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        for name in ("one", "two"):
            assert (await ended(cloud, await ask(cloud, use_case, name))).state is JobState.FAILED
        [raised] = await alerts(cloud, "job/alert.tell")
        assert raised.times == 2
        assert "secret" not in raised.description
        assert cloud.jobs.counters().results[Result.BROKEN] == 2


async def test_a_bug_in_undoing_does_not_keep_a_job_open(tmp_path: pathlib.Path) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        raise Conflict("a host says no", code="host-refused")

    def undo(work: Work, record: Alert, _error: NetloomError) -> None:
        work.update(msgspec.structs.replace(record, description="half undone"))
        raise KeyError("undo")

    use_case = dataclasses.replace(telling(apply), undo=undo)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        job = await ask(cloud, use_case)
        after = await ended(cloud, job)
        assert (after.state, after.error_code) == (JobState.FAILED, "host-refused")
        assert (await alert(cloud, job.resource_id or "")).description == ""


async def test_a_second_half_that_is_cancelled_from_within_fails(tmp_path: pathlib.Path) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    use_case = telling(apply)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", use_case) as cloud:
        after = await ended(cloud, await ask(cloud, use_case))
        assert (after.state, after.error_code) == (JobState.FAILED, "internal-error")


async def test_jobs_that_wait_for_jobs_do_not_take_their_places(tmp_path: pathlib.Path) -> None:
    steps = Steps()
    child = dataclasses.replace(telling(steps.apply), name="alert.child")
    asked = asyncio.Event()

    async def apply(doing: Doing, record: Alert) -> None:
        job_id = await doing.ask(child, Tell(f"child of {record.name}"))
        assert job_id is not None
        asked.set()
        await doing.ended(job_id)

    parent = telling(apply)
    async with cloud_of(f"sqlite:///{tmp_path}/cloud.db", parent, child) as cloud:
        cloud.jobs._slots = asyncio.Semaphore(1)
        found = [await ask(cloud, parent, name) for name in ("one", "two", "three")]
        await asked.wait()
        steps.go.set()
        assert [(await ended(cloud, job)).state for job in found] == [JobState.SUCCEEDED] * 3
        await until(lambda: cloud.jobs.counters().oldest is None)
        assert cloud.jobs._slots._value == 1


async def test_netloom_stops_while_jobs_wait_for_jobs(tmp_path: pathlib.Path) -> None:
    steps = Steps()
    child = dataclasses.replace(telling(steps.apply), name="alert.child")

    async def apply(doing: Doing, record: Alert) -> None:
        known = await doing.read(lambda view: view.records.first(Job, columns(Job).use_case == "alert.child"))
        job_id = known.id if known else await doing.ask(child, Tell(f"child of {record.name}"))
        assert job_id is not None
        await doing.ended(job_id)

    parent, url = telling(apply), f"sqlite:///{tmp_path}/cloud.db"
    async with cloud_of(url, parent, child) as cloud:
        cloud.jobs._slots = asyncio.Semaphore(1)
        job = await ask(cloud, parent)
        await steps.begun.wait()
    steps.go.set()
    async with cloud_of(url, parent, child) as cloud:
        assert (await ended(cloud, job)).state is JobState.SUCCEEDED
