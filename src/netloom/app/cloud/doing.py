"""The second half of a use case while it runs: short transactions, the backends, how far it is, and what it waits for.

Rule 1: whoever may not answer is asked through `provider` and `hypervisor`, which bound it and say what is waited for.
Rule 2: a second half that was cut off changes nothing any more: its job has ended, others build on that.
Rule 3: telling how far it is costs no I/O: who runs jobs writes it down when a job lasts (`jobs_progress`). Tenants read
    it: it names no host.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

import msgspec

from netloom.aio.limits import Allowance, OutOfTime, limited
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.hypervisors import within
from netloom.app.cloud.patience import PROVIDER_SLOW
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, NetloomError, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import OPEN_STATES, Job, JobState
from netloom.model.cloud.record import Record
from netloom.model.cloud.untold import Mark
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import word_of

if TYPE_CHECKING:
    from netloom.app.cloud.cloud import Done
    from netloom.app.cloud.usecase import UseCase

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)

PATIENCE: Final = 600.0
"""Seconds that a job waits for another one."""


class _Wait(NamedTuple):
    whom: str
    told: str


class Workshop(Protocol):
    """Where transactions are had; `Cloud` is one."""

    backends: Backends

    async def write_as(self, caller: Caller, use_case: str, unit: Callable[[Work], T]) -> T:
        """One transaction."""
        ...

    async def read_as(self, caller: Caller, work: Callable[[View], T]) -> T:
        """One snapshot."""
        ...

    async def do(self, caller: Caller, use_case: UseCase[Q, R], request: Q) -> Done[R]:
        """A use case as far as it can be done at once."""
        ...

    async def settled(self, job_id: Uuid, seconds: float) -> None:
        """Wait for the end of a job, at most so long."""
        ...


class Doing:
    """What `apply` gets.

    Attributes:
        last_step: the last that was told of how far it is; also when that is over.
    """

    def __init__(self, shop: Workshop, caller: Caller, job: Job) -> None:
        self._shop = shop
        self.caller = caller
        self.job = job
        self._untold: set[Mark] = set()
        self._telling: Collection[Mark] | None = None
        self._steps: dict[object, str] = {}
        self._waits: dict[object, _Wait] = {}
        self.last_step = ""
        self._is_over = False

    @property
    def backends(self) -> Backends:
        """Providers and hypervisors."""
        return self._shop.backends

    async def write(self, unit: Callable[[Work], T]) -> T:
        """A short transaction of its own: what it keeps stays kept if the job fails later.

        Raises:
            Conflict: the job ended without waiting for this (`job-over`).
        """
        self._check_open()
        return await self._shop.write_as(self.caller, self.job.use_case, unit)

    async def read(self, work: Callable[[View], T]) -> T:
        """A snapshot."""
        return await self._shop.read_as(self.caller, work)

    def progress(self, text: str) -> None:
        """Tell whoever watches the job how far it is.

        Raises:
            Conflict: the job ended without waiting for this (`job-over`).
        """
        self._check_open()
        self._at(self, text)

    def each(self, parts: Sequence[T], say: Callable[[T], str]) -> Iterator[T]:
        """The parts of a job, one after the other, each told with its number: `restart tier web (2 of 5)`.

        Parts may have parts: what is told names both.
        """
        key = object()
        try:
            for number, part in enumerate(parts, 1):
                self._at(key, f"{say(part)} ({number} of {len(parts)})")
                yield part
        finally:
            self._steps.pop(key, None)

    def _at(self, key: object, text: str) -> None:
        self._steps[key] = text
        self.last_step = ", ".join(self._steps.values())

    @property
    def so_far(self) -> str:
        """How far it is, and what it waits for: for whoever watches the job."""
        waits = next(reversed(self._waits.values()), None)
        told = (
            [*self._steps.values()] if waits is None else [*self._steps.values(), f"waits for {waits.told}"]
        )
        return ", ".join(told)

    @contextmanager
    def telling(self, marks: Collection[Mark]) -> Iterator[None]:
        """While providers are told these sets of rules: they are `untold` unless it goes well to the end.

        What a job leaves untold is remembered with its end, however it ends, and told again later (`rules_retry`). Where
        one telling is part of another, the whole counts: it is what is begun anew. Which sets is looked at in the end.
        """
        if self._telling is not None:
            yield
            return
        self._telling, well = marks, False
        try:
            yield
            well = True
        finally:
            self._telling = None
            if well:
                self._untold.difference_update(marks)
            else:
                self._untold.update(marks)

    @property
    def untold(self) -> frozenset[Mark]:
        """What providers may not know by now: what is being told counts, for jobs that end without waiting for it."""
        return frozenset(self._untold.union(self._telling or ()))

    async def ask(self, use_case: UseCase[Q, R], request: Q) -> Uuid | None:
        """Begin another use case; the job that does the rest, in its own line, if there is a rest.

        Raises:
            NetloomError: what it refuses; nothing was changed.
        """
        self._check_open()
        done = await self._shop.do(self.caller, use_case, request)
        return None if done.job is None else done.job.id

    async def ended(self, job_id: Uuid) -> None:
        """Wait for another job, and see that it did what it was to do.

        Raises:
            PeerError, Conflict: what it failed with, or it is not done yet (`under-way`).
        """
        with self.waits_for(f"the job {job_id}"):
            await self._shop.settled(job_id, PATIENCE)
        job = await self.read(lambda view: view.records.get(Job, job_id))
        if job is not None and job.state is not JobState.SUCCEEDED:
            raise _failure(job)

    async def quiet(self, record: Record) -> None:
        """Wait for the jobs of a record that were asked for before, however they end."""
        c, word = columns(Job), word_of(record)
        jobs = await self.read(
            lambda view: view.records.select(
                Job,
                c.state.in_([state.value for state in OPEN_STATES]),
                c.resource_kind == word,
                c.resource_id == record.id,
            )
        )
        for job in jobs:
            with self.waits_for(f"the job {job.id} ({job.use_case})"):
                await self._shop.settled(job.id, PATIENCE)

    async def provider(self, name: str, call: Coroutine[object, object, T], what: str) -> T:
        """What a provider answers to a call.

        Args:
            name: the provider's.
            call: not begun yet.
            what: what it is asked for: `implement network blue`.

        Raises:
            PeerError: it did not answer in time (`provider-slow`): it may have done it, or still do it.
        """
        allowance = Allowance(self.backends.patience.provider)
        try:
            with self.waits_for(f"the provider {name} to {what}"):
                return await limited(call, allowance, f"{name}: {what}")
        except OutOfTime as error:
            raise PeerError(
                f"{name} did not {what} within {allowance.seconds:g} s",
                code=PROVIDER_SLOW,
                subject=f"provider/{name}",
                hint="ask again when it answers; jobs.provider_timeout is how long it may take",
            ) from error

    async def hypervisor(
        self, call: Coroutine[object, object, T], what: str, where: str = "", *, longer: float = 1.0
    ) -> T:
        """What a hypervisor answers to a call.

        Args:
            call: not begun yet.
            what: what it is asked for: `start i-7-VM`.
            where: on which host, which tenants are not told: `on h1`.
            longer: how many times as long as usual it may take.

        Raises:
            Unavailable: it did not in time (`hypervisor-slow`); the next try is told the same thing again.
        """
        whole = f"{what} {where}".rstrip()
        with self.waits_for(f"the hypervisor to {whole}", f"the hypervisor to {what}"):
            return await within(call, whole, self.backends.patience.hypervisor * longer)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for one's turn with what a key names (`Backends.turns`); it ends with the block."""
        async with AsyncExitStack() as stack:
            with self.waits_for(f"its turn with {key}", "its turn"):
                await stack.enter_async_context(self.backends.turns.of(key))
            yield

    @contextmanager
    def waits_for(self, whom: str, told: str | None = None) -> Iterator[None]:
        """Say for the length of a block what is waited for; `told`: the same for tenants, if they are told less."""
        key = object()
        self._waits[key] = _Wait(whom, whom if told is None else told)
        try:
            yield
        finally:
            self._waits.pop(key, None)

    @property
    def waiting(self) -> str | None:
        """What is waited for, by what was said last; None: nobody said."""
        waits = next(reversed(self._waits.values()), None)
        return None if waits is None else waits.whom

    def over(self) -> None:
        """The job ends without waiting for this: nothing is changed from here any more."""
        self._is_over = True

    def _check_open(self) -> None:
        if self._is_over:
            raise Conflict(
                f"the job {self.job.id} ({self.job.use_case}) ended without waiting for this", code="job-over"
            )

    def request(self, request_type: type[Q]) -> Q:
        """The request again, for use cases that keep it."""
        if self.job.payload is None:
            raise RuntimeError(f"{self.job.use_case} does not keep its request")
        return msgspec.json.decode(self.job.payload, type=request_type)


def _failure(job: Job) -> NetloomError:
    """Why a job that another one waited for did not do it."""
    if job.state in OPEN_STATES:
        return Conflict(f"{job.use_case} of {job.resource_id} is still under way", code="under-way")
    kind = PeerError if job.error_kind == PeerError.__name__ else Conflict
    return kind(
        job.error_text or f"{job.use_case} of {job.resource_id} was cancelled",
        code=job.error_code or "cancelled",
        subject=job.error_subject,
    )


async def nothing_more(_doing: Doing, _record: Record) -> None:
    """The second half of what is true as soon as it is written: whoever asked expects a job all the same."""
