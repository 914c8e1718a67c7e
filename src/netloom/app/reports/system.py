"""The daemon itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from netloom.app.reports.causes import QueueReport


@dataclass(frozen=True, slots=True)
class SystemReport:
    """The daemon itself.

    Attributes:
        version: of netloom.
        started_at: of this process.
        database: dialect and schema revision ("sqlite 0001").
        revision: of the store now; `oldest_revision`: from where `watch` can start.
        planned_revision: up to which the planner has worked.
        counts: objects per kind.
        hosts_connected / hosts_in_sync: of all hosts.
        queues: the daemon's own bounded queues.
        run_level: where start-up or shut-down is ("application main loop" when serving).
    """

    version: str
    started_at: dt.datetime
    database: str
    revision: int
    oldest_revision: int = 0
    planned_revision: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    hosts_connected: int = 0
    hosts_in_sync: int = 0
    queues: tuple[QueueReport, ...] = ()
    run_level: str = ""
