"""Second halves: their order, their ends, and a restart in between."""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.app.cloud.clouds import opened

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, NetloomError, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import Alert, Event, EventState, Job, JobState
from netloom.store.cloud.records import columns

Second = Callable[[Doing, Alert], Awaitable[Ending | None]]


class Tell(msgspec.Struct, frozen=True):
    """Asks for an alert, which stands in for anything that takes two halves to make."""

    name: str


def begin(work: Work, request: Tell) -> Alert:
    if request.name == "refused":
        raise Conflict("no alert is called so", code="refused")
    return work.insert(
        Alert(
            **work.birth(), type=0, name=request.name, subject=request.name, description="", last_at=work.at
        )
    )


def undo(work: Work, record: Alert, error: NetloomError) -> None:
    work.update(msgspec.structs.replace(record, description=f"undone: {error.stable_code}"))


def telling(apply: Second | None, queue: str | None = None) -> UseCase[Tell, Alert]:
    return UseCase(
        name="alert.tell",
        command="tellAlert",
        request=Tell,
        begin=begin,
        apply=apply,
        undo=undo,
        queue=lambda _: queue,
        event="ALERT.TELL",
    )


def cloud_with(cloud: Cloud, use_case: UseCase[Tell, Alert]) -> Cloud:
    cloud.jobs._use_cases = {use_case.name: use_case}
    return cloud


async def ended(cloud: Cloud, job: Job) -> Job:
    await cloud.jobs.settled(job.id, 30.0)
    return await cloud.read_as(system_caller(), lambda view: view.get(Job, job.id))


async def alert(cloud: Cloud, record_id: Uuid) -> Alert:
    return await cloud.read_as(system_caller(), lambda view: view.get(Alert, record_id))


async def test_a_second_half_ends_with_what_it_gave(cloud: Cloud, system: Caller) -> None:
    async def apply(doing: Doing, record: Alert) -> Ending:
        doing.progress("half-way")

        def ending(work: Work) -> None:
            work.update(msgspec.structs.replace(record, description="made true"))

        return ending

    use_case = telling(apply)
    done = await cloud_with(cloud, use_case).do(system, use_case, Tell("one"))
    assert done.job is not None
    job = await ended(cloud, done.job)
    assert (job.state, job.progress, job.resource_id) == (JobState.SUCCEEDED, "", done.record.id)
    assert (await alert(cloud, done.record.id)).description == "made true"


async def test_events_of_a_job_name_their_beginning(cloud: Cloud, system: Caller) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        return None

    use_case = telling(apply)
    done = await cloud_with(cloud, use_case).do(system, use_case, Tell("one"))
    assert done.job is not None
    job = await ended(cloud, done.job)
    events = await cloud.read_as(
        system, lambda view: view.records.select(Event, columns(Event).type == "ALERT.TELL")
    )
    assert [(e.state, e.parent_id) for e in events] == [
        (EventState.SCHEDULED, None),
        (EventState.COMPLETED, job.start_event_id),
    ]
    assert events[0].id == job.start_event_id


async def test_a_refusal_fails_the_job_and_undoes(cloud: Cloud, system: Caller) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        raise Conflict("a host says no", code="host-refused", subject="host/h1")

    use_case = telling(apply)
    done = await cloud_with(cloud, use_case).do(system, use_case, Tell("one"))
    assert done.job is not None
    job = await ended(cloud, done.job)
    assert (job.state, job.error_code, job.error_text) == (
        JobState.FAILED,
        "host-refused",
        "a host says no",
    )
    assert (await alert(cloud, done.record.id)).description == "undone: host-refused"


async def test_a_bug_fails_the_job_without_telling_its_inside(cloud: Cloud, system: Caller) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        raise KeyError("secret")

    use_case = telling(apply)
    done = await cloud_with(cloud, use_case).do(system, use_case, Tell("one"))
    assert done.job is not None
    job = await ended(cloud, done.job)
    assert job.state is JobState.FAILED
    assert "secret" not in (job.error_text or "")


async def test_an_ending_that_is_refused_fails_the_job(cloud: Cloud, system: Caller) -> None:
    async def apply(_doing: Doing, record: Alert) -> Ending:
        def ending(work: Work) -> None:
            work.update(msgspec.structs.replace(record, description="half"))
            raise Conflict("taken meanwhile", code="taken")

        return ending

    use_case = telling(apply)
    done = await cloud_with(cloud, use_case).do(system, use_case, Tell("one"))
    assert done.job is not None
    job = await ended(cloud, done.job)
    assert (job.state, job.error_code) == (JobState.FAILED, "taken")
    assert (await alert(cloud, done.record.id)).description == "undone: taken"


