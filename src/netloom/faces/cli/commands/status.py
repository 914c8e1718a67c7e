"""`netloom status`."""

from __future__ import annotations

import typer

from netloom.client import calls
from netloom.faces.cli.options import Output
from netloom.faces.cli.output import Format, ago, heading, pairs, rows, show, text_of, write_data
from netloom.faces.cli.render.findings import queue_text
from netloom.faces.cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command()
def status(ctx: typer.Context, output: Output = Format.TABLE) -> None:
    """Show the daemon itself: version, store, objects, hosts in sync, queues."""
    found = session_of(ctx).send(calls.system())
    if output is not Format.TABLE:
        write_data(found, output)
        return
    hosts = found.counts.get("Host", 0)
    lines = [
        ("netloomd", found.version),
        ("started", ago(found.started_at)),
        ("run level", found.run_level),
        ("database", found.database),
        (
            "revision",
            f"{found.revision}, planned up to {found.planned_revision}, kept from {found.oldest_revision}",
        ),
        ("objects", text_of(found.counts)),
        ("hosts", f"{found.hosts_connected} of {hosts} connected, {found.hosts_in_sync} in sync"),
    ]
    show(pairs(lines))
    if found.queues:
        cells = [[queue.name, queue_text(queue), str(queue.dropped)] for queue in found.queues]
        show(heading("Queues"), rows(("queue", "length", "dropped"), cells))
