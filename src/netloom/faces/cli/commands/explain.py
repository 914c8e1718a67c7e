"""`netloom explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from netloom.base.errors import InvalidInput
from netloom.client import calls
from netloom.faces.cli.options import Output
from netloom.faces.cli.output import Format, show, write_data
from netloom.faces.cli.render.explain import flow_parts, nic_parts
from netloom.faces.cli.session import session_of

app = typer.Typer(help="Why a flow is there; what a NIC causes and lacks.", no_args_is_help=True)


@app.command()
def flow(
    ctx: typer.Context,
    host: str,
    cookie: Annotated[str, typer.Argument(help="As ovs-ofctl prints it: 0x…")],
    output: Output = Format.TABLE,
) -> None:
    """Say which objects caused the flows with a cookie."""
    try:
        number = int(cookie, 0)
    except ValueError as error:
        raise InvalidInput(
            f"{cookie!r} is not a cookie", subject="COOKIE", hint="0x and hexadecimal digits"
        ) from error
    found = session_of(ctx).send(calls.explain_flow(host, number))
    if output is Format.TABLE:
        show(*flow_parts(found))
    else:
        write_data(found, output)


@app.command()
def nic(ctx: typer.Context, nic: str, output: Output = Format.TABLE) -> None:
    """Say where a NIC is, what flows it causes, and what keeps it from working."""
    found = session_of(ctx).send(calls.explain_nic(nic))
    if output is Format.TABLE:
        show(*nic_parts(found))
    else:
        write_data(found, output)
