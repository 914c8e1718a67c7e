"""Running the second halves of use cases.

Rule 1: jobs of one queue run one after the other, in the order in which they were asked for; queues do not wait for others.
Rule 2: a job's end (its state, what `apply` gave to be written, its event) is one transaction; a job in which netloom was
    stopped runs again from its beginning.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
import structlog

from netloom.aio.tasks import TaskKit
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.usecase import AnyUseCase, Ending
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import (
    OPEN_STATES,
    Event,
    EventLevel,
    Job,
    JobEvent,
    JobState,
    next_job_state,
)
from netloom.model.cloud.record import AccountId, DomainId, Owned, Record
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import BY_WORD, word_of

if TYPE_CHECKING:
    from netloom.app.cloud.cloud import Cloud

_log = structlog.get_logger("netloom.jobs")

MAX_AT_ONCE = 64
"""Jobs that run at the same time."""


def enqueue(
    work: Work,
    use_case: AnyUseCase,
    record: Record,
    request: msgspec.Struct,
    event: Event | None,
    idle: Callable[[str | None], bool],
) -> Job:
    """Write the job of a use case whose first half is done; it is running at once when nobody is before it in its queue."""
    queue = use_case.queue(record) if use_case.queue is not None else None
    job = Job(
        **work.birth(),
        account_id=record.account_id if isinstance(record, Owned) else AccountId(work.caller.account_id),
        domain_id=record.domain_id if isinstance(record, Owned) else DomainId(work.caller.domain_id),
        user_id=work.caller.user_id,
        use_case=use_case.name,
        queue=queue,
        resource_kind=word_of(record),
        resource_id=record.id,
        state=JobState.RUNNING if idle(queue) else JobState.QUEUED,
        payload=msgspec.json.encode(request).decode() if use_case.keep_request else None,
        started_at=work.at,
        start_event_id=event.id if event is not None else None,
    )
    work.records.insert(job)
    return job


class JobRunner:
    """The jobs of one process."""

    def __init__(self, cloud: Cloud, use_cases: Mapping[str, AnyUseCase]) -> None:
        self._cloud = cloud
        self._use_cases = use_cases
        self._kit: TaskKit | None = None
        self._waiting: dict[str, deque[Job]] = {}
        self._open: dict[Uuid, asyncio.Event] = {}
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._early: list[Job] = []
        self._resumed = asyncio.Event()

    def idle(self, queue: str | None) -> bool:
        """Whether a new job of a queue would start at once."""
        return queue is None or queue not in self._waiting

    async def run(self) -> None:
        """Run jobs until cancelled."""
        async with TaskKit("jobs") as kit:
            left = await self._cloud.write_as(system_caller(), "jobs.resume", _resume)
            self._kit = kit
            early, self._early = self._early, []
            known = {job.id for job in left}
            for job in [*left, *(job for job in early if job.id not in known)]:
                self.take(job)
            self._resumed.set()
            try:
                await asyncio.Event().wait()
            finally:
                self._resumed.clear()
                self._kit = None
                self._waiting.clear()

    def take(self, job: Job, record: Record | None = None) -> None:
        """Have a job run when its turn comes; `record`: what it is about, as it was durable with the job just now."""
        self._open.setdefault(job.id, asyncio.Event())
        if self._kit is None:
            self._early.append(job)
            return
        if job.queue is None:
            self._kit.launch(self._run_one(job, record), job.use_case)
            return
        line = self._waiting.get(job.queue)
        if line is not None:
            line.append(job)
            return
        self._waiting[job.queue] = deque([job])
        self._kit.launch(self._run_line(job.queue, record), job.queue)

    async def settled(self, job_id: Uuid, seconds: float) -> None:
        """Wait until a job of this process has ended, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._resumed.wait()
                ended = self._open.get(job_id)
                if ended is not None:
                    await ended.wait()

    async def cancel(self, caller: Caller, job_id: Uuid) -> Job:
        """Cancel a job that has not begun.

        Raises:
            NotFound: there is no such job.
            Conflict: it runs or has ended (`bad-transition`).
        """

        def unit(work: Work) -> Job:
            job = work.get(Job, job_id)
            state = next_job_state(job.state, JobEvent.CANCEL)
            after = msgspec.structs.replace(job, state=state, finished_at=work.at)
            use_case = self._use_cases[job.use_case]
            record = _record_of(work, job)
            if use_case.undo is not None and record is not None:
                use_case.undo(work, record, Conflict("cancelled", code="cancelled"))
            return work.update(after)

        job = await self._cloud.write_as(caller, "job.cancel", unit)
        self._ended(job)
        return job

    async def _run_line(self, queue: str, first: Record | None) -> None:
        line = self._waiting[queue]
        try:
            while line:
                await self._run_one(line[0], first)
                line.popleft()
                first = None
        finally:
            self._waiting.pop(queue, None)
            if self._kit is not None:  # only a bug comes here with a line: those behind it are not its fault
                for job in list(line)[1:]:
                    self.take(job)

    async def _run_one(self, job: Job, record: Record | None) -> None:
        """Run a job; what it is about is read again unless it starts at once."""
        if job.state is not JobState.RUNNING or self._slots.locked():
            record = None
        try:
            async with self._slots:
                await self._apply(job, record)
        except (
            NetloomError
        ) as error:  # the store would not have it: the job stays open and runs after a restart
            _log.error("job not ended", job=job.id, use_case=job.use_case, error=str(error))
        finally:
            self._ended(job)

    def _ended(self, job: Job) -> None:
        ended = self._open.pop(job.id, None)
        if ended is not None:
            ended.set()

    async def _apply(self, job: Job, known: Record | None) -> None:
        cloud, use_case = self._cloud, self._use_cases[job.use_case]
        caller = system_caller(job)
        record: object = known
        if known is None:
            record = await cloud.read_as(caller, lambda view: _start(view, job))
        if record is _CANCELLED:
            return
        if job.state is JobState.QUEUED:
            job = await cloud.write_as(caller, job.use_case, lambda work: _move(work, job, JobEvent.START))
        try:
            ending = await self._second_half(caller, use_case, job, record)
            await cloud.write_as(caller, job.use_case, lambda work: _end(work, job, use_case, ending, None))
        except NetloomError as refused:
            failed = refused
        except Exception as bug:  # noqa: BLE001 - the job's door: a bug fails this job and no other
            _log.error("job failed unexpectedly", job=job.id, use_case=job.use_case, exc_info=bug)
            failed = NetloomError("netloom failed at it; its log says why", code="internal-error")
        else:
            return
        await cloud.write_as(caller, job.use_case, lambda work: _end(work, job, use_case, None, failed))

    async def _second_half(
        self, caller: Caller, use_case: AnyUseCase, job: Job, record: object
    ) -> Ending | None:
        """What the use case's second half gives.

        Raises:
            NetloomError: why it failed.
        """
        cloud = self._cloud

        async def tell(text: str) -> None:
            await cloud.write_as(
                caller,
                job.use_case,
                lambda work: work.update(msgspec.structs.replace(_now(work, job), progress=text)),
            )

        if record is None:
            gone = f"the {(job.resource_kind or 'record').replace('_', ' ')} {job.resource_id} is gone"
            raise Conflict(gone, code="gone", subject="id")
        if use_case.apply is None:
            return None
        return await use_case.apply(Doing(cloud, caller, job, tell), record)


