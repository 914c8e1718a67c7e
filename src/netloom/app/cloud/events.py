"""Putting events and alerts away: archived ones are listed only when asked for, deleted ones are gone.

Rule 1: only what is named or bounded by a date or a type is touched: nothing empties the memory of a cloud by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import Scope
from netloom.app.cloud.work import Work
from netloom.base.errors import InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.jobs import Alert, Event
from netloom.model.cloud.record import Record
from netloom.store.cloud.records import Where, columns
from netloom.store.cloud.schema import word_of
from netloom.store.times import to_microseconds

Memory = TypeVar("Memory", bound=Event | Alert)
MAX_AT_ONCE: Final = 10_000
MAX_DIGITS: Final = 5
"""Digits of the number of a type of alerts; CloudStack's are shorts."""


class PutAway(msgspec.Struct, frozen=True, kw_only=True):
    """Which ones: these, or all of a type or between two times."""

    ids: tuple[Uuid, ...] = ()
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def _archive(record_type: type[Memory]) -> Callable[[Work, PutAway], Record]:
    def begin(work: Work, request: PutAway) -> Record:
        found = _chosen(work, record_type, request)
        for each in found:
            work.update(msgspec.structs.replace(each, archived=True))
        return _about(work, found)

    return begin


def _delete(record_type: type[Memory]) -> Callable[[Work, PutAway], Record]:
    def begin(work: Work, request: PutAway) -> Record:
        found = _chosen(work, record_type, request)
        work.delete_all(found)
        return _about(work, found)

    return begin


def _about(work: Work, found: Sequence[Memory]) -> Record:
    """What a use case was about: the first of what was put away, or who asked, when there was nothing to."""
    return found[0] if found else work.get(Account, work.caller.account_id)


ARCHIVE_EVENTS = UseCase[PutAway, Record](
    name="event.archive", command="archiveEvents", request=PutAway, begin=_archive(Event)
)
DELETE_EVENTS = UseCase[PutAway, Record](
    name="event.delete", command="deleteEvents", request=PutAway, begin=_delete(Event)
)
ARCHIVE_ALERTS = UseCase[PutAway, Record](
    name="alert.archive", command="archiveAlerts", request=PutAway, begin=_archive(Alert)
)
DELETE_ALERTS = UseCase[PutAway, Record](
    name="alert.delete", command="deleteAlerts", request=PutAway, begin=_delete(Alert)
)
USE_CASES = (ARCHIVE_EVENTS, DELETE_EVENTS, ARCHIVE_ALERTS, DELETE_ALERTS)


def alert_type(text: str) -> int:
    """The number of a type of alerts.

    Raises:
        InvalidInput: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        raise InvalidInput(
            f"{text[:64]!r} is no type of alerts", subject="type", hint="a number, 9 for example"
        )
    return int(text)


def _chosen(work: Work, record_type: type[Memory], request: PutAway) -> list[Memory]:
    """What is named or bounded; by a type or dates it may be none, by ids it is all of them.

    Raises:
        InvalidInput: nothing says which ones, or the type is none.
        NotFound: an id is of none that the caller may see (`event-not-found`, `alert-not-found`).
    """
    _bounded(request)
    c = columns(record_type)
    conditions: list[Where] = [*_between(request, record_type)]
    if request.ids:
        conditions.append(c.id.in_(request.ids))
    if request.type is not None:
        conditions.append(c.type == (request.type if record_type is Event else alert_type(request.type)))
    found = work.select(record_type, *conditions, scope=Scope(everything=True), limit=MAX_AT_ONCE)
    if request.ids and len(found) < len(set(request.ids)):
        word = word_of(record_type)
        raise NotFound(f"not all of these {word}s are there", code=f"{word}-not-found", subject="ids")
    return found


def _between(request: PutAway, record_type: type[Record]) -> list[Where]:
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
