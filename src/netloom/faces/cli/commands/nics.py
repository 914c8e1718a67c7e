"""`netloom nic`."""

# ruff: noqa: PLR0913, PLR0917 - the options of a command are the arguments of its function

from __future__ import annotations

from typing import Annotated

import typer

from netloom.base.errors import InvalidInput
from netloom.client import calls
from netloom.contract.kinds import NIC
from netloom.contract.nics import NicSpec
from netloom.faces.cli.commands.listing import create_object, delete_object, finish, list_objects, write_one
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
from netloom.faces.cli.output import Format
from netloom.faces.cli.session import session_of

app = typer.Typer(help="NICs: a guest's port in a network.", no_args_is_help=True)

_COLUMNS = (
    ("name", "name"),
    ("status", "status"),
    ("state", "state"),
    ("network", "network"),
    ("mac", "mac"),
    ("ipv4", "ipv4"),
    ("ipv6", "ipv6"),
    ("identity", "identity"),
    ("labels", "labels"),
)


@app.command()
def create(
    ctx: typer.Context,
    name: str,
    network: Annotated[str, typer.Option(help="Name or id.")],
    mac: Annotated[str | None, typer.Option(help="Left out: chosen.")] = None,
    ipv4: Annotated[str | None, typer.Option(help="Left out: a free one.")] = None,
    ipv6: Annotated[str | None, typer.Option(help="Left out: a free one.")] = None,
    identity: Annotated[str | None, typer.Option(help="iface-id of its port; left out: its id.")] = None,
    host: Annotated[str | None, typer.Option(help="Attach it on this host.")] = None,
    device: Annotated[str | None, typer.Option(help="To this interface, with --host.")] = None,
    label: Labels = None,
    wait: Wait = False,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    output: Output = Format.TABLE,
) -> None:
    """Create a NIC."""
    if (host is None) != (device is None):
        raise InvalidInput("--host and --device go together", subject="--host", hint="give both or none")
    fields = given(
        name=name,
        network=network,
        mac=mac,
        ipv4=ipv4,
        ipv6=ipv6,
        identity=identity,
        labels=parse_labels(label),
        attachment=None if host is None else {"host": host, "device": device},
    )
    create_object(
        ctx,
        NIC,
        spec_of(NicSpec, fields),
        output,
        wait=wait_seconds if wait else None,
        said=lambda nic: (
            f"NIC {nic.name} created ({nic.mac}, {nic.ipv4 or nic.ipv6}, iface-id {nic.identity})"
        ),
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    network: Annotated[str | None, typer.Option(help="Only of this network.")] = None,
    host: Annotated[str | None, typer.Option(help="Only attached on this host.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    label: LabelFilter = None,
    limit: Limit = None,
    output: Output = Format.TABLE,
) -> None:
    """List NICs."""
    list_objects(
        ctx, NIC, _COLUMNS, output, label=label, limit=limit, network=network, host=host, state=state
    )


@app.command()
def show(ctx: typer.Context, nic: str, output: Output = Format.TABLE) -> None:
    """Show a NIC (`netloom explain nic` says where it is and what it causes)."""
    write_one(session_of(ctx).send(calls.get(NIC, nic)), output)


@app.command()
def delete(ctx: typer.Context, nic: str) -> None:
    """Delete a NIC."""
    delete_object(ctx, NIC, nic, "NIC")


@app.command()
def attach(
    ctx: typer.Context,
    nic: str,
    host: str,
    device: str,
    wait: Wait = False,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    output: Output = Format.TABLE,
) -> None:
    """Plug a NIC into a device of a host."""
    finish(
        ctx,
        NIC,
        calls.attach(nic, host, device),
        output,
        wait=wait_seconds if wait else None,
        said=lambda found: f"NIC {found.name} attached to {device} on {host}, {found.status.phase}",
    )


@app.command()
def detach(
    ctx: typer.Context,
    nic: str,
    wait: Wait = False,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    output: Output = Format.TABLE,
) -> None:
    """Unplug a NIC."""
    finish(
        ctx,
        NIC,
        calls.detach(nic),
        output,
        wait=wait_seconds if wait else None,
        said=lambda found: f"NIC {found.name} detached, {found.status.phase}",
    )
