"""Why something is there: flows of a cookie, and what a NIC causes and lacks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from netloom.app.reports.causes import ErrorReport, FindingReport, Reason
from netloom.base.ids import Uuid


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
