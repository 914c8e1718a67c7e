"""What the use cases need from the running system, as a port; the composition root implements it over sessions, planner
and engine.

Rule 1: methods that are not `async` answer from memory at once: lists of a thousand objects call them for each.
Rule 2: none of them changes anything, not even on a switch: changing goes through the store, the system follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from netloom.app.reports import (
    DiffReport,
    ExplainFlow,
    ExplainNic,
    FindingReport,
    HostChanges,
    HostReport,
    NetworkReport,
    PendingHost,
    SystemReport,
)
from netloom.base.ids import Uuid
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object
from netloom.model.status import Finding, Status


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """An intent object before and after a change that is only planned; None: it is not there."""

    before: Object | None
    after: Object | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What planned changes would do: hosts where something changes, and findings there would be."""

    hosts: tuple[HostChanges, ...] = ()
    findings: tuple[FindingReport, ...] = ()


class Runtime(Protocol):
    """The running system, as far as use cases ask it."""

    def status(self, item: Object) -> Status:
        """How far reality has followed this object's generation."""
        ...

    def findings(self, kind: Kind, item_id: Uuid) -> tuple[Finding, ...]:
        """What is wrong with it although it was accepted."""
        ...

    async def settled(self, item: Object) -> None:
        """Return when the object's status is Done for its generation; the caller bounds the wait."""
        ...

    def pending_hosts(self) -> tuple[PendingHost, ...]:
        """Hosts that dialled in and are not admitted; kept in memory only, bounded."""
        ...

    def host_report(self, host: Host) -> HostReport:
        """Sessions, ports, tunnels and drift of one host."""
        ...

    def network_report(self, network: Network) -> NetworkReport:
        """Where a network is and how it does."""
        ...

    def system_report(self) -> SystemReport:
        """The daemon itself; `counts` and store revisions are filled in by the use case."""
        ...

    async def diff(self, hosts: Sequence[Host]) -> DiffReport:
        """Drift between desired and actual, read now from these hosts."""
        ...

    async def preview(self, changes: Sequence[PlannedChange]) -> Preview:
        """What these changes of intent would do on the hosts; touches nothing."""
        ...

    async def explain_flow(self, host: Host, cookie: int) -> ExplainFlow:
        """Why flows with this cookie are on the host."""
        ...

    async def explain_nic(self, nic: Nic) -> ExplainNic:
        """Where a NIC is, what it causes, what keeps it from working."""
        ...
