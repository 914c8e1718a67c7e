"""CloudStack's commands for jobs, events and alerts."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.events import (
    ARCHIVE_ALERTS,
    ARCHIVE_EVENTS,
    DELETE_ALERTS,
    DELETE_EVENTS,
    PutAway,
    alert_type,
)
from netloom.app.cloud.usecase import AnyUseCase
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, Content, Listing, Rows, Success
from netloom.faces.cloudstack.kinds import word_of_kind
from netloom.faces.cloudstack.scope import resolve
from netloom.faces.cloudstack.see import See
from netloom.faces.cloudstack.table import INVALID
from netloom.faces.cloudstack.views.jobs import alert_rows, event_rows, job_row
from netloom.model.cloud.jobs import OPEN_STATES, Alert, Event, EventState, Job
from netloom.store.cloud.records import Where, columns
from netloom.store.cloud.schema import STORED
from netloom.store.times import to_microseconds

PATIENCE: Final = 0.5
"""Seconds that a question for a job's result waits for its end: most end in a few milliseconds, and clients that were told
*not yet* come back only after seconds."""
_LONGEST: Final = 10 * 366 * 86_400
"""Seconds: no event is older than that."""


async def query_async_job_result(call: Call) -> Mapping[str, object]:
    """Tells how a job is going and, when it has ended, its result."""
    job_id = call.need_uuid("jobid")
    await call.read(lambda view: view.get(Job, job_id, "jobid"))
    await call.cloud.jobs.settled(job_id, PATIENCE)

    def read(view: View) -> Mapping[str, object]:
        return job_row(
            view.get(Job, job_id, "jobid"),
            See(view),
            call.catalogue.answers,
            _command_of(view.get(Job, job_id)),
        )

    return await call.read(read)


async def list_async_jobs(call: Call) -> Rows:
    """Lists jobs that have not ended."""
    c, listing = columns(Job), call.listing
    conditions: list[Where] = [c.state.in_([state.value for state in OPEN_STATES])]
    since = call.moment("startdate")
    if since is not None:
        conditions.append(c.created_at >= to_microseconds(since))
    if listing.keyword is not None:
        text = listing.keyword.lower()
        fitting = [name for name, case in _use_cases().items() if text in (case.command or "").lower()]
        conditions.append(c.use_case.in_(fitting))

    def read(view: View) -> Rows:
        scope, see = resolve(view, listing.asked), See(view)
        jobs = view.select(Job, *conditions, scope=scope, limit=listing.page_size, offset=listing.offset)
        rows = [job_row(job, see, call.catalogue.answers, _command_of(job)) for job in jobs]
        return Rows(rows, view.count(Job, *conditions, scope=scope))

    return await call.read(read)


async def list_events(call: Call) -> Rows:
    """Lists what happened, the newest first."""
    c = columns(Event)
    conditions: list[Where] = [c.archived == call.flag("archived", default=False), *_times(call, Event)]
    conditions += _unfinished(call)
    kind = call.text("resourcetype")
    if kind:
        conditions.append(c.resource_kind.in_(word_of_kind(kind)))
    return await call.select(
        Event,
        call.match(c.id, "id", Event),
        call.match(c.type, "type"),
        call.match(c.level, "level"),
        call.match(c.resource_id, "resourceid"),
        call.match(c.parent_id, "startid"),
        *conditions,
        keyword=("type", "description"),
        order=c.number.desc(),
    )


async def list_event_types(call: Call) -> Rows:
    """Lists the types that events may have."""
    types = sorted({use_case.event for use_case in _use_cases().values() if use_case.event is not None})
    return call.paged([{"name": name} for name in types])


async def list_alerts(call: Call) -> Rows:
    """Lists what an operator has to look at, the newest first."""
    c = columns(Alert)
    kind = call.text("type")
    return await call.select(
        Alert,
        call.match(c.id, "id", Alert),
        call.match(c.name, "name"),
        c.type == alert_type(kind) if kind else None,
        c.archived == False,  # noqa: E712 - a column's condition
        keyword=("name", "subject", "description"),
        order=c.last_at.desc(),
    )


async def archive_events(call: Call) -> object:
    """Puts events out of the ordinary list."""
    return await call.do(ARCHIVE_EVENTS, _put_away(call))


async def delete_events(call: Call) -> object:
    """Deletes events."""
    return await call.do(DELETE_EVENTS, _put_away(call))


async def archive_alerts(call: Call) -> object:
    """Puts alerts out of the ordinary list."""
    return await call.do(ARCHIVE_ALERTS, _put_away(call))


async def delete_alerts(call: Call) -> object:
    """Deletes alerts."""
    return await call.do(DELETE_ALERTS, _put_away(call))


def _put_away(call: Call) -> PutAway:
    since, until = call.moment("startdate"), call.until("enddate")
    if since is not None and until is None:
        raise InvalidInput("a startdate without an enddate", subject="enddate", hint="say until when")
    return PutAway(ids=call.uuids("ids"), type=call.text("type") or None, since=since, until=until)


def _times(call: Call, record_type: type[Event]) -> list[Where]:
    c = columns(record_type)
    since, until = call.moment("startdate"), call.until("enddate")
    conditions: list[Where] = []
    if since is not None:
        conditions.append(c.created_at >= to_microseconds(since))
    if until is not None:
        conditions.append(c.created_at <= to_microseconds(until))
    return conditions


def _unfinished(call: Call) -> list[Where]:
    """What began at most `entrytime` seconds ago, at least `duration` seconds ago, and has not ended."""
    entered, lasting = call.integer("entrytime"), call.integer("duration")
    if entered is None and lasting is None:
        return []
    if entered is None or lasting is None or not 0 <= lasting < entered <= _LONGEST:
        raise InvalidInput(
            f"entrytime {entered} and duration {lasting} name no span of time",
            code=INVALID,
            subject="duration" if lasting is None else "entrytime",
            hint="seconds, both: what began at most entrytime ago and lasts for duration at least",
        )
    now, c, later = call.cloud.now(), columns(Event), STORED[Event].table.alias("later").c
    oldest = to_microseconds(now - timedelta(seconds=entered))
    ended = select(later.parent_id).where(
        later.state == EventState.COMPLETED.value, later.parent_id.is_not(None), later.created_at >= oldest
    )
    return [
        c.state != EventState.COMPLETED.value,
        c.parent_id.is_(None),
        c.created_at >= oldest,
        c.created_at <= to_microseconds(now - timedelta(seconds=lasting)),
        c.id.not_in(ended),
    ]


def _command_of(job: Job) -> str | None:
    use_case = _use_cases().get(job.use_case)
    return None if use_case is None else use_case.command


@functools.cache
def _use_cases() -> Mapping[str, AnyUseCase]:
    return by_name()


COMMANDS: tuple[Command, ...] = (
    Command("queryAsyncJobResult", query_async_job_result, Content()),
    Command("listAsyncJobs", list_async_jobs, Listing("asyncjobs")),
    Command("listEvents", list_events, Listing("event", event_rows)),
    Command("listEventTypes", list_event_types, Listing("eventtype")),
    Command("archiveEvents", archive_events, Success()),
    Command("deleteEvents", delete_events, Success()),
    Command("listAlerts", list_alerts, Listing("alert", alert_rows)),
    Command("archiveAlerts", archive_alerts, Success()),
    Command("deleteAlerts", delete_alerts, Success()),
)
