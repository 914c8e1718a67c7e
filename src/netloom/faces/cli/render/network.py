"""`netloom network show`: where a network is and how it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netloom.contract.networks import Network
from netloom.contract.reports import NetworkReport
from netloom.faces.cli.commands.listing import describe
from netloom.faces.cli.output import heading, pairs, rows, text_of
from netloom.faces.cli.render.findings import error_text, findings_parts, omitted_parts

if TYPE_CHECKING:
    from rich.console import RenderableType


def network_parts(network: Network, report: NetworkReport) -> list[RenderableType]:
    """Everything about a network."""
    live = [
        ("NICs", f"{report.nics}, {report.nics_placed} on hosts"),
        (
            "overhead",
            "" if report.overhead is None else f"{report.overhead} octets, guests get {report.guest_mtu}",
        ),
        ("unplaced", ", ".join(report.unplaced)),
    ]
    parts: list[RenderableType] = [pairs([*describe(network), *live])]
    if report.hosts:
        lines = [
            [
                host.host,
                str(host.nics),
                ", ".join(host.ports[:8]) + (" …" if len(host.ports) > 8 else "") or "-",
                str(host.flows),
                text_of(host.in_sync),
                error_text(host.error) or "-",
            ]
            for host in report.hosts
        ]
        heads = ("host", "nics", "ports", "flows", "in sync", "error")
        parts += [heading("Hosts"), rows(heads, lines), *omitted_parts(report.hosts_omitted, "hosts")]
    return parts + findings_parts(report.findings)
