"""`netloom host`."""

# ruff: noqa: PLR0913, PLR0917 - the options of a command are the arguments of its function

from __future__ import annotations

from typing import Annotated

import typer

from netloom.base.errors import InvalidInput
from netloom.client import calls
from netloom.contract.hosts import HostPatch, HostSpec
from netloom.contract.kinds import HOST
from netloom.faces.cli.commands.listing import create_object, delete_object, finish, list_objects, uplink_text
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
from netloom.faces.cli.output import Format, rows, text_of, write, write_data
from netloom.faces.cli.output import show as show_parts
from netloom.faces.cli.render.host import host_parts
from netloom.faces.cli.session import session_of

app = typer.Typer(help="Hosts: hypervisors and gateways with an Open vSwitch.", no_args_is_help=True)

_COLUMNS = (
    ("name", "name"),
    ("status", "status"),
    ("ovsdb", "ovsdb"),
    ("tunnel ip", "tunnel_ip"),
    ("bridge", "bridge"),
    ("zone", "zone"),
    ("mtu", "mtu"),
    ("drain", "drain"),
    ("labels", "labels"),
)

Ovsdb = Annotated[
    str | None, typer.Option(help="ssl:IP:PORT, tcp:IP:PORT or unix:PATH; left out: the host dials in.")
]
TunnelIp = Annotated[str | None, typer.Option("--tunnel-ip", help="Address of its tunnel endpoint.")]
Bridge = Annotated[str | None, typer.Option(help="Integration bridge; default: br-int.")]
Zone = Annotated[str | None, typer.Option(help="Name or id; default: default.")]
Mtu = Annotated[int | None, typer.Option(help="Of its underlay interface; default: 1500.")]
Uplinks = Annotated[
    list[str] | None,
    typer.Option(
        "--uplink",
        metavar="WIRES=PORT",
        help="Physical network and port, or bridge:NAME, that leads to it, for VLANs; may be given again.",
    ),
]


def parse_uplinks(texts: list[str] | None) -> list[dict[str, str]] | None:
    """Uplinks from `core=eth1` and `core=bridge:br-ex`.

    Raises:
        InvalidInput: one has another form.
    """
    if not texts:
        return None
    found: list[dict[str, str]] = []
    for text in texts:
        wires, sign, way = text.rpartition("=")
        if not (wires and sign and way):
            raise InvalidInput(
                f"{text!r} is no uplink",
                subject="--uplink",
                hint="for example core=eth1 or core=bridge:br-ex",
            )
        kind = "bridge" if way.startswith("bridge:") else "port"
        found.append({"physical_network": wires, kind: way.removeprefix("bridge:")})
    return found


@app.command()
def add(
    ctx: typer.Context,
    name: str,
    ovsdb: Ovsdb = None,
    openflow: Annotated[str | None, typer.Option(help="Like --ovsdb; left out: derived.")] = None,
    tunnel_ip: TunnelIp = None,
    bridge: Bridge = None,
    zone: Zone = None,
    mtu: Mtu = None,
    uplink: Uplinks = None,
    system_id: Annotated[str | None, typer.Option("--system-id", help="Identity it has to show.")] = None,
    fingerprint: Annotated[
        str | None, typer.Option(help="sha256:… of the certificate it has to show.")
    ] = None,
    label: Labels = None,
    wait: Wait = False,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    output: Output = Format.TABLE,
) -> None:
    """Add a host."""
    fields = given(
        name=name,
        ovsdb=ovsdb,
        openflow=openflow,
        tunnel_ip=tunnel_ip,
        bridge=bridge,
        zone=zone,
        mtu=mtu,
        uplinks=parse_uplinks(uplink),
        system_id=system_id,
        fingerprint=fingerprint,
        labels=parse_labels(label),
    )
    create_object(
        ctx,
        HOST,
        spec_of(HostSpec, fields),
        output,
        wait=wait_seconds if wait else None,
        said=lambda host: f"host {host.name} added ({host.id}), {host.status.phase}",
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    zone: Annotated[str | None, typer.Option(help="Only of this zone.")] = None,
    label: LabelFilter = None,
    limit: Limit = None,
    output: Output = Format.TABLE,
) -> None:
    """List hosts."""
    list_objects(ctx, HOST, _COLUMNS, output, label=label, limit=limit, zone=zone)


@app.command()
def show(ctx: typer.Context, host: str, output: Output = Format.TABLE) -> None:
    """Show a host: connections, switch, ports, tunnels, flows, drift, queues, last error."""
    session = session_of(ctx)
    item = session.send(calls.get(HOST, host))
    report = session.send(calls.host_report(item.id))
    if output is Format.TABLE:
        show_parts(*host_parts(item, report))
    else:
        write_data({"host": item, "report": report}, output)


@app.command()
def remove(ctx: typer.Context, host: str) -> None:
    """Remove a host that no NIC is attached to."""
    delete_object(ctx, HOST, host, "host", "removed")


@app.command()
def drain(
    ctx: typer.Context,
    host: str,
    off: Annotated[bool, typer.Option("--off", help="Take NICs again.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Let a host take no more NICs."""
    item = session_of(ctx).send(calls.drain(host, on=not off))
    if output is Format.TABLE:
        write(f"host {item.name} takes NICs again" if off else f"host {item.name} takes no more NICs")
    else:
        write_data(item, output)


@app.command()
def uplinks(
    ctx: typer.Context,
    host: str,
    uplink: Annotated[
        list[str] | None, typer.Argument(metavar="[WIRES=PORT]...", help="All of them; none: it has none.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Set a host's ways to the wires of physical networks, for VLANs: WIRES=PORT or WIRES=bridge:NAME."""
    change = spec_of(HostPatch, {"uplinks": parse_uplinks(uplink) or []})
    item = session_of(ctx).send(calls.update(HOST, host, change))
    if output is Format.TABLE:
        told = ", ".join(uplink_text(found) for found in item.uplinks)
        write(f"host {item.name} has uplinks {told}" if told else f"host {item.name} has no uplinks")
    else:
        write_data(item, output)


@app.command()
def pending(ctx: typer.Context, output: Output = Format.TABLE) -> None:
    """List hosts that dialled in and wait to be admitted, or were refused for their identity."""
    found = session_of(ctx).send(calls.pending_hosts()).items
    if output is not Format.TABLE:
        write_data(found, output)
        return
    if not found:
        write("none")
        return
    heads = ("system id", "peer", "since", "reason", "host", "fingerprint")
    lines = [
        [
            text_of(value)
            for value in (item.system_id, item.peer, item.since, item.reason, item.host, item.fingerprint)
        ]
        for item in found
    ]
    show_parts(rows(heads, lines))


@app.command()
def admit(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="SYSTEM_ID", help="Its system-id or fingerprint.")],
    name: Annotated[str | None, typer.Option(help="The name it gets; default: its system-id.")] = None,
    tunnel_ip: TunnelIp = None,
    bridge: Bridge = None,
    zone: Zone = None,
    mtu: Mtu = None,
    uplink: Uplinks = None,
    wait: Wait = False,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    output: Output = Format.TABLE,
) -> None:
    """Admit a host that dialled in; its identity is pinned."""
    fields = given(tunnel_ip=tunnel_ip, bridge=bridge, zone=zone, mtu=mtu, uplinks=parse_uplinks(uplink))
    spec = spec_of(HostSpec, {"name": name or ref, **fields}) if fields or name else None
    finish(
        ctx,
        HOST,
        calls.admit(ref, spec),
        output,
        wait=wait_seconds if wait else None,
        said=lambda host: f"host {host.name} admitted ({host.id}), {host.status.phase}",
    )
