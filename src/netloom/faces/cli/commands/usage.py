"""`netloom usage`."""

from __future__ import annotations

from typing import Annotated

import typer

from netloom.client import cloud
from netloom.faces.cli.options import Output
from netloom.faces.cli.output import Format, rows, show, text_of, write_data
from netloom.faces.cli.session import session_of

app = typer.Typer(help="What accounts had, and for how long.", no_args_is_help=True)


@app.callback()
def usage() -> None:
    """What accounts had, and for how long."""


@app.command()
def report(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option(help="From when (2026-11-01, UTC); this month's beginning.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Until before when; now.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Add up what each account had: hours and number of things, by type."""
    found = session_of(ctx).send(cloud.usage_report(since, until))
    if output is not Format.TABLE:
        write_data(found, output)
        return
    show(
        rows(
            ("domain", "account", "type", "things", "hours"),
            [
                [
                    each.domain or "",
                    each.account or each.account_id,
                    each.type,
                    text_of(each.things),
                    f"{each.hours:.2f}",
                ]
                for each in found.items
            ],
        )
    )
