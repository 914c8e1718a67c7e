"""`netloom watch`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from netloom.contract.changes import Change
from netloom.faces.cli.options import Output
from netloom.faces.cli.output import Format, text_of, write
from netloom.faces.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def watch(
    ctx: typer.Context,
    since: Annotated[
        int | None, typer.Option(min=0, help="Revision after which to start; left out: from now.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many changes.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Follow changes, one a line, until interrupted. With -o json or yaml: one JSON object a line."""
    left = count
    try:
        for item in session_of(ctx).client.watch(since):
            if not isinstance(item, Change):
                continue
            if output is Format.TABLE:
                write(
                    f"{text_of(item.at)}  r{item.revision}  {item.kind} {item.name} {item.action} g{item.generation}"
                )
            else:
                write(item.model_dump_json())
            sys.stdout.flush()
            if left is not None:
                left -= 1
                if left == 0:
                    return
    except KeyboardInterrupt:
        return
