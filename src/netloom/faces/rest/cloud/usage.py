"""`/v1/usage-spans/report`: what each account had in a time, added up; the spans themselves are a kind like others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.usage import UsageAsked, UsageTotal, used_totals
from netloom.app.cloud.visibility import Scope
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.contract.usage import UsageReport
from netloom.faces.rest import describe
from netloom.faces.rest.auth import caller_of
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import JSON
from netloom.model.cloud.usage import Period

COMMAND: Final = "listUsageRecords"
"""What a role has to allow."""
_WHEN: Final = "2026-11-01 or 2026-11-01T12:00:00, UTC unless it says otherwise"


def add(api: FastAPI, resources: Resources) -> None:
    """The one route."""
    cloud = resources.cloud

    async def report(request: Request) -> Response:
        now = cloud.now()
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        since = _moment(request, "since") or month
        until = min(_moment(request, "until") or now, now)
        asked = UsageAsked(period=Period(since, until), scope=Scope(everything=True))
        totals = await cloud.read(caller_of(request), COMMAND, _totals(asked))
        items = [
            {name: getattr(total, name) for name in total.__struct_fields__} | {"type": total.type.value}
            for total in totals
        ]
        return Response(encode_value({"since": since, "until": until, "items": items}), media_type=JSON)

    extra = describe.operation(
        describe.success("By account and type", UsageReport),
        parameters=(
            describe.query("since", f"From when: {_WHEN}; this month's beginning when left out."),
            describe.query("until", f"Until before when: {_WHEN}; now when left out."),
        ),
        errors=(403, 422),
    )
    route = describe.Route(
        "GET", "/v1/usage-spans/report", "report_usage", "What accounts had, and for how long", "usage-spans", extra
    )  # fmt: skip
    describe.add(api, report, route)


def _totals(asked: UsageAsked) -> Callable[[View], Sequence[UsageTotal]]:
    return lambda view: used_totals(view, asked)


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{text[:64]!r} is no time", subject=name, hint=_WHEN) from error
