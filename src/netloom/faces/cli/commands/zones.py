"""`netloom zone`."""

from __future__ import annotations

from typing import Annotated

import typer

from netloom.client import calls
from netloom.contract.kinds import ZONE
from netloom.contract.zones import ZoneSpec
from netloom.faces.cli.commands.listing import create_object, delete_object, list_objects, write_one
from netloom.faces.cli.options import LabelFilter, Labels, Limit, Output, given, parse_labels, spec_of
from netloom.faces.cli.output import Format
from netloom.faces.cli.session import session_of

app = typer.Typer(help="Zones: where hosts and physical networks are.", no_args_is_help=True)

_COLUMNS = (("name", "name"), ("description", "description"), ("labels", "labels"), ("id", "id"))


@app.command()
def create(
    ctx: typer.Context,
    name: str,
    description: Annotated[str | None, typer.Option(help="For people.")] = None,
    label: Labels = None,
    output: Output = Format.TABLE,
) -> None:
    """Create a zone."""
    spec = spec_of(ZoneSpec, given(name=name, description=description, labels=parse_labels(label)))
    create_object(
        ctx, ZONE, spec, output, wait=None, said=lambda zone: f"zone {zone.name} created ({zone.id})"
    )


@app.command("list")
def list_(
    ctx: typer.Context, label: LabelFilter = None, limit: Limit = None, output: Output = Format.TABLE
) -> None:
    """List zones."""
    list_objects(ctx, ZONE, _COLUMNS, output, label=label, limit=limit)


@app.command()
def show(ctx: typer.Context, zone: str, output: Output = Format.TABLE) -> None:
    """Show a zone."""
    write_one(session_of(ctx).send(calls.get(ZONE, zone)), output)


@app.command()
def delete(ctx: typer.Context, zone: str) -> None:
    """Delete a zone that nothing is in."""
    delete_object(ctx, ZONE, zone, "zone")
