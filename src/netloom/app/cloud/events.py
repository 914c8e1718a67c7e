"""Putting events and alerts away: archived ones are listed only when asked for, deleted ones are gone.

Rule 1: only what is named or bounded by a date or a type is touched: nothing empties the memory of a cloud by accident.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import Scope
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.jobs import Alert, Event
from netloom.store.cloud.records import Where, columns
from netloom.store.times import to_microseconds

MAX_AT_ONCE: Final = 10_000


class PutAway(msgspec.Struct, frozen=True, kw_only=True):
    """Which ones: these, or all of a type or between two times."""

    ids: tuple[Uuid, ...] = ()
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def _archive_events(work: Work, request: PutAway) -> Event:
    found = _events(work, request)
    for event in found:
        work.update(msgspec.structs.replace(event, archived=True))
    return found[0]


def _delete_events(work: Work, request: PutAway) -> Event:
    found = _events(work, request)
    work.delete_all(found)
    return found[0]


def _archive_alerts(work: Work, request: PutAway) -> Alert:
    found = _alerts(work, request)
    for alert in found:
        work.update(msgspec.structs.replace(alert, archived=True))
    return found[0]


def _delete_alerts(work: Work, request: PutAway) -> Alert:
    found = _alerts(work, request)
    work.delete_all(found)
    return found[0]


ARCHIVE_EVENTS = UseCase[PutAway, Event](
    name="event.archive", command="archiveEvents", request=PutAway, begin=_archive_events
)
DELETE_EVENTS = UseCase[PutAway, Event](
    name="event.delete", command="deleteEvents", request=PutAway, begin=_delete_events
)
ARCHIVE_ALERTS = UseCase[PutAway, Alert](
    name="alert.archive", command="archiveAlerts", request=PutAway, begin=_archive_alerts
)
DELETE_ALERTS = UseCase[PutAway, Alert](
    name="alert.delete", command="deleteAlerts", request=PutAway, begin=_delete_alerts
)
USE_CASES = (ARCHIVE_EVENTS, DELETE_EVENTS, ARCHIVE_ALERTS, DELETE_ALERTS)


def _events(work: Work, request: PutAway) -> list[Event]:
    _bounded(request)
    c = columns(Event)
    conditions: list[Where] = []
    if request.ids:
        conditions.append(c.id.in_(request.ids))
    if request.type is not None:
        conditions.append(c.type == request.type)
    conditions.extend(_between(request, Event))
    found = work.select(Event, *conditions, scope=Scope(everything=True), limit=MAX_AT_ONCE)
    if not found or (request.ids and len(found) < len(set(request.ids))):
        raise NotFound("not all of these events are there", code="event-not-found", subject="ids")
    return found


def _alerts(work: Work, request: PutAway) -> list[Alert]:
    _bounded(request)
    c = columns(Alert)
    conditions: list[Where] = []
    if request.ids:
        conditions.append(c.id.in_(request.ids))
    if request.type is not None:
        if not request.type.isdecimal():
            raise InvalidInput(f"{request.type[:64]!r} is no type of alerts", subject="type", hint="a number")
        conditions.append(c.type == int(request.type))
    conditions.extend(_between(request, Alert))
    found = work.records.select(Alert, *conditions, limit=MAX_AT_ONCE)
    if not found or (request.ids and len(found) < len(set(request.ids))):
        raise NotFound("not all of these alerts are there", code="alert-not-found", subject="ids")
    return found


def _between(request: PutAway, record_type: type[Event | Alert]) -> list[Where]:
    c = columns(record_type)
    conditions: list[Where] = []
    if request.since is not None:
        conditions.append(c.created_at >= to_microseconds(request.since))
    if request.until is not None:
        conditions.append(c.created_at <= to_microseconds(request.until))
    return conditions


def _bounded(request: PutAway) -> None:
    if not (request.ids or request.type or request.since or request.until):
        raise InvalidInput(
            "nothing says which ones", subject="ids", hint="ids, a type, or dates between which they happened"
        )
