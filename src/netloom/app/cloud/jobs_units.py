"""What is written of a job: that it began, how it ended, what an earlier run left open.

Rule 1: each unit looks at the job as it is stored. The answer to a commit may be lost with the connection: a unit that is
    tried again and finds its work done does nothing.
Rule 2: a job's end (its state, what `apply` gave to be written, its event) is one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from sqlalchemy import or_

from netloom.app.cloud.alerts import MANAGEMENT, raise_alert
from netloom.app.cloud.patience import SLOW
from netloom.app.cloud.untold import remember, remember_line
from netloom.app.cloud.usecase import AnyUseCase, Ending
from netloom.app.cloud.work import View, Work
from netloom.base.errors import NetloomError
from netloom.model.cloud.jobs import OPEN_STATES, EventLevel, Job, JobEvent, JobState, next_job_state
from netloom.model.cloud.record import Record
from netloom.model.cloud.untold import Mark
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import BY_WORD
from netloom.store.times import to_microseconds

_log = structlog.get_logger("netloom.jobs")

INTERNAL: Final = "internal-error"
USE_CASE_GONE: Final = "use-case-gone"
_ALERTED: Final = SLOW | {INTERNAL, USE_CASE_GONE}
"""Failures that nobody who asked for the job can do anything about."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A job that is Running, and what it is about; None: that is gone."""

    job: Job
    record: Record | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed, what its providers may not know by now, at which step, and whether what it made is undone."""

    error: NetloomError
    untold: Collection[Mark] = ()
    step: str = ""
    undo: bool = True


def begin(work: Work, job_id: str) -> Begun | None:
    """Have a job be Running; None: it was cancelled, has ended, or is gone."""
    now = work.records.get(Job, job_id)
    if now is None or now.state not in OPEN_STATES:
        return None
    if now.state is JobState.QUEUED:
        state = next_job_state(now.state, JobEvent.START)
        now = work.update(msgspec.structs.replace(now, state=state, started_at=work.at))
    return Begun(now, record_of(work, now))


def look(view: View, job: Job) -> Begun | None:
    """As `begin`, for a job that is Running already: nothing is written."""
    now = view.records.get(Job, job.id)
    if now is None or now.state not in OPEN_STATES:
        return None
    return Begun(now, record_of(view, now))


def succeed(work: Work, job: Job, use_case: AnyUseCase | None, ending: Ending | None, *, again: bool) -> None:
    """Write that a job went well, what belongs to it, and tell people.

    A job whose row somebody took out ends without a trace of itself: what it made is written all the same, but not
    `again`, as an earlier try may have done so.
    """
    now = work.records.get(Job, job.id)
    if _is_over(now) or (now is None and again):
        return
    record = record_of(work, job)
    text = _text(use_case, record, job)
    if ending is not None:
        ending(work)
    _close(work, now, job, None, "")
    _tell(work, job, use_case, record, text, EventLevel.INFO)


def fail(work: Work, job: Job, use_case: AnyUseCase | None, failure: Failure, *, again: bool) -> None:
    """Write that a job failed and why, undo what it made, and tell people; see `succeed` for `again`."""
    now = work.records.get(Job, job.id)
    if _is_over(now) or (now is None and again):
        return
    error, record = failure.error, record_of(work, job)
    if failure.undo:
        text = _text(use_case, record, job)
        if use_case is not None and use_case.undo is not None and record is not None:
            use_case.undo(work, record, error)
    else:  # something of the use case is broken: nothing more is asked of it
        text = _text(None, None, job)
    remember(work, failure.untold, error.message)
    if use_case is None:
        remember_line(work, job, error.message)
    _close(work, now, job, error, failure.step)
    _tell(work, job, use_case, record, f"{text}: {error.message}", EventLevel.ERROR)
    if error.stable_code in _ALERTED:
        text = f"the job {job.id} ({job.use_case}) failed: {error.message}"
        raise_alert(work, MANAGEMENT, f"job/{job.use_case}", text)


def resume(work: Work) -> list[Job]:
    """The jobs that an earlier run left open, as queued ones, in their order."""
    return [
        job
        if job.state is JobState.QUEUED
        else work.update(
            msgspec.structs.replace(job, state=next_job_state(job.state, JobEvent.RESTART), progress="")
        )
        for job in work.records.select(Job, columns(Job).state.in_(_OPEN))
    ]


def open_for(view: View, age: dt.timedelta) -> list[Job]:
    """The open jobs that are older, in their order; and those from times to come: the clock was set back since."""
    c = columns(Job)
    old, ahead = to_microseconds(view.at - age), to_microseconds(view.at + age)
    return view.records.select(Job, c.state.in_(_OPEN), or_(c.created_at < old, c.created_at > ahead))


def record_of(view: View, job: Job) -> Record | None:
    """What a job is about; None: it is gone, or this version of netloom has nothing of that kind."""
    stored = BY_WORD.get(job.resource_kind or "")
    if stored is None or job.resource_id is None:
        return None
    return view.records.get(stored.spec.record, job.resource_id)


_OPEN: Final = [state.value for state in OPEN_STATES]


def _is_over(now: Job | None) -> bool:
    return now is not None and now.state not in OPEN_STATES


def _text(use_case: AnyUseCase | None, record: Record | None, job: Job) -> str:
    if use_case is not None and record is not None:
        return use_case.describe(record)
    return job.use_case.replace(".", " ")


def _close(work: Work, now: Job | None, job: Job, error: NetloomError | None, step: str) -> None:
    if now is None:
        _log.warning("job is gone", job=job.id, use_case=job.use_case)
        return
    if now.state is JobState.QUEUED:  # nothing but a person with the database at hand did that
        now = msgspec.structs.replace(now, state=next_job_state(now.state, JobEvent.START))
    after = msgspec.structs.replace(
        now,
        state=next_job_state(now.state, JobEvent.SUCCEED if error is None else JobEvent.FAIL),
        progress=step,
        finished_at=work.at,
        error_kind=None if error is None else type(error).__name__,
        error_code=None if error is None else error.stable_code,
        error_text=None if error is None else error.message,
        error_subject=None if error is None else error.subject,
        payload=None,
    )
    work.update(after)


def _tell(
    work: Work, job: Job, use_case: AnyUseCase | None, record: Record | None, text: str, level: EventLevel
) -> None:
    if use_case is not None and use_case.event is not None:
        about = job if record is None else record
        work.event(use_case.event, text, about, level=level, job=job)
