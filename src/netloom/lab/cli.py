"""`netloom lab …`: the lab from a terminal.

Rule 1: every answer can be typed on: names, addresses and commands as other tools take them.
Rule 2: an error says what to type next, on one line, and exits with 1.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from netloom.lab import names, namespaces
from netloom.lab.daemons import Daemon, is_running
from netloom.lab.errors import LabError, check_machine
from netloom.lab.lab import GuestPlan, Lab
from netloom.lab.lab import down as take_down
from netloom.lab.state import labs

DEFAULT = "lab"

app = typer.Typer(
    name="lab", help="Open vSwitch hosts on this machine, to try things on.", no_args_is_help=True
)
guests = typer.Typer(help="Guests of the lab.", no_args_is_help=True)
app.add_typer(guests, name="guest")

Name = Annotated[str, typer.Option("--name", "-n", help="Which lab.")]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors as one red line and exit status 1."""
    try:
        check_machine()
        yield
    except LabError as error:
        Console(stderr=True).print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


@app.command()
def up(
    hosts: Annotated[int, typer.Option(min=1, max=names.MAX_HOSTS, help="How many hosts.")] = 3,
    name: Name = DEFAULT,
    ipv6: Annotated[bool, typer.Option("--ipv6", help="Give the underlay IPv6 addresses too.")] = False,
    mtu: Annotated[int, typer.Option(help="Of the underlay.")] = 1500,
    lan: Annotated[bool, typer.Option("--lan", help="Give every host `eth1` to a second Ethernet.")] = False,
) -> None:
    """Bring up a lab; it stays until `netloom lab down`."""
    with _told():
        started = time.monotonic()
        Lab.up(name, hosts=hosts, ipv6=ipv6, mtu=mtu, lan=lan, keep=True)
        seconds = time.monotonic() - started
        Console().print(
            f"lab [bold]{name}[/]: {hosts} hosts up in {seconds:.1f} s. `netloom lab env -n {name}` shows how to use it."
        )


@app.command()
def down(
    name: Name = DEFAULT,
    everything: Annotated[bool, typer.Option("--all", help="Every lab of this machine.")] = False,
) -> None:
    """Take a lab down: its processes, namespaces and files. Nothing to take down is no error."""
    with _told():
        for lab in labs() if everything else [name]:
            take_down(names.check_lab(lab))
            Console().print(f"lab [bold]{lab}[/]: down")


@app.command()
def status(
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="Which lab; all of them without it.")
    ] = None,
) -> None:
    """Show labs, their hosts and guests, and whether their daemons run."""
    with _told():
        console = Console()
        found = [name] if name else labs()
        if not found:
            console.print("no lab is up")
        for each in found:
            _show(console, Lab(each))


def _show(console: Console, lab: Lab) -> None:
    state = lab.state
    table = Table(title=f"lab {lab.name}", title_justify="left")
    for column in ("host", "tunnel address", "ovsdb-server", "ovs-vswitchd", "guests"):
        table.add_column(column)
    for host in lab.hosts.values():
        daemons = ("[green]runs[/]" if is_running(state, host.name, d) else "[red]down[/]" for d in Daemon)
        there = [guest.name for guest in state.guests.values() if guest.host == host.name]
        table.add_row(
            host.name, str(host.tunnel_ip), *daemons, ", ".join(there[:8]) + (" …" if len(there) > 8 else "")
        )
    console.print(table)


@app.command(name="exec", context_settings={"allow_interspersed_args": False})
def execute(
    where: Annotated[str, typer.Argument(help="A host, a guest, `ctl` or `underlay`.")],
    command: Annotated[list[str], typer.Argument(help="What to run there.")],
    name: Name = DEFAULT,
) -> None:
    """Run a command in a host's or guest's namespace; on a host, ovs-vsctl and friends reach that host's daemons."""
    with _told():
        lab = Lab(name)
        namespace, environment = _place(lab, where)
        words = command[1:] if command[0] == "--" else command
        try:
            with namespaces.entered(namespace):
                os.execvpe(words[0], words, {**os.environ, **environment})  # noqa: S606 - the user's own command
        except FileNotFoundError as error:
            raise LabError(f"{words[0]} is not installed", code="missing-package") from error


