"""What the running system answers when a person asks *what is going on*: reports, made on demand, never stored.

The composition root fills them from sessions, planner and engine (`app.ports.Runtime`); faces translate them field by
field (the contract's schemas carry the same names, a test compares them).

Rule 1: a report is a snapshot of values: frozen, no reference into a live object, complete in itself.
Rule 2: every list is bounded by its maker; what was cut off is counted in the field `omitted` beside it.

Times are aware UTC datetimes. `host`, `network` and `nic` are names, the `_id` beside them is the object's id.
"""

from __future__ import annotations

from netloom.app.reports.causes import (
    MAX_LISTED,
    ErrorReport,
    FindingReport,
    QueueReport,
    Reason,
)
from netloom.app.reports.changes import (
    Action,
    DiffReport,
    FieldChange,
    FlowChange,
    HostChanges,
    ObjectChange,
    PlanReport,
    PortChange,
)
from netloom.app.reports.explanations import (
    ExplainFlow,
    ExplainNic,
    NicFlows,
    PlacementReport,
)
from netloom.app.reports.hosts import (
    FlowCounts,
    HostReport,
    LinkReport,
    LinkState,
    PendingHost,
    PortReport,
    SwitchReport,
    TunnelReport,
)
from netloom.app.reports.networks import (
    NetworkOnHost,
    NetworkReport,
)
from netloom.app.reports.system import (
    SystemReport,
)

__all__ = [
    "MAX_LISTED",
    "Action",
    "DiffReport",
    "ErrorReport",
    "ExplainFlow",
    "ExplainNic",
    "FieldChange",
    "FindingReport",
    "FlowChange",
    "FlowCounts",
    "HostChanges",
    "HostReport",
    "LinkReport",
    "LinkState",
    "NetworkOnHost",
    "NetworkReport",
    "NicFlows",
    "ObjectChange",
    "PendingHost",
    "PlacementReport",
    "PlanReport",
    "PortChange",
    "PortReport",
    "QueueReport",
    "Reason",
    "SwitchReport",
    "SystemReport",
    "TunnelReport",
]
