"""Work that goes on after the answer, and the memory of what happened: jobs, events, alerts, the audit of changes.

Rule 1: a job is written in the transaction that made its object: there is no object without its job, and no job without it.
Rule 2: a job that was begun may be begun again: after a crash it runs once more, so its step must be idempotent.

    Job   Queued -start-> Running -succeed-> Succeeded
                          Running -fail-> Failed
          Queued -cancel-> Cancelled    Running -restart-> Queued (netloom was stopped in between)
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from netloom.base.ids import Uuid
from netloom.model.cloud.record import Owned, Record
from netloom.model.transitions import step


class JobState(enum.Enum):
    """How far a job is."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


class JobEvent(enum.Enum):
    """What moves a job on."""

    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    RESTART = "restart"


JOB_TABLE: Final[Mapping[tuple[JobState, JobEvent], JobState]] = {
    (JobState.QUEUED, JobEvent.START): JobState.RUNNING,
    (JobState.QUEUED, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.RUNNING, JobEvent.SUCCEED): JobState.SUCCEEDED,
    (JobState.RUNNING, JobEvent.FAIL): JobState.FAILED,
    (JobState.RUNNING, JobEvent.RESTART): JobState.QUEUED,
}

OPEN_STATES: Final = (JobState.QUEUED, JobState.RUNNING)


def next_job_state(state: JobState, event: JobEvent) -> JobState:
    """Where an event takes a job.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(JOB_TABLE, "a job", state, event)


class Job(Owned, frozen=True, kw_only=True):
    """One asynchronous piece of work.

    Attributes:
        user_id: who asked; None: netloom itself.
        use_case: whose second half it is, by name.
        queue: jobs of one queue run one after the other (`network/ID`, `vpc/ID`); None: alone.
        resource_kind, resource_id: the record it is about, by the word of its table.
        payload: the request as JSON, when the use case keeps it.
        progress: while it runs, how far it is if it lasts; after a failure the step at which it failed; else empty.
        error_code, error_text, error_subject: why it failed, as the error that was raised says it.
        start_event_id: the event that its later events name as their parent.
    """

    user_id: Uuid | None
    use_case: str
    queue: str | None
    resource_kind: str | None
    resource_id: Uuid | None
    state: JobState = JobState.QUEUED
    payload: str | None = None
    progress: str = ""
    error_kind: str | None = None
    error_code: str | None = None
    error_text: str | None = None
    error_subject: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    start_event_id: Uuid | None = None


class EventLevel(enum.Enum):
    """How serious an event is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class EventState(enum.Enum):
    """Where in a piece of work an event stands."""

    CREATED = "Created"
    SCHEDULED = "Scheduled"
    STARTED = "Started"
    COMPLETED = "Completed"


class Event(Owned, frozen=True, kw_only=True):
    """Something that happened, for people: `type` as CloudStack names it (`NETWORK.CREATE`)."""

    user_id: Uuid | None
    type: str
    level: EventLevel
    state: EventState
    description: str
    parent_id: Uuid | None = None
    resource_kind: str | None = None
    resource_id: Uuid | None = None
    archived: bool = False


class Alert(Record, frozen=True, kw_only=True):
    """Something an operator has to look at; the same trouble again is the same alert (`last_at`, `times`)."""

    type: int
    name: str
    subject: str
    description: str
    last_at: datetime
    times: int = 1
    archived: bool = False


class Audit(Record, frozen=True, kw_only=True):
    """One record's change: what it was (None: it was not) and what it is (None: it is gone), as JSON without secrets."""

    user_id: Uuid | None
    account_id: Uuid | None
    via: str
    use_case: str
    resource_kind: str
    resource_id: Uuid
    before: str | None
    after: str | None
