"""The second half of a use case while it runs: short transactions, the backends, and how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import msgspec

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, NetloomError, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import OPEN_STATES, Job, JobState
from netloom.model.cloud.record import Record
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
    """What `apply` gets."""

    def __init__(
        self, shop: Workshop, caller: Caller, job: Job, tell: Callable[[str], Awaitable[None]]
    ) -> None:
        self._shop = shop
        self.caller = caller
        self.job = job
        self._tell = tell

    @property
    def backends(self) -> Backends:
        """Providers and hypervisors."""
        return self._shop.backends

    async def write(self, unit: Callable[[Work], T]) -> T:
        """A short transaction of its own: what it keeps stays kept if the job fails later."""
        return await self._shop.write_as(self.caller, self.job.use_case, unit)

    async def read(self, work: Callable[[View], T]) -> T:
        """A snapshot."""
        return await self._shop.read_as(self.caller, work)

    async def progress(self, text: str) -> None:
        """Tell whoever watches the job."""
        await self._tell(text)

    async def ask(self, use_case: UseCase[Q, R], request: Q) -> Uuid | None:
        """Begin another use case; the job that does the rest, in its own line, if there is a rest.

        Raises:
            NetloomError: what it refuses; nothing was changed.
        """
        done = await self._shop.do(self.caller, use_case, request)
        return None if done.job is None else done.job.id

    async def ended(self, job_id: Uuid) -> None:
        """Wait for another job, and see that it did what it was to do.

        Raises:
            PeerError, Conflict: what it failed with, or it is not done yet (`under-way`).
        """
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
            await self._shop.settled(job.id, PATIENCE)

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
