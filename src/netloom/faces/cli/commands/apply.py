"""`netloom apply`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from netloom.base.errors import NetloomError
from netloom.client import calls
from netloom.contract.documents import Applied
from netloom.contract.kinds import BY_KIND
from netloom.faces.cli.commands.source import File, read_source, refuse
from netloom.faces.cli.failures import Exit, note
from netloom.faces.cli.options import WAIT_SECONDS, Output, Wait, WaitSeconds
from netloom.faces.cli.output import Format, rows, show, write, write_data
from netloom.faces.cli.session import session_of
from netloom.faces.cli.waiting import progress

if TYPE_CHECKING:
    from netloom.faces.cli.session import Session

app = typer.Typer(add_completion=False)

_SHOWN = 50
MAX_WAIT = 300.0
"""Seconds that the server waits in one request."""


@app.command()
def apply(
    ctx: typer.Context,
    file: File,
    wait: Wait = False,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    output: Output = Format.TABLE,
) -> None:
    """Make everything in a file so; all or nothing. Doing it again changes nothing."""
    session = session_of(ctx)
    content, kind = read_source(file)
    began = time.monotonic()
    try:
        with progress() as tell:
            tell(f"applying {file}" + (" and waiting" if wait else ""))
            found = session.send(
                calls.apply(content, kind, wait=min(wait_seconds, MAX_WAIT) if wait else 0.0)
            )
            if found.behind:
                behind = _wait(session, found.behind, began + wait_seconds, tell)
                found = found.model_copy(update={"done": not behind, "behind": behind})
    except NetloomError as error:
        raise refuse(error, file) from error
    if output is Format.TABLE:
        _write(found)
    else:
        write_data(found, output)
    if found.behind:
        note("not done: " + ", ".join(found.behind[:10]) + (" …" if len(found.behind) > 10 else ""))
        raise typer.Exit(Exit.NOT_DONE)


def _wait(
    session: Session, behind: tuple[str, ...], deadline: float, tell: Callable[[str], None]
) -> tuple[str, ...]:
    """Waits on for what was behind when the server's own wait ended; gives what still is at the deadline."""
    still = list(behind)
    while still and (left := deadline - time.monotonic()) > 0:
        tell(f"waiting for {len(still)} objects, now {still[0]}")
        kind, _, name = still[0].partition("/")
        item = session.send(calls.get_any(BY_KIND[kind], name, wait=min(left, 2.0)))
        if item.status.phase == "Done":
            still.pop(0)
    return tuple(still)


def _write(found: Applied) -> None:
    changed = [item for item in found.items if item.action != "unchanged"]
    if changed:
        lines = [[item.kind, item.name, item.action] for item in changed[:_SHOWN]]
        show(rows(("kind", "name", "action"), lines))
        if len(changed) > _SHOWN:
            write(f"… and {len(changed) - _SHOWN} more")
    write(f"{found.created} created, {found.updated} updated, {found.unchanged} unchanged")