def _place(lab: Lab, where: str) -> tuple[str, dict[str, str]]:
    if where in lab.hosts:
        host = lab.host(where)
        return host.namespace, {"OVS_RUNDIR": str(host.directory), "OVS_DBDIR": str(host.directory)}
    if where in {"ctl", "underlay"}:
        return names.namespace(lab.name, where), {}
    return lab.guest(where).namespace, {}


@app.command()
def ping(
    source: Annotated[str, typer.Argument(help="A guest.")],
    target: Annotated[str, typer.Argument(help="A guest or an address.")],
    name: Name = DEFAULT,
    count: Annotated[int, typer.Option("--count", "-c", min=1)] = 3,
    ipv6: Annotated[bool, typer.Option("--ipv6", "-6", help="Ping the guest's IPv6 address.")] = False,
) -> None:
    """Ping from one guest to another; exit status 1 when an answer is missing."""
    with _told():
        lab = Lab(name)
        from_, to = lab.guest(source), lab.guest(target) if target in lab.guests else target
        result = from_.ping6(to, count=count) if ipv6 else from_.ping(to, count=count)
    middle = sorted(result.rtts)[len(result.rtts) // 2] if result.rtts else None
    told = f", median {middle:.2f} ms" if middle is not None else ""
    Console().print(
        f"{source} → {target}: {result.received} of {result.sent} answered{told}", highlight=False
    )
    if not result.all_answered:
        raise typer.Exit(1)


@app.command()
def env(name: Name = DEFAULT) -> None:
    """Print how netloomd and netloom are pointed at the lab."""
    with _told():
        lab = Lab(name)
        write = Console(soft_wrap=True, highlight=False).print
        write(
            "# Add the lab's hosts to a netloomd on this machine (Unix sockets, no TLS needed):", style="dim"
        )
        for host in lab.hosts.values():
            words = ["netloom", "host", "add", host.name, "--ovsdb", host.ovsdb, "--openflow", host.openflow]
            write(shlex.join([*words, "--tunnel-ip", str(host.tunnel_ip)]))
        write(
            "# Make a guest's device for `netloom nic attach NIC HOST DEVICE`, or plug it with an iface-id:",
            style="dim",
        )
        write(f"netloom lab guest add web --host h1 --name {name}")
        write(
            f"netloom lab guest add web --host h1 --name {name} --identity NIC_ID --mac MAC --ipv4 10.0.0.5/24"
        )
        write("# Over TCP or TLS instead: run netloomd in the control namespace, hosts are", style="dim")
        for host in lab.hosts.values():
            write(f"#   {host.name}  {host.management_ip}", style="dim")
        write(f"ip netns exec {lab.control_namespace} netloomd  # hosts dial it at {names.CONTROL_ADDRESS}")


@guests.command("add")
def add(  # noqa: PLR0913, PLR0917 - a command has the options it has
    guest: Annotated[str, typer.Argument(help="Its name.")],
    host: Annotated[str, typer.Option(help="Where it runs.")],
    name: Name = DEFAULT,
    identity: Annotated[str | None, typer.Option(help="Plug it with this iface-id (a NIC's id).")] = None,
    mac: Annotated[str | None, typer.Option(help="Its MAC; one of its own without it.")] = None,
    ipv4: Annotated[str | None, typer.Option(help="Such as 10.0.0.5/24.")] = None,
    ipv6: Annotated[str | None, typer.Option(help="Such as fd00::5/64.")] = None,
    mtu: Annotated[int, typer.Option(help="Of its interface.")] = 1400,
) -> None:
    """Make a guest; prints the device on its host, which `netloom nic attach` takes."""
    with _told():
        plan = GuestPlan(guest, host, mac=mac, ipv4=ipv4, ipv6=ipv6, mtu=mtu, identity=identity)
        made = Lab(name).add_guest(plan)
        Console().print(
            f"guest [bold]{guest}[/]: device {made.port} on {host}, MAC {made.mac}", highlight=False
        )


@guests.command("remove")
def remove(guest: Annotated[str, typer.Argument(help="Its name.")], name: Name = DEFAULT) -> None:
    """Unplug a guest and remove it."""
    with _told():
        Lab(name).remove_guest(guest)
        Console().print(f"guest [bold]{guest}[/]: removed")


if __name__ == "__main__":
    app()