_CANCELLED = object()


def _start(view: View, job: Job) -> object:
    now = view.records.get(Job, job.id)
    if now is None or now.state not in OPEN_STATES:
        return _CANCELLED
    return _record_of(view, job)


def _now(work: Work, job: Job) -> Job:
    return work.records.get(Job, job.id) or job


def _record_of(view: View, job: Job) -> Record | None:
    if job.resource_kind is None or job.resource_id is None:
        return None
    return view.records.get(BY_WORD[job.resource_kind].spec.record, job.resource_id)


def _move(work: Work, job: Job, event: JobEvent) -> Job:
    now = _now(work, job)
    return work.update(
        msgspec.structs.replace(now, state=next_job_state(now.state, event), started_at=work.at)
    )


def _end(
    work: Work, job: Job, use_case: AnyUseCase, ending: Ending | None, error: NetloomError | None
) -> None:
    """Write how a job ended, what belongs to its success or failure, and tell people."""
    record = _record_of(work, job)
    text = use_case.describe(record) if record is not None else use_case.name.replace(".", " ")
    if error is None and ending is not None:
        ending(work)
    if error is not None and use_case.undo is not None and record is not None:
        use_case.undo(work, record, error)
    now = _now(work, job)
    after = msgspec.structs.replace(
        now,
        state=next_job_state(now.state, JobEvent.SUCCEED if error is None else JobEvent.FAIL),
        finished_at=work.at,
        error_kind=None if error is None else type(error).__name__,
        error_code=None if error is None else error.stable_code,
        error_text=None if error is None else error.message,
        error_subject=None if error is None else error.subject,
        payload=None,
    )
    work.update(after)
    if use_case.event is not None:
        work.event(
            use_case.event,
            text if error is None else f"{text}: {error.message}",
            record if isinstance(record, Owned) else job,
            level=EventLevel.INFO if error is None else EventLevel.ERROR,
            parent_id=job.start_event_id,
        )


def _resume(work: Work) -> list[Job]:
    """The jobs that an earlier run left open, as queued ones, in their order."""
    c = columns(Job)
    jobs = work.records.select(Job, c.state.in_([state.value for state in OPEN_STATES]))
    return [
        job
        if job.state is JobState.QUEUED
        else work.update(msgspec.structs.replace(job, state=next_job_state(job.state, JobEvent.RESTART)))
        for job in jobs
    ]
