"""How many calls there were, how they ended and how long they took, for metrics.

Rule 1: label values are bounded: commands that there are, classes and results of a fixed set; nothing a client sent.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from netloom.faces.cloudstack.answers import JobAnswer
from netloom.faces.cloudstack.command import Command

UNKNOWN: Final = "-"
"""In the place of a command that there is not."""

_READS: Final = ("list", "query", "get", "find", "is")
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class CommandClass(enum.Enum):
    """What kind of work a command is: each has a time of its own that is usual."""

    READ = "read"
    CHANGE = "change"  # done when it is answered
    JOB = "job"  # answered when its job is durable
    SESSION = "session"  # passwords are slow to check, on purpose
    UNKNOWN = "unknown"


class Ending(enum.Enum):
    """How a call ended; CloudStack's status does not say it: it answers 530 and more to what is a client's mistake."""

    DONE = "done"
    REFUSED = "refused"  # by what the client asked
    FAILED = "failed"  # by what netloom, its store or a peer could not do


class CallCounts:
    """The metrics of the face."""

    def __init__(self, registry: CollectorRegistry, commands: Mapping[str, Command]) -> None:
        self._commands = commands
        self._counted = Counter(
            "netloom_cloudstack_requests", "Requests by command and status.", ["command", "status"],
            registry=registry,
        )  # fmt: skip
        self._ended = Counter(
            "netloom_cloudstack_calls", "Requests by class of command and result.", ["class", "result"],
            registry=registry,
        )  # fmt: skip
        self._timed = Histogram(
            "netloom_cloudstack_seconds", "Seconds that requests took.", ["class"],
            buckets=_BUCKETS, registry=registry,
        )  # fmt: skip

    def observe(self, name: str, status: int, ending: Ending, seconds: float) -> None:
        """A call that was answered; `name` in lower case, or `-`."""
        kind = self._class(name).value
        self._counted.labels(name, status).inc()
        self._ended.labels(kind, ending.value).inc()
        self._timed.labels(kind).observe(seconds)

    def _class(self, name: str) -> CommandClass:
        if name == UNKNOWN:
            return CommandClass.UNKNOWN
        command = self._commands.get(name)
        if command is None:  # logging in and out are the session's own, no commands of the table
            return CommandClass.SESSION
        if isinstance(command.answer, JobAnswer):
            return CommandClass.JOB
        return CommandClass.READ if name.startswith(_READS) else CommandClass.CHANGE
