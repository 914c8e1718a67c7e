"""`netloom export`."""

from __future__ import annotations

from typing import Annotated

import typer

from netloom.client import calls
from netloom.faces.cli.output import Format, write
from netloom.faces.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def export(
    ctx: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was made by calls, and what had to be left out.")
    ] = False,
    output: Annotated[Format, typer.Option("-o", "--output", help="yaml or json.")] = Format.YAML,
) -> None:
    """Write everything declared, as a file that apply takes; secrets are not in it."""
    kind = "application/json" if output is Format.JSON else "application/yaml"
    write(session_of(ctx).send(calls.export(kind, everything=everything)).decode())
