"""`netloom plan`."""

from __future__ import annotations

import typer

from netloom.base.errors import NetloomError
from netloom.client import calls
from netloom.faces.cli.commands.source import File, read_source, refuse
from netloom.faces.cli.options import Output
from netloom.faces.cli.output import Format, show, write_data
from netloom.faces.cli.render.changes import plan_parts
from netloom.faces.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def plan(ctx: typer.Context, file: File, output: Output = Format.TABLE) -> None:
    """Show what applying a file would change, down to ports and flows per host; touches nothing."""
    content, kind = read_source(file)
    try:
        found = session_of(ctx).send(calls.plan(content, kind))
    except NetloomError as error:
        raise refuse(error, file) from error
    if output is Format.TABLE:
        show(*plan_parts(found))
    else:
        write_data(found, output)
