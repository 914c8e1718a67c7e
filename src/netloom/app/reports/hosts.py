"""A host as a person asks for it: connections, switch, ports, tunnels, flows; and hosts that wait to be admitted."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from netloom.app.reports.causes import ErrorReport, FindingReport, QueueReport
from netloom.base.ids import Uuid


class LinkState(enum.StrEnum):
    """State of one protocol connection to a host."""

    DISCONNECTED = "Disconnected"  # not wanted now: the host is being removed, or waits for its dial-in
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    BACKOFF = "Backoff"  # failed, waits for `next_try`
    PENDING = "Pending"  # dialled in, not admitted
    REFUSED = "Refused"  # the identity shown is not the one pinned


@dataclass(frozen=True, slots=True)
class LinkReport:
    """One protocol connection of a host.

    Attributes:
        protocol: `ovsdb` or `openflow`.
        state: see `LinkState`.
        peer: remote address as dialled or accepted (`ssl:192.0.2.1:6640`).
        since: when this state began; with CONNECTED the "connected since".
        version: negotiated protocol version ("1.5" for OpenFlow, the schema's version for OVSDB).
        attempts: connection attempts since the last success.
        next_try: with BACKOFF.
        received / sent: bytes over this connection.
        last_error: why it broke last, kept after it came back.
    """

    protocol: str
    state: LinkState
    peer: str | None = None
    since: dt.datetime | None = None
    version: str | None = None
    attempts: int = 0
    next_try: dt.datetime | None = None
    received: int = 0
    sent: int = 0
    last_error: ErrorReport | None = None


@dataclass(frozen=True, slots=True)
class SwitchReport:
    """What the host's Open vSwitch says of itself; probed, not looked up.

    Attributes:
        system_id: `external_ids:system-id` of Open_vSwitch.
        ovs_version / db_version: as the columns of Open_vSwitch say.
        datapath_id: of the integration bridge, 16 hex digits.
        datapath_type: of the integration bridge ("system", "netdev").
        datapath_types / interface_types: what the switch offers.
        capabilities: probed features by stable name, sorted.
    """

    system_id: str | None = None
    ovs_version: str | None = None
    db_version: str | None = None
    datapath_id: str | None = None
    datapath_type: str | None = None
    datapath_types: tuple[str, ...] = ()
    interface_types: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PortReport:
    """One port of the integration bridge.

    Attributes:
        name: interface name.
        ofport: OpenFlow port number; None or -1 while the switch has not given one.
        type: OVSDB interface type ("" for a system device).
        ours: whether netloom made it (owner mark in external_ids); guests' ports are not ours.
        identity: the `iface-id` it carries.
        nic / network: the NIC that this identity belongs to, and its network, by name.
        mac / mtu / link_up: as the switch reports.
        error: the interface's `error` column.
    """

    name: str
    ofport: int | None
    type: str = ""
    ours: bool = False
    identity: str | None = None
    nic: str | None = None
    network: str | None = None
    mac: str | None = None
    mtu: int | None = None
    link_up: bool | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TunnelReport:
    """One tunnel port (one per encapsulation).

    Attributes:
        port: its name; `ofport` its number.
        isolation: gre, vxlan or geneve.
        local_ip: tunnel endpoint address of the host.
        peers: tunnel endpoint addresses of other hosts that flows send to, sorted.
        networks: networks that use it on this host.
        error: the interface's `error` column, or why it is missing.
    """

    port: str
    isolation: str
    ofport: int | None = None
    local_ip: str | None = None
    peers: tuple[str, ...] = ()
    networks: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """Flows of the integration bridge and the drift found in them.

    Attributes:
        desired: flows that should be there.
        actual: flows of ours that were there at the last read (plus what was applied since); None before the first read.
        foreign: flows with other cookies seen at the last read; never touched.
        drift_found: flows and ports found missing, changed or surplus by refreshes and resyncs, since netloomd started.
        drift_repaired: how many of them were put right.
        drift_last: when drift was found last.
        added / changed / removed: flow_mods sent, since netloomd started.
    """

    desired: int
    actual: int | None = None
    foreign: int = 0
    drift_found: int = 0
    drift_repaired: int = 0
    drift_last: dt.datetime | None = None
    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class HostReport:
    """Everything about one host that a person needs before reading a log.

    Attributes:
        in_sync: what is desired was read back, or applied and confirmed by a barrier.
        wanted_revision: store revision that the planner has worked into the desired state.
        applied_revision: store revision realised on the host.
        last_read: when the switch's flows and ports were read in full.
        last_applied: when a change was applied and confirmed.
        busy: what the worker is doing now ("reading", "applying 120 steps"), None when idle.
        links: OVSDB first, then OpenFlow.
    """

    host_id: Uuid
    name: str
    in_sync: bool
    wanted_revision: int
    applied_revision: int
    links: tuple[LinkReport, ...]
    switch: SwitchReport
    flows: FlowCounts
    ports: tuple[PortReport, ...] = ()
    ports_omitted: int = 0
    tunnels: tuple[TunnelReport, ...] = ()
    queues: tuple[QueueReport, ...] = ()
    findings: tuple[FindingReport, ...] = ()
    last_error: ErrorReport | None = None
    last_read: dt.datetime | None = None
    last_applied: dt.datetime | None = None
    busy: str | None = None


@dataclass(frozen=True, slots=True)
class PendingHost:
    """A host that dialled in and is not known, or shows another identity than the pinned one.

    Attributes:
        system_id: what it says of itself; the name to admit it by.
        fingerprint: SHA-256 of its certificate (hex), None over plain TCP.
        peer: where it dials in from.
        since: first seen in this run.
        reason: `unknown`, or why it was refused.
        host: name of the host that has this system id or fingerprint pinned, when there is one.
        tunnel_ip: `external_ids:ovn-encap-ip`-like hint the host gives, when it gives one.
    """

    system_id: str
    peer: str
    since: dt.datetime
    fingerprint: str | None = None
    reason: str = "unknown"
    host: str | None = None
    tunnel_ip: str | None = None
