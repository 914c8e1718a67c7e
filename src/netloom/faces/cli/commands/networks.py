"""`netloom network`."""

# ruff: noqa: PLR0913, PLR0917 - the options of a command are the arguments of its function

from __future__ import annotations

from typing import Annotated

import typer

from netloom.client import calls, cloud
from netloom.contract.kinds import NETWORK
from netloom.contract.networks import NetworkSpec
from netloom.faces.cli.commands.listing import create_object, delete_object, list_objects
from netloom.faces.cli.options import (
    WAIT_SECONDS,
    LabelFilter,
    Labels,
    Limit,
    Output,
    Wait,
    WaitSeconds,
    given,
    parse_labels,
    spec_of,
)
from netloom.faces.cli.output import Format, write_data
from netloom.faces.cli.output import show as show_parts
from netloom.faces.cli.render.explained_network import explained_parts
from netloom.faces.cli.render.network import network_parts
from netloom.faces.cli.session import session_of

app = typer.Typer(help="Networks: a tenant's broadcast domain.", no_args_is_help=True)

_COLUMNS = (
    ("name", "name"),
    ("status", "status"),
    ("state", "state"),
    ("isolation", "isolation"),
    ("segment", "segment"),
    ("cidr", "cidr"),
    ("cidr6", "cidr6"),
    ("mtu", "guest_mtu"),
    ("labels", "labels"),
)


@app.command()
def create(
    ctx: typer.Context,
    name: str,
    isolation: Annotated[str | None, typer.Option(help="gre, vxlan, geneve or vlan.")] = None,
    cidr: Annotated[str | None, typer.Option(help="IPv4 network; without both: no addresses.")] = None,
    cidr6: Annotated[str | None, typer.Option(help="IPv6 network.")] = None,
    segment: Annotated[
        int | None, typer.Option(help="Segment id; left out: a free one; 0: untagged VLAN.")
    ] = None,
    mtu: Annotated[int | None, typer.Option(help="Of guests; left out: as the underlay allows.")] = None,
    zone: Annotated[str | None, typer.Option(help="Name or id.")] = None,
    physical_network: Annotated[str | None, typer.Option("--physical-network", help="Name or id.")] = None,
    label: Labels = None,
    wait: Wait = False,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    output: Output = Format.TABLE,
) -> None:
    """Create a network. It costs nothing on hosts until its first NIC is plugged."""
    fields = given(
        name=name,
        isolation=isolation,
        cidr=cidr,
        cidr6=cidr6,
        segment=segment,
        mtu=mtu,
        zone=zone,
        physical_network=physical_network,
        labels=parse_labels(label),
    )
    create_object(
        ctx,
        NETWORK,
        spec_of(NetworkSpec, fields),
        output,
        wait=wait_seconds if wait else None,
        said=lambda net: f"network {net.name} created ({net.isolation} segment {net.segment}, {net.id})",
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    zone: Annotated[str | None, typer.Option(help="Only of this zone.")] = None,
    isolation: Annotated[str | None, typer.Option(help="Only with this isolation.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    label: LabelFilter = None,
    limit: Limit = None,
    output: Output = Format.TABLE,
) -> None:
    """List networks."""
    list_objects(
        ctx, NETWORK, _COLUMNS, output, label=label, limit=limit, zone=zone, isolation=isolation, state=state
    )


@app.command()
def show(ctx: typer.Context, network: str, output: Output = Format.TABLE) -> None:
    """Show a network: its fields, the hosts that carry it, and what was found."""
    session = session_of(ctx)
    item = session.send(calls.get(NETWORK, network))
    report = session.send(calls.network_report(item.id))
    if output is Format.TABLE:
        show_parts(*network_parts(item, report))
    else:
        write_data({"network": item, "report": report}, output)


@app.command()
def delete(ctx: typer.Context, network: str) -> None:
    """Delete a network that has no NICs."""
    delete_object(ctx, NETWORK, network, "network")


@app.command()
def explain(ctx: typer.Context, network: str, output: Output = Format.TABLE) -> None:
    """Say who designed a tenant's network, who gives its services, and why no one else."""
    found = session_of(ctx).send(cloud.explain_network(network))
    if output is Format.TABLE:
        show_parts(*explained_parts(found))
    else:
        write_data(found, output)
