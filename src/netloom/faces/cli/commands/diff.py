"""`netloom diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from netloom.client import calls
from netloom.faces.cli.failures import Exit
from netloom.faces.cli.options import Output
from netloom.faces.cli.output import Format, show, write_data
from netloom.faces.cli.render.changes import diff_parts
from netloom.faces.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def diff(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Argument(help="Only this host.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show drift between desired and actual, read now. Exit status 7 when there is some."""
    found = session_of(ctx).send(calls.diff(host))
    if output is Format.TABLE:
        show(*diff_parts(found))
    else:
        write_data(found, output)
    if not found.clean:
        raise typer.Exit(Exit.DRIFT)
