"""Group commit: many units of work, one transaction, one wait for the disk.

Rule 1: each unit is a savepoint: it keeps all or nothing, and its failure is its caller's alone. One that has a commit to
    itself needs none: what undoes it undoes the transaction.
Rule 2: nobody is answered before the commit that holds their work has returned.
Rule 3: a batch begins with the look whether our term still is: after somebody else has begun theirs nothing is written.

While one batch waits for the disk, the next one gathers; so the batch grows with the load and a single caller waits for
nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from netloom.aio.clock import Clock
from netloom.aio.queues import BoundedQueue, QueueCounters, WhenFull
from netloom.base.errors import NetloomError, Unavailable
from netloom.store.changelog import compact
from netloom.store.cloud.known import Known
from netloom.store.cloud.recalled import At, Recalled
from netloom.store.database import Database
from netloom.store.errors import FATAL_CODES, map_error
from netloom.store.term import Term
from netloom.store.transaction import (
    Counters,
    Hints,
    RandomBits,
    Transaction,
    lock_counters,
    save_counters,
)

T = TypeVar("T")
Unit = Callable[[Transaction], T]

MAX_QUEUED = 4_096
MAX_BATCH = 256
"""Units in one commit; bounds how long the first of them waits for the last."""

_log = structlog.get_logger("netloom.store")


@dataclass(slots=True)
class Job(Generic[T]):
    """A unit on its way; `keep` False: do it, tell the result, and undo it."""

    unit: Unit[T]
    keep: bool
    answer: asyncio.Future[T]


@dataclass(slots=True)
class Outcome(Generic[T]):
    """What became of a job, to be told after the commit."""

    job: Job[T]
    result: T | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class WriterCounters:
    """The writer, for metrics."""

    queue: QueueCounters
    commits: int
    units: int
    failed_commits: int


class Writer:
    """The one task that writes."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        random_bits: RandomBits,
        *,
        keep_changes: int,
        recalled: Recalled | None = None,
        term: Term | None = None,
    ) -> None:
        self._term = term
        self._recalled = recalled or Recalled()
        self._database = database
        self._clock = clock
        self._random_bits = random_bits
        self._keep_changes = keep_changes
        self._hints = Hints()
        self._known = Known()
        self._left: Counters | None = None
        self._queue: BoundedQueue[Job[object]] = BoundedQueue("store-writes", MAX_QUEUED, WhenFull.REFUSE)
        self._commits = self._units = self._failed = 0
        self.revision = 0
        self.compacted = 0
        self.committed = asyncio.Event()

    def counters(self) -> WriterCounters:
        """Counts since the start."""
        return WriterCounters(self._queue.counters(), self._commits, self._units, self._failed)

    async def submit(self, unit: Unit[T], *, keep: bool = True) -> T:
        """Have a unit done; its result when it is durable.

        Raises:
            TooMany: too many units wait.
            NetloomError: what the unit raised, or why the store could not keep it.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.offer(Job(unit, keep, answer))  # type: ignore[arg-type]
        return await answer

    async def run(self) -> None:
        """Write until cancelled; waiting jobs are refused then."""
        jobs: list[Job[object]] = []
        try:
            while True:
                jobs = jobs or await self._queue.get_all()
                batch, jobs = jobs[:MAX_BATCH], jobs[MAX_BATCH:]
                await self._write(batch)
        finally:
            self._queue.close()
            while len(self._queue):
                jobs.append(await self._queue.get())
            refusal = Unavailable("the store is closing", code="store-closing", subject="store")
            for job in jobs:
                if not job.answer.done():
                    job.answer.set_exception(refusal)

    async def _write(self, batch: list[Job[object]]) -> None:
        now = int(self._clock.wall() * 1_000_000)
        counters: Counters | None = None
        before: At | None = None

        def work(connection: Connection) -> list[Outcome[object]]:
            nonlocal counters, before
            counters = lock_counters(connection)
            if self._term is not None:
                self._term.check(counters.term)
            before = _at(counters)
            return self._run_batch(connection, counters, batch, now)

        try:
            outcomes = await self._database.write(work)
        except _UndoneError as undone:
            self._forget()
            outcomes = [undone.outcome]
        except NetloomError as error:
            self._fail(batch, error)
            if self._term is not None:
                self._term.heard(error)
            return
        except Exception as error:  # noqa: BLE001 - the writer door: a bug must not end all writing
            _log.error("commit failed unexpectedly", exc_info=error)
            self._fail(
                batch, NetloomError(f"the store failed: {error!r}", code="store-failed", subject="store")
            )
            return
        except BaseException:
            self._fail(batch, Unavailable("the store is closing", code="store-closing", subject="store"))
            raise
        else:
            if counters is not None and before is not None:
                self._tell_readers(before, _at(counters))
            self._known.settle()
            self._left = counters
        self._commits += 1
        self._units += len(batch)
        # Those who wait for an answer first, those who follow after: reading what changed competes with answering.
        for outcome in outcomes:
            _tell(outcome)
        if counters is not None:
            self.compacted = counters.compacted
            self.announce(counters.revision)

    def _tell_readers(self, before: At, after: At) -> None:
        """Whether what they remember holds on."""
        if not self._known.written and not self._known.unsure:
            self._recalled.moved(before, after)
        elif before == after:
            self._recalled.forget()

    def _forget(self) -> None:
        """What was read and counted in a transaction that is not there, or may not be, holds no longer."""
        self._known.clear()
        self._left = None

    def _fail(self, batch: list[Job[object]], error: NetloomError) -> None:
        self._failed += 1
        self._forget()
        _log.error("commit failed", code=error.stable_code, error=str(error), units=len(batch))
        for job in batch:
            if not job.answer.done():
                job.answer.set_exception(error)

    def announce(self, revision: int) -> None:
        """Wake those who wait for changes."""
        if revision != self.revision:
            self.revision = revision
            self.committed.set()
            self.committed = asyncio.Event()

    def _run_batch(
        self, connection: Connection, counters: Counters, batch: list[Job[object]], now: int
    ) -> list[Outcome[object]]:
        before = replace(counters)
        if (
            before != self._left
        ):  # somebody else has written, or we do not know what became of our last commit
            self._known.clear()
        self._left = None
        transaction = Transaction(
            connection,
            counters,
            now=now,
            random_bits=self._random_bits,
            hints=self._hints,
            known=self._known,
        )
        run = _run_alone if len(batch) == 1 else _run_one
        outcomes = [run(transaction, job) for job in batch]
        transaction.flush()
        if counters.revision != before.revision:
            compact(connection, counters, self._keep_changes)
        if self._known.written and counters == before:
            transaction.new_number()  # given to nothing: it tells other servers that what they remember may not hold
        if counters != before:
            save_counters(connection, counters)
        return outcomes


def _at(counters: Counters) -> At:
    return (counters.revision, counters.compacted, counters.number)


class _UndoneError(Exception):
    """Undoes the transaction of a unit that had it to itself and is not to be kept."""

    def __init__(self, outcome: Outcome[object]) -> None:
        super().__init__("undone")
        self.outcome = outcome


def _run_alone(transaction: Transaction, job: Job[object]) -> Outcome[object]:
    mark = transaction.mark()
    outcome = _run(transaction, job)
    if job.keep and outcome.error is None:
        return outcome
    transaction.undo(mark)
    raise _UndoneError(outcome) from outcome.error


def _run_one(transaction: Transaction, job: Job[object]) -> Outcome[object]:
    mark = transaction.mark()
    savepoint = transaction.connection.begin_nested()
    outcome = _run(transaction, job)
    if job.keep and outcome.error is None:
        savepoint.commit()
        return outcome
    savepoint.rollback()
    transaction.undo(mark)
    return outcome


def _run(transaction: Transaction, job: Job[object]) -> Outcome[object]:
    """Do a unit: its result or its error."""
    outcome: Outcome[object] = Outcome(job)
    try:
        outcome.result = job.unit(transaction)
    except DBAPIError as error:
        mapped = map_error(error)
        if mapped.stable_code in FATAL_CODES:
            raise  # the database has undone more than this unit: the batch is lost
        outcome.error = mapped
        outcome.error.__cause__ = error
    except Exception as error:  # noqa: BLE001 - the writer door: a unit's bug is its caller's
        outcome.error = error
    return outcome


def _tell(outcome: Outcome[object]) -> None:
    answer = outcome.job.answer
    if answer.done():  # the caller went away; its work is kept all the same
        return
    if outcome.error is not None:
        answer.set_exception(outcome.error)
    else:
        answer.set_result(outcome.result)
