"""Reports: what is going on, made on demand. `netloom.app.reports` has the same names and tells their meaning in full.

Rule 1: lists are bounded; what was cut off is counted in the `…_omitted` field beside them.
Rule 2: times are RFC 3339 with an offset; `host`, `network`, `nic` are names, `…_id` their ids.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from netloom.contract.fields import Answer, Id

Action = Literal["add", "change", "remove", "keep"]
LinkState = Literal["Disconnected", "Connecting", "Connected", "Backoff", "Pending", "Refused"]


class Reason(Answer):
    """An intent object that causes an output (`id` is null while a plan would create it)."""

    kind: str
    name: str
    id: Id | None = None
    text: str = ""


class ErrorReport(Answer):
    """The last thing that went wrong somewhere."""

    code: str
    message: str
    since: dt.datetime
    subject: str | None = None
    hint: str | None = None
    count: Annotated[int, Field(description="How often in a row.")] = 1
    next_try: dt.datetime | None = None


class FindingReport(Answer):
    """Something a person should know about, with the objects concerned."""

    code: str
    message: str
    hint: str | None = None
    why: tuple[Reason, ...] = ()


class LinkReport(Answer):
    """One protocol connection of a host (`ovsdb` or `openflow`)."""

    protocol: str
    state: LinkState
    peer: str | None = None
    since: Annotated[dt.datetime | None, Field(description="When this state began.")] = None
    version: str | None = None
    attempts: Annotated[int, Field(description="Attempts since the last success.")] = 0
    next_try: dt.datetime | None = None
    received: Annotated[int, Field(description="Bytes.")] = 0
    sent: Annotated[int, Field(description="Bytes.")] = 0
    last_error: ErrorReport | None = None


class SwitchReport(Answer):
    """What the host's Open vSwitch says of itself; probed, not looked up."""

    system_id: str | None = None
    ovs_version: str | None = None
    db_version: str | None = None
    datapath_id: str | None = None
    datapath_type: str | None = None
    datapath_types: tuple[str, ...] = ()
    interface_types: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()


class PortReport(Answer):
    """One port of the integration bridge; `ours` tells netloom's own from guests' and foreign ones."""

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


class TunnelReport(Answer):
    """One tunnel port: one per encapsulation, whatever the number of peers."""

    port: str
    isolation: str
    ofport: int | None = None
    local_ip: str | None = None
    peers: tuple[str, ...] = ()
    networks: int = 0
    error: str | None = None


class FlowCounts(Answer):
    """Flows of the integration bridge, and the drift found and repaired since netloomd started."""

    desired: int
    actual: int | None = None
    foreign: int = 0
    drift_found: int = 0
    drift_repaired: int = 0
    drift_last: dt.datetime | None = None
    added: int = 0
    changed: int = 0
    removed: int = 0


class QueueReport(Answer):
    """A bounded queue."""

    name: str
    length: int
    limit: int
    dropped: int = 0


class HostReport(Answer):
    """Everything about one host that a person needs before reading a log."""

    host_id: Id
    name: str
    in_sync: Annotated[bool, Field(description="What is desired is confirmed on the switch.")]
    wanted_revision: Annotated[int, Field(description="Store revision the desired state stands for.")]
    applied_revision: Annotated[int, Field(description="Store revision realised on the host.")]
    links: tuple[LinkReport, ...]
    switch: SwitchReport
    flows: FlowCounts
    ports: tuple[PortReport, ...] = ()
    ports_omitted: int = 0
    tunnels: tuple[TunnelReport, ...] = ()
    queues: tuple[QueueReport, ...] = ()
    findings: tuple[FindingReport, ...] = ()
    last_error: ErrorReport | None = None
    last_read: Annotated[dt.datetime | None, Field(description="Last full read of the switch.")] = None
    last_applied: Annotated[dt.datetime | None, Field(description="Last confirmed change.")] = None
    busy: Annotated[str | None, Field(description="What its worker is doing now.")] = None


class NetworkOnHost(Answer):
    """One network's share of one host."""

    host_id: Id
    host: str
    nics: int
    flows: int
    in_sync: bool
    ports: tuple[str, ...] = ()
    error: ErrorReport | None = None


