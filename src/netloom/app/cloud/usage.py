"""What was used in a time: spans cut into periods, page by page, and totals for who pays.

Rule 1: what is asked for is cut by the database: a page costs a page, however much was used.
Rule 2: what has not been yet is not told: a period that goes on is told until now.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, case, func, select

from netloom.app.cloud import configuration
from netloom.app.cloud.identity_names import account_names, domain_paths
from netloom.app.cloud.visibility import Scope, visible
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.model.cloud.record import AccountId
from netloom.model.cloud.usage import Period, UsageSpan, UsageType, periods
from netloom.store.cloud.records import Where, columns
from netloom.store.times import to_microseconds

HOUR = 3_600 * 1_000_000
"""Microseconds of an hour, as times are stored."""


class UsageAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Of what usage is asked: when, whose, and (if told) of what type or thing."""

    period: Period
    scope: Scope
    type: UsageType | None = None
    resource_id: Uuid | None = None
    account_id: Uuid | None = None


class UsagePart(msgspec.Struct, frozen=True):
    """A span as far as it lies in a period."""

    span: UsageSpan
    period: Period


class UsageTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What an account had of one type in a time: `hours` of all things together, and how many `things`.

    `account` and `domain` (a path) are names, also of who is gone.
    """

    account_id: AccountId
    account: str | None
    domain: str | None
    type: UsageType
    hours: float
    things: int


def used_parts(view: View, asked: UsageAsked, *, offset: int, limit: int) -> tuple[list[UsagePart], int]:
    """A page of what was used, period by period, and how much there is in all.

    Raises:
        InvalidInput: the time ends before it begins, or is too long.
    """
    minutes = configuration.number(view, "usage.stats.job.aggregation.range")
    conditions = _asked(view, asked)
    found: list[UsagePart] = []
    total = 0
    for period in periods(_until_now(view, asked.period), minutes):
        inside = [*conditions, *_overlaps(period)]
        count = view.records.count(UsageSpan, *inside)
        skipped = max(0, offset - total)
        total += count
        if skipped < count and len(found) < limit:
            spans = view.records.select(UsageSpan, *inside, limit=limit - len(found), offset=skipped)
            found.extend(UsagePart(span, period) for span in spans)
    return found, total


def used_totals(view: View, asked: UsageAsked) -> Sequence[UsageTotal]:
    """The report: what each account used of each type, in the order of accounts and types.

    Raises:
        InvalidInput: the time ends before it begins, or is too long.
    """
    period = _until_now(view, asked.period)
    if not periods(period, 1440):
        return []
    c = columns(UsageSpan)
    start, end = to_microseconds(period.start), to_microseconds(period.end)
    began = case((c.started_at > start, c.started_at), else_=start)
    ended = case((c.ended_at < end, c.ended_at), else_=end)
    rows = view.records.connection.execute(
        select(
            c.account_id,
            c.domain_id,
            c.type,
            func.sum(ended - began).label("microseconds"),
            func.count(func.distinct(c.resource_id)).label("things"),
        )
        .where(*_asked(view, asked), *_overlaps(period))
        .group_by(c.account_id, c.domain_id, c.type)
        .order_by(c.domain_id, c.account_id, c.type)
    )
    found = rows.all()
    accounts = account_names(view, [row.account_id for row in found])
    domains = domain_paths(view, [row.domain_id for row in found])
    return [
        UsageTotal(
            account_id=row.account_id,
            account=accounts.get(row.account_id),
            domain=domains.get(row.domain_id),
            type=UsageType(row.type),
            hours=int(row.microseconds) / HOUR,
            things=row.things,
        )
        for row in found
    ]


def _asked(view: View, asked: UsageAsked) -> list[Where]:
    c = columns(UsageSpan)
    conditions: list[Where] = visible(c, view.caller, asked.scope)
    for column, value in (
        (c.type, None if asked.type is None else asked.type.value),
        (c.resource_id, asked.resource_id),
        (c.account_id, asked.account_id),
    ):
        if value is not None:
            conditions.append(column == value)
    return conditions


def _overlaps(period: Period) -> list[ColumnElement[bool]]:
    c = columns(UsageSpan)
    start, end = to_microseconds(period.start), to_microseconds(period.end)
    return [c.started_at < end, c.ended_at.is_(None) | (c.ended_at > start)]


def _until_now(view: View, period: Period) -> Period:
    if period.end > view.at >= period.start:
        return Period(period.start, view.at)
    return Period(period.start, period.start) if period.start > view.at else period
