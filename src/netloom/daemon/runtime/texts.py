"""Planner, engine and wire values as the words of reports.

Rule 1: one function per kind of value; reports compose them. Rule 2: names are looked up now, not remembered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from netloom.app.reports import Action as ReportAction
from netloom.app.reports import ErrorReport, FindingReport, FlowChange, PortChange, Reason
from netloom.base.ids import Uuid
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.model.status import Finding
from netloom.plan.findings import PlanFinding
from netloom.plan.records import ObjectRef
from netloom.plan.switch import PortSpec
from netloom.providers.ovs.compile.ports import STAND_IN_NAMES
from netloom.providers.ovs.explain import explain
from netloom.providers.ovs.pipeline.tables import TABLE_NAMES
from netloom.reconcile.status import Failure
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.text import format_flow


def moment(wall: float | None) -> dt.datetime | None:
    """Seconds since the epoch as a UTC datetime."""
    return None if wall is None else dt.datetime.fromtimestamp(wall, dt.UTC)


def error_report(failure: Failure | None, subject: str | None = None) -> ErrorReport | None:
    """A failure that goes on."""
    if failure is None:
        return None
    return ErrorReport(
        code=failure.code,
        message=failure.reason,
        since=dt.datetime.fromtimestamp(failure.since, dt.UTC),
        subject=subject,
        count=failure.count,
        next_try=moment(failure.next_try),
    )


def reasons(refs: Iterable[ObjectRef], text: str = "") -> tuple[Reason, ...]:
    """Causes."""
    return tuple(Reason(ref.kind.value, ref.name, ref.id, text) for ref in refs)


def finding_report(finding: PlanFinding) -> FindingReport:
    """A finding for a report."""
    return FindingReport(
        finding.code, finding.message, finding.hint or None, reasons((finding.subject, *finding.others))
    )


def session_finding(finding: Finding, host: Host) -> FindingReport:
    """What a host's session noticed, for a report."""
    return FindingReport(
        finding.code,
        finding.message,
        finding.hint or None,
        reasons((ObjectRef(Kind.HOST, Uuid(host.id), 0, host.name),)),
    )


def finding_of(finding: PlanFinding) -> Finding:
    """A finding for an object's answer."""
    return Finding(
        code=finding.code,
        message=finding.message,
        severity=finding.severity,
        subject=f"{finding.subject.kind.word}/{finding.subject.name}",
        hint=finding.hint,
    )


def flow_text(flow: Flow) -> str:
    """A flow in ovs-ofctl's syntax with the names of the pipeline's tables, and of ports that have no number yet."""
    return format_flow(flow, table_names=TABLE_NAMES, port_names=STAND_IN_NAMES)


def purpose(cookie: int, refs: Iterable[ObjectRef]) -> str:
    """What flows with a cookie are for, as a sentence with names."""
    found = explain(cookie)
    if found is None:
        return ""
    names = {ref.number: ref.name for ref in refs if found.kind is None or ref.kind is found.kind}
    return found.told(names.get(found.number))


def flow_change(
    action: ReportAction, flow: Flow, refs: tuple[ObjectRef, ...], actual: Flow | None = None
) -> FlowChange:
    """A flow to add, change or remove, with its reason."""
    return FlowChange(
        action,
        flow_text(flow),
        flow.cookie,
        flow_text(actual) if actual is not None else None,
        reasons(refs, purpose(flow.cookie, refs)),
    )


def port_text(port: PortSpec) -> str:
    """A port as ovs-vsctl would be told."""
    words = [f"type={port.interface_type}"] if port.interface_type else []
    words += [f"options:{key}={value}" for key, value in sorted(port.options.items())]
    words += [f"external_ids:{key}={value}" for key, value in sorted(port.external_ids.items())]
    return " ".join(words)


def port_change(action: ReportAction, port: PortSpec, actual: PortSpec | None = None) -> PortChange:
    """A port to add, change or remove, with its reason."""
    removed = action is ReportAction.REMOVE
    return PortChange(
        action,
        port.name,
        desired=None if removed else port_text(port),
        actual=port_text(actual) if actual is not None else None,
        why=reasons(port.why),
    )
