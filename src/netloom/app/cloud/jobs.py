"""Running the second halves of use cases.

Rule 1: jobs of one queue run one after the other, in the order in which they were asked for; queues do not wait for others.
Rule 2: a job in which netloom was stopped, or which the store failed half-way, runs again from its beginning.
Rule 3: every job ends: its end is tried until the store has kept it. Meanwhile it holds its place and its queue, so no more
    ends wait than jobs run.
Rule 4: a second half that is not done in its time is cut off, and its job fails as any other does: nobody waits for ever for
    what never answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import itertools
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
import structlog

from netloom.aio.backoff import Backoff, BackoffPolicy, Jitter
from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.aio.limits import GRACE, Allowance, OutOfTime, limited
from netloom.aio.tasks import TaskKit, supervise
from netloom.app.cloud.alerts import MANAGEMENT, raise_alert
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.jobs_book import JobBook, JobCounters, Phase, Result
from netloom.app.cloud.jobs_progress import JobProgress
from netloom.app.cloud.jobs_units import (
    INTERNAL,
    USE_CASE_GONE,
    Begun,
    Failure,
    begin,
    fail,
    look,
    open_for,
    record_of,
    resume,
    succeed,
)
from netloom.app.cloud.patience import OUT_OF_TIME, SLOW
from netloom.app.cloud.store_gate import StoreGate, is_away
from netloom.app.cloud.untold import remember, remember_line
from netloom.app.cloud.usecase import AnyUseCase, Ending
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, NetloomError, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import JOB_TABLE, Event, Job, JobEvent, JobState, next_job_state
from netloom.model.cloud.record import AccountId, DomainId, Owned, Record
from netloom.model.cloud.untold import Mark
from netloom.store.cloud.schema import word_of

if TYPE_CHECKING:
    from netloom.app.cloud.cloud import Cloud

T = TypeVar("T")

_log = structlog.get_logger("netloom.jobs")

MAX_AT_ONCE = 64
"""Jobs that run at the same time."""
REPEAT: Final = BackoffPolicy(first=0.5, limit=30.0)
"""Seconds before a job that the store failed runs again."""
LOOK_EVERY: Final = 60.0
"""Seconds between two looks for open jobs that nobody took."""
UNTAKEN_AFTER: Final = dt.timedelta(seconds=30)
"""So old is an open job that should have been taken: what is younger, whoever asked for it is still about to."""


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
    at_once = idle(queue)
    job = Job(
        **work.birth(),
        account_id=record.account_id if isinstance(record, Owned) else AccountId(work.caller.account_id),
        domain_id=record.domain_id if isinstance(record, Owned) else DomainId(work.caller.domain_id),
        user_id=work.caller.user_id,
        use_case=use_case.name,
        queue=queue,
        resource_kind=word_of(record),
        resource_id=record.id,
        state=JobState.RUNNING if at_once else JobState.QUEUED,
        payload=msgspec.json.encode(request).decode() if use_case.keep_request else None,
        started_at=work.at if at_once else None,
        start_event_id=event.id if event is not None else None,
    )
    work.records.insert(job)
    return job


class JobRunner:
    """The jobs of one process."""

    def __init__(
        self,
        cloud: Cloud,
        use_cases: Mapping[str, AnyUseCase],
        *,
        clock: Clock = SYSTEM_CLOCK,
        jitter: Jitter = random.random,
    ) -> None:
        self._cloud = cloud
        self._use_cases = use_cases
        self._clock = clock
        self._jitter = jitter
        self._kit: TaskKit | None = None
        self._waiting: dict[str, deque[Job]] = {}
        self._book = JobBook()
        self._progress = JobProgress(cloud, clock)
        self._gate = StoreGate("jobs", clock, jitter)
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._running: dict[asyncio.Task[object], Allowance] = {}
        self._early: list[Job] = []
        self._resumed = asyncio.Event()

    def idle(self, queue: str | None) -> bool:
        """Whether a new job of a queue would start at once."""
        return queue is None or queue not in self._waiting

    def counters(self) -> JobCounters:
        """The jobs, for metrics."""
        return self._book.counters(self._gate.waiting)

    async def run(self) -> None:
        """Run jobs until cancelled."""
        async with TaskKit("jobs") as kit:
            left = await self._cloud.write_as(system_caller(), "jobs.resume", resume)
            self._kit = kit
            early, self._early = self._early, []
            known = {job.id for job in left}
            for job in [*left, *(job for job in early if job.id not in known)]:
                self.take(job)
            self._resumed.set()
            for name, child in (("look", self._find_others), ("progress", self._progress.run)):
                backoff = Backoff(REPEAT, self._jitter)
                kit.launch(supervise(child, backoff, name=name, clock=self._clock), name)
            try:
                await asyncio.Event().wait()
            finally:
                self._resumed.clear()
                self._kit = None
                self._waiting.clear()

    def take(self, job: Job, record: Record | None = None) -> None:
        """Have a job run when its turn comes; `record`: what it is about, as it was durable with the job just now."""
        self._book.add(job)
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
        """Wait until a job of this process has ended, at most so long.

        A job that waits for another one gives its place away meanwhile: else as many as there are places, all waiting for
        jobs of their own, would hold each other up.
        """
        async with self._away_from_place():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._resumed.wait()
                    found = self._book.get(job_id)
                    if found is not None:
                        await found.ended.wait()

    async def cancel(self, caller: Caller, job_id: Uuid) -> Job:
        """Cancel a job that has not begun.

        Raises:
            NotFound: there is no such job.
            Conflict: it runs or has ended (`bad-transition`).
        """

        def unit(work: Work) -> Job:
            job = work.get(Job, job_id)
            if (job.state, JobEvent.CANCEL) not in JOB_TABLE:
                raise Conflict(
                    f"the job {job.id} ({job.use_case}) is {job.state.value}",
                    code="bad-transition",
                    subject="state",
                    hint="only a job that waits (Queued) is cancelled",
                )
            state = next_job_state(job.state, JobEvent.CANCEL)
            after = msgspec.structs.replace(job, state=state, finished_at=work.at)
            use_case = self._use_cases.get(job.use_case)
            record = record_of(work, job)
            if use_case is not None and use_case.undo is not None and record is not None:
                use_case.undo(work, record, Conflict("cancelled", code="cancelled"))
            else:  # what was asked for stands, and nobody was told
                remember_line(work, job, f"the job {job.id} ({job.use_case}) was cancelled")
            return work.update(after)

        job = await self._cloud.write_as(caller, "job.cancel", unit)
        self._book.close(job.id, Result.CANCELLED)
        return job

    async def _find_others(self) -> None:
        """Take, now and then, the open jobs that nobody took.

        The answer to the commit that keeps a job may be lost with the connection, and whoever asked may be gone before it
        comes: the job is durable then, and nobody here has heard of it.
        """
        while True:
            await self._clock.sleep(LOOK_EVERY)
            known = self._book.ids()  # taken before it is read what is open: what ends meanwhile is not found
            for job in await self._gate.through(
                lambda: self._cloud.read_as(system_caller(), lambda view: open_for(view, UNTAKEN_AFTER))
            ):
                if job.id not in known:
                    self._book.found += 1
                    _log.warning("open job found", job=job.id, use_case=job.use_case, queue=job.queue)
                    self.take(job)

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
        result: Result | None = None
        try:
            async with self._slots:
                self._book.move(job.id, Phase.RUNNING)
                result = await self._apply(job, record)
        finally:  # netloomd closes: the job stays Running, and the next start repeats it
            self._book.close(job.id, result)
        await self._tell_outage()

    @contextlib.asynccontextmanager
    async def _away_from_place(self) -> AsyncIterator[None]:
        """Without the place of the job that this is, if it is one; its time stands still meanwhile."""
        task = asyncio.current_task()
        allowance = None if task is None else self._running.get(task)
        if allowance is None:
            yield
            return
        with allowance.paused():
            self._slots.release()
            try:
                yield
            finally:
                await self._slots.acquire()

    async def _apply(self, job: Job, known: Record | None) -> Result | None:
        """Run a job to its written end; None: it was over before it began."""
        backoff = Backoff(REPEAT, self._jitter)
        begun = None if known is None else Begun(job, known)
        while True:
            begun = begun or await self._begin(job)
            if begun is None:
                return None
            doing = Doing(self._cloud, system_caller(begun.job), begun.job)
            with self._progress.watching(doing):
                done = await self._guarded(begun.job, self._in_time(begun, doing))
            if not (isinstance(done, NetloomError) and is_away(done)):
                return await self._end(doing, done)
            delay = backoff.next_delay()
            self._book.repeated += 1
            _log.warning("job runs again", job=job.id, use_case=job.use_case, error=str(done), next_try=delay)
            begun = None
            await self._clock.sleep(delay)

    async def _begin(self, job: Job) -> Begun | None:
        cloud, caller = self._cloud, system_caller(job)
        if job.state is JobState.RUNNING:
            return await self._gate.through(lambda: cloud.read_as(caller, lambda view: look(view, job)))
        return await self._gate.through(
            lambda: cloud.write_as(caller, job.use_case, lambda work: begin(work, job.id))
        )

    async def _in_time(self, begun: Begun, doing: Doing) -> Ending | None:
        """What the use case's second half gives in the time that it has.

        Raises:
            PeerError: it was cut off (`job-out-of-time`); what it was told to do may be done in part.
            NetloomError: why it failed.
        """
        job, use_case = begun.job, self._use_cases.get(begun.job.use_case)
        longer = 1.0 if use_case is None else use_case.longer
        allowance = Allowance(self._cloud.backends.patience.job * longer, self._clock)
        try:
            return await limited(
                self._counted(begun, doing, allowance),
                allowance,
                f"{job.use_case} of {job.resource_id}",
                lambda: doing.waiting,
                grace=2 * GRACE,  # what it asks others for has the same time to end
            )
        except OutOfTime as error:
            _log.error("job cut off", job=job.id, use_case=job.use_case, where=error.where, error=str(error))
            raise PeerError(
                error.message,
                code=OUT_OF_TIME,
                subject=f"job/{job.id}",
                hint="ask again; what was done in part is compared then, and put right",
            ) from error
        finally:
            doing.over()

    async def _counted(self, begun: Begun, doing: Doing, allowance: Allowance) -> Ending | None:
        """The second half as the job that this task is."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a second half runs in a task")
        self._running[task] = allowance
        try:
            return await self._second_half(begun, doing)
        finally:
            del self._running[task]

    async def _second_half(self, begun: Begun, doing: Doing) -> Ending | None:
        """What the use case's second half gives.

        Raises:
            NetloomError: why it failed.
        """
        job, record, use_case = begun.job, begun.record, self._use_cases.get(begun.job.use_case)
        if use_case is None:
            raise NetloomError(
                f"this version of netloom does not know the use case {job.use_case}",
                code=USE_CASE_GONE,
                hint="ask for it again, with what this version has",
            )
        if record is None:
            gone = f"the {(job.resource_kind or 'record').replace('_', ' ')} {job.resource_id} is gone"
            raise Conflict(gone, code="gone", subject="id")
        return None if use_case.apply is None else await use_case.apply(doing, record)

    async def _end(self, doing: Doing, done: Ending | NetloomError | None) -> Result:
        """Write how a job ended: what refuses or breaks its ending fails it; what breaks the undoing stays as it is.

        In the end there is nothing left that could be refused but by a store that is broken: it is tried until it is kept.
        """
        job, untold = doing.job, doing.untold
        self._book.move(job.id, Phase.ENDING)
        use_case = self._use_cases.get(job.use_case)
        if isinstance(done, NetloomError):
            error = done
        else:
            ending = done if not untold else _with_untold(done, untold)
            refused = await self._written(
                job, lambda work, again: succeed(work, job, use_case, ending, again=again)
            )
            if refused is None:
                return Result.SUCCEEDED
            error = refused
        failure = Failure(error, untold, doing.last_step)
        plain = dataclasses.replace(failure, undo=False)
        broken = await self._written(job, lambda work, again: fail(work, job, use_case, failure, again=again))
        backoff = Backoff(REPEAT, self._jitter)
        while broken is not None:
            _log.error("job not undone", job=job.id, use_case=job.use_case, error=str(broken))
            broken = await self._written(
                job, lambda work, again: fail(work, job, use_case, plain, again=again)
            )
            if broken is not None:
                await self._clock.sleep(backoff.next_delay())
        return _result_of(error)

    async def _written(self, job: Job, unit: Callable[[Work, bool], None]) -> NetloomError | None:
        """Write something of a job, as often as the store is away; the unit is told whether it may have been kept before.

        What comes back is why it cannot be written.
        """
        cloud, caller, tries = self._cloud, system_caller(job), itertools.count()

        def step() -> Awaitable[None]:
            again = next(tries) > 0
            return cloud.write_as(caller, job.use_case, lambda work: unit(work, again))

        return await self._guarded(job, self._gate.through(step))

    async def _guarded(self, job: Job, work: Awaitable[T]) -> T | NetloomError:
        """What a step of a job gives, or the error that the job fails with."""
        try:
            return await work
        except NetloomError as refused:
            return refused
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            bug: BaseException = error  # nobody wants the job to stop: what it waited for was cancelled
        except Exception as error:  # noqa: BLE001 - the job door: a bug fails its job and no other
            bug = error
        _log.error("job failed unexpectedly", job=job.id, use_case=job.use_case, exc_info=bug)
        return NetloomError("netloom failed at it; its log says why", code=INTERNAL)

    async def _tell_outage(self) -> None:
        """Raise the alert of an outage that is over; the log has it whatever becomes of that."""
        outage = self._gate.take_outage()
        if outage is None:
            return
        text = f"jobs waited {outage.seconds:.0f} s for the store ({outage.code}): {outage.text}"
        with contextlib.suppress(NetloomError):
            await self._cloud.write_as(
                system_caller(), "jobs.outage", lambda work: raise_alert(work, MANAGEMENT, "store", text)
            )


def _with_untold(ending: Ending | None, untold: frozenset[Mark]) -> Ending:
    """The end of a job that went on although providers could not be told something."""

    def whole(work: Work) -> None:
        if ending is not None:
            ending(work)
        remember(work, untold, "it was left to be told later")

    return whole


def _result_of(error: NetloomError) -> Result:
    if error.stable_code in SLOW:
        return Result.OUT_OF_TIME
    return Result.BROKEN if error.stable_code == INTERNAL else Result.FAILED
