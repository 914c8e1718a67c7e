"""The second half of a use case while it runs: short transactions, the backends, and how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.work import View, Work
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.record import Record

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)


class Workshop(Protocol):
    """Where transactions are had; `Cloud` is one."""

    backends: Backends

    async def write_as(self, caller: Caller, use_case: str, unit: Callable[[Work], T]) -> T:
        """One transaction."""
        ...

    async def read_as(self, caller: Caller, work: Callable[[View], T]) -> T:
        """One snapshot."""
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

    def request(self, request_type: type[Q]) -> Q:
        """The request again, for use cases that keep it."""
        if self.job.payload is None:
            raise RuntimeError(f"{self.job.use_case} does not keep its request")
        return msgspec.json.decode(self.job.payload, type=request_type)


async def nothing_more(_doing: Doing, _record: Record) -> None:
    """The second half of what is true as soon as it is written: whoever asked expects a job all the same."""