class NetworkReport(Answer):
    """Where a network is and how it does."""

    network_id: Id
    name: str
    isolation: str
    segment: int | None
    guest_mtu: Annotated[int | None, Field(description="What guests may use.")]
    overhead: Annotated[int | None, Field(description="Octets of the encapsulation.")]
    nics: int
    nics_placed: Annotated[int, Field(description="NICs seen on a host.")]
    hosts: tuple[NetworkOnHost, ...] = ()
    hosts_omitted: int = 0
    unplaced: Annotated[tuple[str, ...], Field(description="Attached NICs that no port carries.")] = ()
    findings: tuple[FindingReport, ...] = ()


class FieldChange(Answer):
    """One field of an intent object; null for absent."""

    field: str
    old: str | None
    new: str | None


class ObjectChange(Answer):
    """What applying a file would do to one object."""

    kind: str
    name: str
    action: Action
    id: Id | None = None
    fields: tuple[FieldChange, ...] = ()


class PortChange(Answer):
    """A port to add, change or remove on a host."""

    action: Action
    name: str
    desired: str | None = None
    actual: str | None = None
    why: tuple[Reason, ...] = ()


class FlowChange(Answer):
    """A flow to add, change or remove on a host, in ovs-ofctl syntax with table names."""

    action: Action
    flow: str
    cookie: int
    actual: str | None = None
    why: tuple[Reason, ...] = ()


class HostChanges(Answer):
    """Changes of one host: of a plan (would be made) or of a diff (would make actual equal desired)."""

    host_id: Id
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


class PlanReport(Answer):
    """What `apply` of the same documents would do. Nothing was touched."""

    revision: int
    objects: tuple[ObjectChange, ...] = ()
    unchanged: int = 0
    hosts: tuple[HostChanges, ...] = ()
    findings: tuple[FindingReport, ...] = ()


class DiffReport(Answer):
    """Drift between desired and actual, read from the switches for this answer."""

    clean: Annotated[bool, Field(description="No host differs and every host could be read.")]
    hosts: tuple[HostChanges, ...] = ()


class ExplainFlow(Answer):
    """Why flows with a cookie are on a host."""

    host_id: Id
    host: str
    cookie: int
    ours: Annotated[bool, Field(description="The cookie carries netloom's owner mark.")]
    pipeline: int | None = None
    current_pipeline: int | None = None
    fragment: str | None = None
    number: int | None = None
    desired: tuple[str, ...] = ()
    actual: tuple[str, ...] = ()
    why: tuple[Reason, ...] = ()


class PlacementReport(Answer):
    """A port that carries a NIC's identity, seen on a host."""

    host_id: Id
    host: str
    port: str
    ofport: int | None
    since: dt.datetime | None = None


class NicFlows(Answer):
    """Flows on one host that a NIC causes; `role` is `local` or `remote`."""

    host_id: Id
    host: str
    role: str
    flows: tuple[str, ...]
    in_sync: bool
    error: ErrorReport | None = None


class ExplainNic(Answer):
    """Where a NIC is, what it causes, what keeps it from working."""

    nic_id: Id
    name: str
    network_id: Id
    network: str
    identity: str
    wanted_host: str | None = None
    wanted_device: str | None = None
    placements: tuple[PlacementReport, ...] = ()
    hosts: tuple[NicFlows, ...] = ()
    hosts_omitted: int = 0
    findings: tuple[FindingReport, ...] = ()


class PendingHost(Answer):
    """A host that dialled in and waits to be admitted, or was refused for its identity."""

    system_id: str
    peer: str
    since: dt.datetime
    fingerprint: str | None = None
    reason: str = "unknown"
    host: str | None = None
    tunnel_ip: str | None = None


class PendingHosts(Answer):
    """All of them."""

    items: tuple[PendingHost, ...]


class SystemReport(Answer):
    """The daemon itself."""

    version: str
    started_at: dt.datetime
    database: str
    revision: int
    oldest_revision: Annotated[int, Field(description="From here a watch can start.")] = 0
    planned_revision: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    hosts_connected: int = 0
    hosts_in_sync: int = 0
    queues: tuple[QueueReport, ...] = ()
    run_level: str = ""
