"""CloudStack's commands for usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netloom.app.cloud.usage import UsageAsked, used_parts
from netloom.app.cloud.work import View
from netloom.faces.cloudstack.command import Call, Command, Content, Listing, Rows, See
from netloom.faces.cloudstack.scope import resolve
from netloom.faces.cloudstack.views.usage import type_rows, usage_rows
from netloom.model.cloud.usage import Period, periods, type_of_number


async def list_usage_records(call: Call) -> Rows:
    """Lists what was used between two dates, a record a thing and period; of all that the caller administers."""
    number, listing = call.integer("type"), call.listing
    asked = listing.asked
    if asked.account is None and asked.project_id is None and asked.domain_id is None:
        asked = replace(asked, list_all=True, all_projects=True)
    with_tags = call.flag("includetags", default=False)

    def read(view: View) -> Rows:
        wanted = UsageAsked(
            period=_period(call),
            scope=resolve(view, asked),
            type=None if number is None else type_of_number(number),
            resource_id=call.uuid("usageid"),
            account_id=call.uuid("accountid"),
        )
        parts, count = used_parts(view, wanted, offset=listing.offset, limit=listing.page_size)
        return Rows(usage_rows(parts, See(view), with_tags=with_tags), count)

    return await call.read(read)


async def list_usage_types(call: Call) -> Rows:
    """Lists the types of usage that are metered."""
    rows = await call.read(lambda view: type_rows())
    return Rows(rows, len(rows))


async def generate_usage_records(call: Call) -> Mapping[str, object]:
    """Does nothing: usage is there to be read as soon as it was. For clients that ask for it first."""
    start, end = call.moment("startdate"), call.until("enddate")
    if start is not None and end is not None:
        periods(Period(start, end), 1440)
    await call.permitted()
    return {"success": True}


def _period(call: Call) -> Period:
    start, end = call.moment("startdate"), call.until("enddate")
    if start is None or end is None:
        raise call.missing("startdate" if start is None else "enddate")
    return Period(start, end)


COMMANDS: tuple[Command, ...] = (
    Command("listUsageRecords", list_usage_records, Listing("usagerecord")),
    Command("listUsageTypes", list_usage_types, Listing("usagetype")),
    Command("generateUsageRecords", generate_usage_records, Content()),
)
