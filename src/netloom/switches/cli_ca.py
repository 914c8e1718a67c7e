"""`netloom ca …`: the built-in certificate authority from a terminal, on the machine that has its files.

Rule 1: what has to be done next on a host is printed, ready to be pasted.
Rule 2: keys are never printed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import pathlib
from collections.abc import Iterator
from typing import Annotated

import typer

from netloom.base.errors import NetloomError
from netloom.base.ids import Uuid, parse_uuid
from netloom.switches.ca import LEAF_DAYS, OVERLAP_DAYS, Authority

DIRECTORY = "/var/lib/netloom/pki"

app = typer.Typer(name="ca", help="Certificates of netloom and the hosts.", no_args_is_help=True)
Directory = Annotated[pathlib.Path, typer.Option("--pki", help="Directory of the CA's files.")]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except NetloomError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from error
    except OSError as error:
        typer.secho(f"{error.filename}: {error.strerror}", fg="red", err=True)
        raise typer.Exit(1) from error


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@app.command()
def init(pki: Directory = pathlib.Path(DIRECTORY)) -> None:
    """Make the CA and netloom's own certificate."""
    with _told():
        files = Authority(pki).init(_now())
        typer.echo(f"netloom's certificate: {files.certificate}")
        typer.echo(f"next: netloom ca issue HOST --pki {pki}")


@app.command()
def issue(
    name: Annotated[str, typer.Argument(help="The host's name, as in `netloom host add`.")],
    pki: Directory = pathlib.Path(DIRECTORY),
    host_id: Annotated[str | None, typer.Option("--id", help="The host's id, if it is declared.")] = None,
    address: Annotated[list[str] | None, typer.Option(help="IP address to put into it.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good.")] = LEAF_DAYS,
) -> None:
    """Issue a certificate for a host."""
    with _told():
        known: Uuid | None = None if host_id is None else parse_uuid(host_id, "id")
        made = Authority(pki).issue_host(name, _now(), host_id=known, addresses=address or (), days=days)
        typer.echo(f"certificate: {made.certificate} (good until {made.not_after:%Y-%m-%d})")
        typer.echo(f"fingerprint: {made.fingerprint}")
        typer.echo(
            f"copy {made.certificate}, {made.key} and {pki}/controller-trust.crt to the host, then there:"
        )
        typer.echo(
            f"  ovs-vsctl set-ssl /etc/openvswitch/{made.key.name} /etc/openvswitch/{made.certificate.name} "
            "/etc/openvswitch/controller-trust.crt"
        )
        typer.echo("  ovs-vsctl set-manager pssl:6640        # netloom dials; or ssl:NETLOOM:6640 to dial in")


@app.command()
def rotate(
    pki: Directory = pathlib.Path(DIRECTORY),
    overlap: Annotated[
        int, typer.Option(min=0, max=3650, help="Days that old certificates stay good.")
    ] = OVERLAP_DAYS,
) -> None:
    """Replace the CA without a break."""
    with _told():
        Authority(pki).rotate(_now(), overlap)
        typer.echo("restart netloomd, then issue new certificates to the hosts before the overlap ends")


@app.command()
def export(pki: Directory = pathlib.Path(DIRECTORY)) -> None:
    """Print what hosts have to trust, as PEM."""
    with _told():
        typer.echo(Authority(pki).export(), nl=False)
