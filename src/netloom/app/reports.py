"""What the running system answers when a person asks *what is going on*: reports, made on demand, never stored.

The composition root fills them from sessions, planner and engine (`app.ports.Runtime`); faces translate them field by
field (the contract's schemas carry the same names, a test compares them).

Rule 1: a report is a snapshot of values: frozen, no reference into a live object, complete in itself.
Rule 2: every list is bounded by its maker; what was cut off is counted in the field `omitted` beside it.

Times are aware UTC datetimes. `host`, `network` and `nic` are names, the `_id` beside them is the object's id.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field

from netloom.base.ids import Uuid

MAX_LISTED = 1_000
"""Ports, flows or changes that one list of a report holds at most."""


class LinkState(enum.StrEnum):
    """State of one protocol connection to a host."""

    DISCONNECTED = "Disconnected"  # not wanted now: the host is being removed, or waits for its dial-in
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    BACKOFF = "Backoff"  # failed, waits for `next_try`
    PENDING = "Pending"  # dialled in, not admitted
    REFUSED = "Refused"  # the identity shown is not the one pinned


class Action(enum.StrEnum):
    """What would be, or has to be, done to something."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Reason:
    """An intent object that causes an output.

    Attributes:
        kind: Zone, PhysicalNetwork, Host, Network, Nic, or SecurityGroup.
        id: its id; None for an object that a plan would create.
        name: its name.
        text: what it causes, for a person ("unicast to the NIC on another host").
    """

    kind: str
    name: str
    id: Uuid | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """The last thing that went wrong somewhere.

    Attributes:
        code: stable, kebab-case (`NetloomError.stable_code`).
        message: for a person.
        since: when it went wrong first without a success in between.
        subject: what it is about (`flow/…`, `port/…`), when known.
        hint: what would put it right.
        count: how often in a row.
        next_try: when it is tried again; None when nothing will be tried before something changes.
    """

    code: str
    message: str
    since: dt.datetime
    subject: str | None = None
    hint: str | None = None
    count: int = 1
    next_try: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class FindingReport:
    """Something that a person should know about, that stops nothing but its own object.

    Attributes:
        code: stable, kebab-case (`mtu-too-small`, `duplicate-identity`, …).
        message: for a person, with the values seen.
        hint: what would put it right.
        why: the objects concerned.
    """

    code: str
    message: str
    hint: str | None = None
    why: tuple[Reason, ...] = ()


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
class QueueReport:
    """A bounded queue on the way to the host.

    Attributes:
        name: its stable name, also the metric's label.
        length / limit: items now and at most.
        dropped: items refused or coalesced because it was full.
    """

    name: str
    length: int
    limit: int
    dropped: int = 0


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
class NetworkOnHost:
    """One network's share of one host.

    Attributes:
        nics: NICs of the network seen on the host.
        ports: their port names, sorted (bounded).
        flows: flows desired there because of the network and its NICs.
        in_sync: the host's worker is done with them.
        error: why not.
    """

    host_id: Uuid
    host: str
    nics: int
    flows: int
    in_sync: bool
    ports: tuple[str, ...] = ()
    error: ErrorReport | None = None


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """Where a network is and how it does.

    Attributes:
        guest_mtu: what guests may use: the smallest underlay concerned minus the encapsulation.
        overhead: octets of the encapsulation on this underlay's address family.
        nics: NICs declared; `nics_placed`: of them, seen on a host.
        hosts: hosts that carry it now.
        unplaced: names of NICs attached to a host (by intent) where no port carries their identity (bounded).
    """

    network_id: Uuid
    name: str
    isolation: str
    segment: int | None
    guest_mtu: int | None
    overhead: int | None
    nics: int
    nics_placed: int
    hosts: tuple[NetworkOnHost, ...] = ()
    hosts_omitted: int = 0
    unplaced: tuple[str, ...] = ()
    findings: tuple[FindingReport, ...] = ()


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


@dataclass(frozen=True, slots=True)
class ExplainFlow:
    """Why flows with a cookie are on a host.

    Attributes:
        ours: the cookie carries the owner mark; if not, everything below is empty.
        pipeline: pipeline version in the cookie; `current_pipeline` is the one that flows get now.
        fragment: kind of output ("nic-unicast", "broadcast", …) and number of the object in the cookie.
        desired / actual: flows with this cookie, ovs-ofctl syntax with table names (bounded).
        why: the intent objects that cause it; empty when nothing does any more (it will be swept).
    """

    host_id: Uuid
    host: str
    cookie: int
    ours: bool
    pipeline: int | None = None
    current_pipeline: int | None = None
    fragment: str | None = None
    number: int | None = None
    desired: tuple[str, ...] = ()
    actual: tuple[str, ...] = ()
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacementReport:
    """A port that carries the NIC's identity, seen on a host."""

    host_id: Uuid
    host: str
    port: str
    ofport: int | None
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class NicFlows:
    """Flows on one host that a NIC causes.

    Attributes:
        role: `local` where the NIC is, `remote` on hosts that reach it.
        flows: ovs-ofctl syntax with table names.
        in_sync: the host's worker is done.
    """

    host_id: Uuid
    host: str
    role: str
    flows: tuple[str, ...]
    in_sync: bool
    error: ErrorReport | None = None


@dataclass(frozen=True, slots=True)
class ExplainNic:
    """Where a NIC is, what it causes, what keeps it from working.

    Attributes:
        identity: the `iface-id` that its port has to carry.
        wanted_host / wanted_device: the attachment in intent, None when it has none.
        placements: where it was seen; two for a while during a live migration.
        hosts: flows per host (hosts bounded).
        findings: everything that keeps it from working, each with a hint ("no port on h1 carries iface-id …").
    """

    nic_id: Uuid
    name: str
    network_id: Uuid
    network: str
    identity: str
    wanted_host: str | None = None
    wanted_device: str | None = None
    placements: tuple[PlacementReport, ...] = ()
    hosts: tuple[NicFlows, ...] = ()
    hosts_omitted: int = 0
    findings: tuple[FindingReport, ...] = ()


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


@dataclass(frozen=True, slots=True)
class SystemReport:
    """The daemon itself.

    Attributes:
        version: of netloom.
        started_at: of this process.
        database: dialect and schema revision ("sqlite 0001").
        revision: of the store now; `oldest_revision`: from where `watch` can start.
        planned_revision: up to which the planner has worked.
        counts: objects per kind.
        hosts_connected / hosts_in_sync: of all hosts.
        queues: the daemon's own bounded queues.
        run_level: where start-up or shut-down is ("application main loop" when serving).
    """

    version: str
    started_at: dt.datetime
    database: str
    revision: int
    oldest_revision: int = 0
    planned_revision: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    hosts_connected: int = 0
    hosts_in_sync: int = 0
    queues: tuple[QueueReport, ...] = ()
    run_level: str = ""
