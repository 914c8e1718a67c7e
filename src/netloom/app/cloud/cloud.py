"""Doing use cases: permission, one transaction, and a job for what takes longer.

Rule 1: a use case's record, its events, its audit and its job are durable together before the caller hears of any of them.
Rule 2: reading asks for permission as writing does; both happen on the database's thread, never on the event loop.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.jobs import JobRunner, enqueue
from netloom.app.cloud.projects_allowed import check_in_project
from netloom.app.cloud.roles import check_permission
from netloom.app.cloud.usecase import AnyUseCase, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import EventState, Job
from netloom.model.cloud.record import Owned, Record
from netloom.store.cloud.records import Records
from netloom.store.store import Store
from netloom.store.transaction import Transaction

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)
Show = Callable[[View, R], Mapping[str, object]]
"""How a record is told."""


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """A use case's record after its first half, and the job that does the rest, if there is a rest.

    `shown`: how it looked at the end of its transaction, to whoever asked for that and left nothing to a job.
    """

    record: R
    job: Job | None
    shown: Mapping[str, object] | None = None


class Cloud:
    """The use cases on one store."""

    def __init__(
        self,
        store: Store,
        backends: Backends,
        use_cases: Mapping[str, AnyUseCase],
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._store = store
        self.backends = backends
        self._clock = clock
        self.jobs = JobRunner(self, use_cases)

    async def run(self) -> None:
        """Run jobs until cancelled, those first that an earlier run left open."""
        await self.jobs.run()

    async def do(
        self, caller: Caller, use_case: UseCase[Q, R], request: Q, show: Show[R] | None = None
    ) -> Done[R]:
        """Do a use case as far as it can be done at once.

        Args:
            caller: who asks.
            use_case: what for.
            request: with what.
            show: how the record shall be told when no job follows: in the transaction, where most of it is known.

        Raises:
            Forbidden: the caller's role does not allow it.
            NetloomError: what the use case refuses; nothing was changed.
        """
        fresh: list[R | None] = []

        def unit(work: Work) -> Done[R]:
            done = self.begin(work, use_case, request)
            if done.job is not None:
                fresh[:] = [work.records.get(type(done.record), done.record.id)]
            return done

        def told(work: Work, done: Done[R]) -> Done[R]:
            if show is None or done.job is not None:
                return done
            return Done(done.record, None, show(work, done.record))

        done = await self.write_as(caller, use_case.name, unit, told)
        if done.job is not None:
            self.jobs.take(done.job, *fresh)
        return done

    def begin(self, work: Work, use_case: UseCase[Q, R], request: Q) -> Done[R]:
        """A use case's first half, event and job, in a transaction that is the caller's own; `take` follows its commit.

        Raises:
            Forbidden: the caller's role does not allow it.
            NetloomError: what the use case refuses; the transaction is then not to be kept.
        """
        check_permission(work, use_case.command)
        record = use_case.begin(work, request)
        if isinstance(record, Owned):
            check_in_project(work, record.account_id, use_case.command)
        if use_case.apply is None:
            if use_case.event is not None:
                work.event(use_case.event, use_case.describe(record), record)
            return Done(record, None)
        event = None
        if use_case.event is not None:
            event = work.event(use_case.event, use_case.describe(record), record, state=EventState.SCHEDULED)
        return Done(record, enqueue(work, use_case, record, request, event, self.jobs.idle))

    def take(self, done: Done[R]) -> None:
        """Have what was begun, and is durable now, go on."""
        if done.job is not None:
            self.jobs.take(done.job)

    async def settled(self, job_id: Uuid, seconds: float) -> None:
        """Wait until a job of this process has ended, at most so long."""
        await self.jobs.settled(job_id, seconds)

    async def read(self, caller: Caller, command: str, work: Callable[[View], T]) -> T:
        """Read with the permission for a command.

        Raises:
            Forbidden: the caller's role does not allow it.
        """

        def permitted(view: View) -> T:
            check_permission(view, command)
            return work(view)

        return await self.read_as(caller, permitted)

    async def write_as(
        self,
        caller: Caller,
        use_case: str,
        unit: Callable[[Work], T],
        told: Callable[[Work, T], T] | None = None,
    ) -> T:
        """A transaction for whoever has permission already; jobs that are to follow it are durable with it.

        `told` looks at the result when all is written, these jobs too.
        """
        backends = self.backends
        following: list[Job] = []

        def whole(tx: Transaction) -> T:
            work = Work(tx, caller, backends, use_case)
            result = unit(work)
            following[:] = [
                enqueue(work, after, record, request, None, self.jobs.idle)
                for after, record, request in work.following
            ]
            return result if told is None else told(work, result)

        result = await self._store.write(whole)
        for job in following:
            self.jobs.take(job)
        return result

    async def try_as(self, caller: Caller, use_case: str, unit: Callable[[Work], T]) -> T:
        """A transaction that is undone: its result tells what would be."""
        backends = self.backends
        return await self._store.write(lambda tx: unit(Work(tx, caller, backends, use_case)), keep=False)

    async def read_as(self, caller: Caller, work: Callable[[View], T]) -> T:
        """A snapshot for whoever has permission already."""
        backends, at, known = self.backends, self.now(), self._store.known()
        return await self._store.read(
            lambda connection: work(View(Records(connection, known), caller, backends, at))
        )

    def now(self) -> dt.datetime:
        """The time, UTC."""
        return dt.datetime.fromtimestamp(self._clock.wall(), dt.UTC)
