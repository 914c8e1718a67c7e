"""`netloom system`."""

from __future__ import annotations

import typer

from netloom.client import cloud
from netloom.faces.cli.options import Output
from netloom.faces.cli.output import Format, rows, show, text_of, write_data
from netloom.faces.cli.session import session_of

app = typer.Typer(help="The daemon's parts.", no_args_is_help=True)


@app.callback()
def system() -> None:
    """The daemon's parts."""


@app.command()
def components(ctx: typer.Context, output: Output = Format.TABLE) -> None:
    """Show what netloomd is made of: each part's run level, and whether it runs."""
    found = session_of(ctx).send(cloud.components())
    if output is not Format.TABLE:
        write_data(found, output)
        return
    show(
        rows(
            ("component", "run level", "running"),
            [[each.name, each.level, text_of(each.running)] for each in found.items],
        )
    )
