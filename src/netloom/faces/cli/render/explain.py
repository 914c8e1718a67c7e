"""Explanations of flows and NICs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netloom.contract.reports import ExplainFlow, ExplainNic
from netloom.faces.cli.output import ago, heading, pairs, rows, text_of
from netloom.faces.cli.render.findings import error_text, findings_parts, omitted_parts, reasons_text

if TYPE_CHECKING:
    from rich.console import RenderableType


def flow_parts(found: ExplainFlow) -> list[RenderableType]:
    """Why flows with a cookie are on a host."""
    owner = "netloom" if found.ours else "foreign: not made by netloom, never touched by it"
    parts: list[RenderableType] = [
        pairs(
            [
                ("host", found.host),
                ("cookie", hex(found.cookie)),
                ("owner", owner),
                ("pipeline", _pipeline(found)),
                ("kind", found.fragment or ""),
                ("number", "" if found.number is None else str(found.number)),
                ("caused by", reasons_text(found.why) or ("nothing any more" if found.ours else "")),
            ]
        )
    ]
    for title, flows in (("Desired", found.desired), ("On the switch", found.actual)):
        if flows:
            parts += [heading(title), *(_plain(flow) for flow in flows)]
    return parts


def _pipeline(found: ExplainFlow) -> str:
    if found.pipeline is None:
        return ""
    old = found.current_pipeline is not None and found.pipeline != found.current_pipeline
    return (
        f"{found.pipeline} (now {found.current_pipeline}: these flows are being replaced)"
        if old
        else str(found.pipeline)
    )


def nic_parts(found: ExplainNic) -> list[RenderableType]:
    """Where a NIC is, what it causes, what keeps it from working."""
    wanted = "-" if found.wanted_host is None else f"{found.wanted_device} on {found.wanted_host}"
    parts: list[RenderableType] = [
        pairs(
            [
                ("NIC", f"{found.name} ({found.nic_id})"),
                ("network", found.network),
                ("iface-id", found.identity),
                ("attached to", wanted),
                ("seen", "nowhere" if not found.placements else ""),
            ]
        )
    ]
    if found.placements:
        lines = [[seen.host, seen.port, text_of(seen.ofport), ago(seen.since)] for seen in found.placements]
        parts += [heading("Seen"), rows(("host", "port", "ofport", "since"), lines)]
    parts += findings_parts(found.findings)
    for host in found.hosts:
        sync = "in sync" if host.in_sync else "not in sync"
        parts += [heading(f"{host.host}: {host.role}, {len(host.flows)} flows, {sync}")]
        if host.error is not None:
            parts.append(_plain(error_text(host.error)))
        parts += [_plain(flow) for flow in host.flows]
    return parts + omitted_parts(found.hosts_omitted, "hosts")


def _plain(text: str) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415 - with the console

    return Text(text)
