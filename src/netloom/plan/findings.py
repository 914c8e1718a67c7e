"""What the planner noticed that a person should know: a bad object stops only itself, and says so here.

Rule 1: a finding is a function of the present picture; it disappears with its cause.
Rule 2: its code is stable; its text carries the values seen.
"""

from __future__ import annotations

import msgspec

from netloom.model.status import Severity
from netloom.plan.records import ObjectRef


class PlanFinding(msgspec.Struct, frozen=True):
    """One thing noticed about `subject`; `others` are the objects that have to do with it.

    `transient` findings are normal while something moves (a NIC on two hosts during a migration): report them only when
    they last.
    """

    code: str
    subject: ObjectRef
    message: str
    hint: str = ""
    severity: Severity = Severity.WARNING
    others: tuple[ObjectRef, ...] = ()
    transient: bool = False
