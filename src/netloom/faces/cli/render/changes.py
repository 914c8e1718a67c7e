"""Plans and diffs, line by line: `+` to add, `~` to change, `-` to remove, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netloom.contract.reports import DiffReport, FlowChange, HostChanges, ObjectChange, PlanReport, PortChange
from netloom.faces.cli.output import heading
from netloom.faces.cli.render.findings import error_text, findings_parts, omitted_parts, reasons_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_SIGNS: Final = {
    "add": ("+", "green"),
    "change": ("~", "yellow"),
    "remove": ("-", "red"),
    "keep": ("=", "dim"),
}


def plan_parts(report: PlanReport) -> list[RenderableType]:
    """What applying a file would do."""
    parts: list[RenderableType] = []
    for change in report.objects:
        parts += _object(change)
    for host in report.hosts:
        parts += host_parts(host)
    parts += findings_parts(report.findings)
    counts = [change.action for change in report.objects]
    parts.append(
        f"\n{counts.count('add')} to create, {counts.count('change')} to change, {counts.count('remove')} to delete, "
        f"{report.unchanged} unchanged; {len(report.hosts)} hosts touched. Nothing was changed."
    )
    return parts


def diff_parts(report: DiffReport) -> list[RenderableType]:
    """Drift of hosts."""
    parts: list[RenderableType] = []
    for host in report.hosts:
        parts += host_parts(host)
    clean = sum(1 for host in report.hosts if not host.error and not host.adds + host.changes + host.removes)
    parts.append(f"\n{clean} of {len(report.hosts)} hosts are as desired.")
    return parts


def host_parts(host: HostChanges) -> list[RenderableType]:
    """Changes of one host."""
    if host.error is not None:
        return [heading(f"Host {host.host}: cannot be read"), _line(error_text(host.error), "red")]
    if not host.adds + host.changes + host.removes:
        return [heading(f"Host {host.host}: as desired")]
    counts = f"{host.adds} to add, {host.changes} to change, {host.removes} to remove"
    parts: list[RenderableType] = [heading(f"Host {host.host}: {counts}")]
    for port in host.ports:
        parts += _port(port)
    parts += omitted_parts(host.ports_omitted, "ports")
    for flow in host.flows:
        parts += _flow(flow)
    return parts + omitted_parts(host.flows_omitted, "flows")


def _object(change: ObjectChange) -> list[RenderableType]:
    sign, style = _SIGNS[change.action]
    lines: list[RenderableType] = [_line(f"{sign} {change.kind} {change.name}", style)]
    for field in change.fields:
        if change.action == "add":
            lines.append(_line(f"    {field.field}: {field.new}", ""))
        else:
            lines.append(_line(f"    {field.field}: {field.old or '-'} → {field.new or '-'}", ""))
    return lines


def _port(change: PortChange) -> list[RenderableType]:
    sign, style = _SIGNS[change.action]
    text = change.desired or change.actual or ""
    lines: list[RenderableType] = [_line(f"{sign} port {change.name} {text}".rstrip(), style)]
    if change.action == "change" and change.actual:
        lines.append(_line(f"    now: {change.actual}", "dim"))
    if change.why:
        lines.append(_line(f"    why: {reasons_text(change.why)}", "dim"))
    return lines


def _flow(change: FlowChange) -> list[RenderableType]:
    sign, style = _SIGNS[change.action]
    lines: list[RenderableType] = [_line(f"{sign} {change.flow}", style)]
    if change.actual:
        lines.append(_line(f"    now: {change.actual}", "dim"))
    if change.why:
        lines.append(_line(f"    why: {reasons_text(change.why)}", "dim"))
    return lines


def _line(text: str, style: str) -> Text:
    from rich.text import Text  # noqa: PLC0415 - with the console

    return Text(text, style=style)
