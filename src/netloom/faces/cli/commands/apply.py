"""`netloom apply`."""

from __future__ import annotations

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
    try:
        with progress() as tell:
            tell(f"applying {file}")
            found = session.send(calls.apply(content, kind))
            if wait:
                tell(f"waiting for {len(found.items)} objects")
                behind = _wait(session, found, wait_seconds)
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


def _wait(session: Session, found: Applied, seconds: float) -> tuple[str, ...]:
    """`Kind/name` of what is not Done when the time is over."""
    import time  # noqa: PLC0415

    deadline = time.monotonic() + seconds
    behind = []
    for item in found.items:
        left = max(0.001, deadline - time.monotonic())
        answer = session.send(calls.get_any(BY_KIND[item.kind], item.id, wait=min(left, 300.0)))
        if answer.status.phase != "Done":
            behind.append(f"{item.kind}/{item.name}")
    return tuple(behind)


def _write(found: Applied) -> None:
    changed = [item for item in found.items if item.action != "unchanged"]
    if changed:
        lines = [[item.kind, item.name, item.action] for item in changed[:_SHOWN]]
        show(rows(("kind", "name", "action"), lines))
        if len(changed) > _SHOWN:
            write(f"… and {len(changed) - _SHOWN} more")
    write(f"{found.created} created, {found.updated} updated, {found.unchanged} unchanged")
