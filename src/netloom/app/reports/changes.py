"""What would be, or has to be, changed: plans of files, and drift."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from netloom.app.reports.causes import ErrorReport, FindingReport, Reason
from netloom.base.ids import Uuid


class Action(enum.StrEnum):
    """What would be, or has to be, done to something."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an intent object; values in their text form, None for absent."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What applying a file would do to one object."""

    kind: str
    name: str
    action: Action
    id: Uuid | None = None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class PortChange:
    """A port to add, change or remove on a host.

    Attributes:
        desired: interface type and options as text ("type=geneve options:key=flow …"); None to remove.
        actual: the same as seen; None when missing or not read.
    """

    action: Action
    name: str
    desired: str | None = None
    actual: str | None = None
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowChange:
    """A flow to add, change or remove on a host; text in ovs-ofctl syntax with table names.

    Attributes:
        flow: the flow as it should be (ADD, CHANGE) or as it is (REMOVE).
        actual: with CHANGE, as it is now.
        cookie: of `flow`.
    """

    action: Action
    flow: str
    cookie: int
    actual: str | None = None
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class HostChanges:
    """Changes of one host: of a plan (would be made) or of a diff (drift: would make actual equal desired).

    Attributes:
        adds / changes / removes: all flows and ports, also those not listed.
        flows_omitted / ports_omitted: changes beyond `MAX_LISTED`.
        read_at: with a diff: when actual was read; None in a plan.
        error: why the host could not be compared (unreachable); the lists are empty then.
    """

    host_id: Uuid
    host: str
    adds: int = 0
    changes: int = 0
    removes: int = 0
    ports: tuple[PortChange, ...] = ()
    flows: tuple[FlowChange, ...] = ()
    ports_omitted: int = 0
    flows_omitted: int = 0
    read_at: dt.datetime | None = None
    error: ErrorReport | None = None


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What `apply` of the same documents would do. Nothing was touched.

    Attributes:
        revision: of the store the plan was computed on.
        objects: changes of intent, in the file's order; unchanged ones are counted, not listed.
        hosts: only hosts where something would change.
        findings: what would be found (MTU, duplicates) after it.
    """

    revision: int
    objects: tuple[ObjectChange, ...] = ()
    unchanged: int = 0
    hosts: tuple[HostChanges, ...] = ()
    findings: tuple[FindingReport, ...] = ()


@dataclass(frozen=True, slots=True)
class DiffReport:
    """Drift between desired and actual, read from the switches for this answer.

    Attributes:
        clean: no host differs and every host could be read.
        hosts: every host asked for, also the clean ones.
    """

    clean: bool
    hosts: tuple[HostChanges, ...] = ()
