"""`netloom host show`: what one wants to know before reading a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netloom.contract.hosts import Host
from netloom.contract.reports import FlowCounts, HostReport, LinkReport, PortReport
from netloom.faces.cli.commands.listing import describe
from netloom.faces.cli.output import ago, heading, pairs, rows, text_of
from netloom.faces.cli.render.findings import error_text, findings_parts, omitted_parts, queue_text

if TYPE_CHECKING:
    from rich.console import RenderableType


def host_parts(host: Host, report: HostReport) -> list[RenderableType]:
    """Everything about a host."""
    parts: list[RenderableType] = [pairs([*describe(host), *_sync(report)])]
    parts += [heading("Connections"), rows(_LINK_HEADS, [_link(link) for link in report.links])]
    parts += [heading("Open vSwitch"), pairs(_switch(report))]
    parts += [heading("Flows"), pairs(_flows(report.flows))]
    parts += _tunnels(report)
    parts += _ports(report)
    if report.queues:
        lines = [[queue.name, queue_text(queue), text_of(queue.dropped)] for queue in report.queues]
        parts += [heading("Queues"), rows(("queue", "length", "dropped"), lines)]
    return parts + findings_parts(report.findings)


def _sync(report: HostReport) -> list[tuple[str, str]]:
    revisions = f"{report.applied_revision} of {report.wanted_revision}"
    return [
        ("in sync", f"{text_of(report.in_sync)} (revision {revisions})"),
        ("doing", report.busy or ""),
        ("last read", ago(report.last_read)),
        ("last applied", ago(report.last_applied)),
        ("last error", error_text(report.last_error)),
    ]


_LINK_HEADS = ("protocol", "state", "peer", "since", "version", "received", "sent", "last error")


def _link(link: LinkReport) -> list[str]:
    state = [link.protocol, link.state, text_of(link.peer), ago(link.since), text_of(link.version)]
    return [
        *state,
        f"{link.received:,} B",
        f"{link.sent:,} B",
        error_text(link.last_error) or _attempts(link),
    ]


def _attempts(link: LinkReport) -> str:
    if not link.attempts:
        return "-"
    return f"{link.attempts} attempts" + (f", next {ago(link.next_try)}" if link.next_try else "")


def _switch(report: HostReport) -> list[tuple[str, str]]:
    switch = report.switch
    return [
        ("system id", text_of(switch.system_id)),
        ("version", f"{text_of(switch.ovs_version)} (schema {text_of(switch.db_version)})"),
        ("datapath", f"{text_of(switch.datapath_type)} {text_of(switch.datapath_id)}"),
        ("datapath types", text_of(switch.datapath_types)),
        ("interface types", text_of(switch.interface_types)),
        ("capabilities", text_of(switch.capabilities)),
    ]


def _flows(flows: FlowCounts) -> list[tuple[str, str]]:
    drift = f"{flows.drift_found} found, {flows.drift_repaired} repaired"
    if flows.drift_last is not None:
        drift += f", last {ago(flows.drift_last)}"
    return [
        ("desired", str(flows.desired)),
        ("actual", text_of(flows.actual)),
        ("foreign", str(flows.foreign)),
        ("drift", drift),
        ("sent", f"{flows.added} added, {flows.changed} changed, {flows.removed} removed"),
    ]


def _tunnels(report: HostReport) -> list[RenderableType]:
    if not report.tunnels:
        return []
    lines = [
        [
            tunnel.port,
            tunnel.isolation,
            text_of(tunnel.ofport),
            text_of(tunnel.local_ip),
            str(len(tunnel.peers)),
            str(tunnel.networks),
            tunnel.error or "-",
        ]
        for tunnel in report.tunnels
    ]
    heads = ("port", "isolation", "ofport", "local ip", "peers", "networks", "error")
    return [heading("Tunnels"), rows(heads, lines)]


def _ports(report: HostReport) -> list[RenderableType]:
    if not report.ports:
        return []
    heads = ("port", "ofport", "type", "owner", "nic", "network", "iface-id", "link", "mtu", "error")
    lines = [_port(port) for port in report.ports]
    return [heading("Ports"), rows(heads, lines), *omitted_parts(report.ports_omitted, "ports")]


def _port(port: PortReport) -> list[str]:
    owner = "netloom" if port.ours else ("guest" if port.nic else "foreign")
    link = "-" if port.link_up is None else ("up" if port.link_up else "down")
    cells = [port.name, text_of(port.ofport), port.type or "system", owner, text_of(port.nic)]
    return [*cells, text_of(port.network), text_of(port.identity), link, text_of(port.mtu), port.error or "-"]
