"""`netloom physical-network`."""

# ruff: noqa: PLR0913, PLR0917 - the options of a command are the arguments of its function

from __future__ import annotations

from typing import Annotated

import typer

from netloom.client import calls
from netloom.contract.kinds import PHYSICAL_NETWORK
from netloom.contract.physical_networks import PhysicalNetworkSpec
from netloom.faces.cli.commands.listing import create_object, delete_object, list_objects, write_one
from netloom.faces.cli.options import LabelFilter, Labels, Limit, Output, given, parse_labels, spec_of
from netloom.faces.cli.output import Format
from netloom.faces.cli.session import session_of

app = typer.Typer(
    help="Physical networks: wires, encapsulations and segment ids of a zone.", no_args_is_help=True
)

_COLUMNS = (
    ("name", "name"),
    ("zone", "zone"),
    ("isolations", "isolations"),
    ("segments", "segments"),
    ("mtu", "mtu"),
    ("labels", "labels"),
)


@app.command()
def create(
    ctx: typer.Context,
    name: str,
    zone: Annotated[str | None, typer.Option(help="Name or id; default: default.")] = None,
    isolation: Annotated[
        list[str] | None,
        typer.Option(help="gre, vxlan, geneve or vlan; may be given again; default: all tunnels."),
    ] = None,
    segments: Annotated[
        list[str] | None, typer.Option(metavar="FIRST-LAST", help="Segment ids; may be given again.")
    ] = None,
    mtu: Annotated[int | None, typer.Option(help="Of the wires; default: 1500.")] = None,
    label: Labels = None,
    output: Output = Format.TABLE,
) -> None:
    """Create a physical network."""
    fields = given(
        name=name,
        zone=zone,
        isolations=isolation or None,
        segments=segments or None,
        mtu=mtu,
        labels=parse_labels(label),
    )
    spec = spec_of(PhysicalNetworkSpec, fields)
    create_object(
        ctx,
        PHYSICAL_NETWORK,
        spec,
        output,
        wait=None,
        said=lambda made: f"physical network {made.name} created ({made.id})",
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    zone: Annotated[str | None, typer.Option(help="Only of this zone.")] = None,
    label: LabelFilter = None,
    limit: Limit = None,
    output: Output = Format.TABLE,
) -> None:
    """List physical networks."""
    list_objects(ctx, PHYSICAL_NETWORK, _COLUMNS, output, label=label, limit=limit, zone=zone)


@app.command()
def show(ctx: typer.Context, physical_network: str, output: Output = Format.TABLE) -> None:
    """Show a physical network."""
    write_one(session_of(ctx).send(calls.get(PHYSICAL_NETWORK, physical_network)), output)


@app.command()
def delete(ctx: typer.Context, physical_network: str) -> None:
    """Delete a physical network that has no networks."""
    delete_object(ctx, PHYSICAL_NETWORK, physical_network, "physical network")
