"""How far reality has followed an object: what callers see as `status` and `findings`."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec


class Phase(enum.Enum):
    """Where an object stands between being asked for and being true on every host concerned."""

    PENDING = "Pending"
    DONE = "Done"
    ERROR = "Error"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """One object's status.

    `generation` is the newest generation that all hosts concerned have realised (0: none yet); `next_try` is set while an
    error is being retried; `behind` names the hosts that are not there yet.
    """

    phase: Phase
    reason: str = ""
    code: str = ""
    generation: int = 0
    since: datetime | None = None
    next_try: datetime | None = None
    behind: tuple[str, ...] = ()


class Severity(enum.Enum):
    """How much a finding matters: a warning works but should be looked at, an error does not work."""

    WARNING = "warning"
    ERROR = "error"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong with an object although it was accepted; it stops only itself."""

    code: str
    message: str
    severity: Severity = Severity.WARNING
    subject: str = ""
    hint: str = ""