async def test_a_bug_in_an_ending_fails_its_job_and_holds_nobody_up(cloud: Cloud, system: Caller) -> None:
    def broken(_work: Work) -> None:
        raise KeyError("secret")

    async def apply(_doing: Doing, record: Alert) -> Ending | None:
        return None if record.name == "fine" else broken

    use_case = telling(apply, queue="one")
    cloud = cloud_with(cloud, use_case)
    first, second = [await cloud.do(system, use_case, Tell(name)) for name in ("one", "fine")]
    assert first.job is not None
    assert second.job is not None
    job = await ended(cloud, first.job)
    assert (job.state, job.error_code) == (JobState.FAILED, "internal-error")
    assert "secret" not in (job.error_text or "")
    assert (await alert(cloud, first.record.id)).description == "undone: internal-error"
    assert (await ended(cloud, second.job)).state is JobState.SUCCEEDED


async def test_jobs_of_one_queue_keep_their_order(cloud: Cloud, system: Caller) -> None:
    order: list[str] = []
    gate = asyncio.Event()

    async def apply(_doing: Doing, record: Alert) -> None:
        await gate.wait()
        order.append(record.name)

    use_case = telling(apply, queue="network/1")
    cloud_with(cloud, use_case)
    jobs = [(await cloud.do(system, use_case, Tell(str(n)))).job for n in range(5)]
    gate.set()
    states = [(await ended(cloud, job)).state for job in jobs if job is not None]
    assert order == ["0", "1", "2", "3", "4"]
    assert states == [JobState.SUCCEEDED] * 5


async def test_a_job_starts_with_what_is_durable_when_its_turn_comes(cloud: Cloud, system: Caller) -> None:
    """Not with what its first half gave back, and not with what stood when it had to wait."""
    gate, seen = asyncio.Event(), list[str]()

    def begin_and_change(work: Work, request: Tell) -> Alert:
        record = begin(work, request)
        work.update(msgspec.structs.replace(record, description="by the first half"))
        return record

    async def apply(_doing: Doing, record: Alert) -> None:
        seen.append(record.description)
        await gate.wait()

    use_case = dataclasses.replace(telling(apply, queue="network/1"), begin=begin_and_change)
    cloud_with(cloud, use_case)
    first, second = [await cloud.do(system, use_case, Tell(name)) for name in ("first", "second")]
    now = await alert(cloud, second.record.id)
    changed = msgspec.structs.replace(now, description="while it waited")
    await cloud.write_as(system, "test", lambda work: work.update(changed))
    gate.set()
    for done in (first, second):
        assert done.job is not None
        assert (await ended(cloud, done.job)).state is JobState.SUCCEEDED
    assert seen == ["by the first half", "while it waited"]


async def test_a_waiting_job_can_be_cancelled_and_a_running_one_not(cloud: Cloud, system: Caller) -> None:
    gate = asyncio.Event()

    async def apply(_doing: Doing, _record: Alert) -> None:
        await gate.wait()

    use_case = telling(apply, queue="network/1")
    cloud_with(cloud, use_case)
    first = await cloud.do(system, use_case, Tell("first"))
    second = await cloud.do(system, use_case, Tell("second"))
    assert first.job is not None
    assert second.job is not None
    assert second.job.started_at is None
    assert (await cloud.jobs.cancel(system, second.job.id)).state is JobState.CANCELLED
    with pytest.raises(Conflict, match=rf"the job {first.job.id} \(alert.tell\) is Running"):
        await cloud.jobs.cancel(system, first.job.id)
    gate.set()
    assert (await ended(cloud, first.job)).state is JobState.SUCCEEDED
    assert (await ended(cloud, second.job)).state is JobState.CANCELLED
    assert (await alert(cloud, second.record.id)).description == "undone: cancelled"


async def test_what_the_first_half_refuses_leaves_nothing(cloud: Cloud, system: Caller) -> None:
    async def apply(_doing: Doing, _record: Alert) -> None:
        return None

    use_case = telling(apply)
    before = await cloud.read_as(system, lambda view: view.records.count(Event))
    with pytest.raises(Conflict, match="called so"):
        await cloud_with(cloud, use_case).do(system, use_case, Tell("refused"))

    def counts(view: View) -> tuple[int, int]:
        return view.records.count(Job), view.records.count(Event)

    assert await cloud.read_as(system, counts) == (0, before)


async def test_a_job_in_which_netloom_was_stopped_runs_again(tmp_path: pathlib.Path) -> None:
    url = f"sqlite:///{tmp_path}/cloud.db"
    begun = asyncio.Event()

    async def stuck(_doing: Doing, _record: Alert) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def works(_doing: Doing, _record: Alert) -> None:
        return None

    async with opened(url) as cloud:
        done = await cloud_with(cloud, telling(stuck)).do(system_caller(), telling(stuck), Tell("one"))
        assert done.job is not None
        await begun.wait()
    async with opened(url, use_cases={"alert.tell": telling(works)}) as cloud:
        assert (await ended(cloud, done.job)).state is JobState.SUCCEEDED


async def test_a_record_that_is_not_there_is_not_found(cloud: Cloud, system: Caller) -> None:
    with pytest.raises(NotFound, match="there is no alert"):
        await cloud.read_as(system, lambda view: view.get(Alert, "nothing"))
