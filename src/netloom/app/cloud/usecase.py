"""What a use case is, so that faces, permissions, jobs and documentation speak of the same thing.

Rule 1: the first half (`begin`) runs in the request's transaction and decides everything; what it refuses is known at once.
Rule 2: the second half (`apply`) makes it true and may wait; it may run again after a crash, so it must be idempotent. What
    it returns runs in the transaction that ends the job: result and outcome are one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from netloom.app.cloud.work import Work
from netloom.base.errors import NetloomError
from netloom.model.cloud.record import Record

if TYPE_CHECKING:
    from netloom.app.cloud.doing import Doing

Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)
Ending = Callable[[Work], None]
"""What is written together with a job's success."""


@dataclass(frozen=True, kw_only=True)
class UseCase(Generic[Q, R]):
    """One thing that users can ask for.

    Attributes:
        name: `noun.verb` (`firewall_rule.create`), unique; jobs and the audit name it so.
        command: the API command that permission rules speak of (`createFirewallRule`).
        request: what callers give.
        begin: the first half; the record that it is about comes back.
        event: CloudStack's event type; None: not worth an event.
        text: what the event says; None: the name of the use case and the record.
        apply: the second half; None: there is none, the first half did it.
        undo: after `apply` failed for good, in the transaction that ends the job.
        queue: the line in which jobs of this record wait (`network/ID`); None: no line.
        keep_request: whether the job needs the request again; never with secrets in it.
        longer: how many times as long as other jobs `apply` may take (`Patience.job`) before the job fails.
    """

    name: str
    command: str
    request: type[Q]
    begin: Callable[[Work, Q], R]
    event: str | None = None
    text: Callable[[R], str] | None = None
    apply: Callable[[Doing, R], Awaitable[Ending | None]] | None = None
    undo: Callable[[Work, R, NetloomError], None] | None = None
    queue: Callable[[R], str | None] | None = None
    keep_request: bool = False
    longer: float = 1.0

    def describe(self, record: R) -> str:
        """What an event says."""
        if self.text is not None:
            return self.text(record)
        noun, _, verb = self.name.partition(".")
        name = getattr(record, "name", None)
        return f"{verb} {noun.replace('_', ' ')} {name or record.id}"


AnyUseCase = UseCase[Any, Any]
"""A use case whatever it asks and gives."""
