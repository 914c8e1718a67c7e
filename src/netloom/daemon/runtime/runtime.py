"""`netloom.app.ports.Runtime`: the use cases' questions, answered by the parts that know.

Rule 1: nothing is decided here; each method asks one part and gives its answer the report's words.
Rule 2: nothing is changed, not even on a switch.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import netloom
from netloom.aio.tasks import Group
from netloom.app.ports import PlannedChange, Preview
from netloom.app.reports import (
    DiffReport,
    ExplainFlow,
    ExplainNic,
    HostChanges,
    HostReport,
    NetworkReport,
    PendingHost,
    SystemReport,
)
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId, Uuid
from netloom.daemon.hosts import HostKeeper, SwitchEngine
from netloom.daemon.runtime.drift import actual_flows, host_drift
from netloom.daemon.runtime.explain import explain_flow, explain_nic
from netloom.daemon.runtime.hosts import host_report
from netloom.daemon.runtime.networks import network_report
from netloom.daemon.runtime.previews import preview
from netloom.daemon.runtime.texts import finding_of, moment
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object, kind_of_object
from netloom.model.status import Finding, Phase, Status
from netloom.plan.findings import PlanFinding
from netloom.plan.graph import Planner
from netloom.plan.switch import FragmentKey
from netloom.reconcile.planner import PlannerLoop
from netloom.reconcile.status import StatusBook

DIFFS_AT_ONCE = 8
"""Hosts that are read at the same time for one answer."""


@dataclass(frozen=True, slots=True)
class RuntimeParts:
    """Who knows what."""

    planner: Planner
    loop: PlannerLoop
    book: StatusBook[FragmentKey]
    engine: SwitchEngine
    hosts: HostKeeper
    pending: Callable[[], tuple[PendingHost, ...]]
    run_level: Callable[[], str]
    lasting: Callable[[PlanFinding], bool]


class DaemonRuntime:
    """The running system."""

    def __init__(self, parts: RuntimeParts) -> None:
        self._parts = parts
        self._started_at = dt.datetime.now(dt.UTC)

    def status(self, item: Object) -> Status:
        """How far reality has followed this object's generation."""
        kind = kind_of_object(item)
        if kind in (Kind.ZONE, Kind.PHYSICAL_NETWORK):
            return Status(phase=Phase.DONE, generation=item.generation)
        found = self._parts.loop.status(kind, item.id)
        phase = found.phase
        if phase is Phase.DONE and found.generation < item.generation:
            phase = Phase.PENDING
        hosts = self._parts.planner.view.hosts
        return Status(
            phase=phase,
            reason=found.reason,
            code=found.code,
            generation=found.generation,
            since=moment(found.since),
            next_try=moment(found.next_try),
            behind=tuple(sorted(hosts[host].name for host in found.behind if host in hosts)),
        )

    def findings(self, kind: Kind, item_id: Uuid) -> tuple[Finding, ...]:
        """What is wrong with it although it was accepted."""
        found = self._parts.planner.findings(item_id)
        told = tuple(finding_of(finding) for finding in found if self._parts.lasting(finding))
        kept = self._parts.hosts.get(item_id) if kind is Kind.HOST else None
        return told if kept is None else (*told, *kept.session.findings())

    async def settled(self, item: Object) -> None:
        """Return when the object's status is Done for its generation; the caller bounds the wait."""
        kind = kind_of_object(item)
        if kind in (Kind.NETWORK, Kind.NIC):
            await self._parts.book.settled(item.id, item.generation)
        await self._parts.book.news.until(lambda: self.status(item).phase is Phase.DONE)

    def pending_hosts(self) -> tuple[PendingHost, ...]:
        """Hosts that dialled in and are not admitted."""
        return self._parts.pending()

    def host_report(self, host: Host) -> HostReport:
        """Sessions, ports, tunnels and drift of one host."""
        parts = self._parts
        return host_report(host, parts.hosts.get(host.id), parts.planner, parts.book, parts.engine)

    def network_report(self, network: Network) -> NetworkReport:
        """Where a network is and how it does."""
        return network_report(self._parts.planner, self._parts.book, network)

    def system_report(self) -> SystemReport:
        """The daemon itself; the use case fills in what the store knows."""
        parts = self._parts
        kept = list(parts.hosts.all())
        return SystemReport(
            version=netloom.__version__,
            started_at=self._started_at,
            database="",
            revision=0,
            planned_revision=parts.loop.revision,
            hosts_connected=sum(1 for host in kept if host.session.is_up),
            hosts_in_sync=sum(1 for host in kept if parts.book.in_sync(host.config.host_id)),
            run_level=parts.run_level(),
        )

    async def diff(self, hosts: Sequence[Host]) -> DiffReport:
        """Drift between desired and actual, read now from these hosts."""
        slots = asyncio.Semaphore(DIFFS_AT_ONCE)

        async def one(host: Host) -> HostChanges:
            async with slots:
                return await host_drift(host, self._parts.hosts.get(host.id), self._parts.planner)

        async with Group() as group:
            tasks = [group.create_task(one(host)) for host in hosts]
        found = tuple(task.result() for task in tasks)
        return DiffReport(
            clean=all(not (c.error or c.adds or c.changes or c.removes) for c in found), hosts=found
        )

    async def preview(self, changes: Sequence[PlannedChange]) -> Preview:
        """What these changes of intent would do on the hosts; touches nothing."""
        return preview(self._parts.planner, changes)

    async def explain_flow(self, host: Host, cookie: int) -> ExplainFlow:
        """Why flows with this cookie are on the host; without the actual ones when it cannot be read."""
        kept = self._parts.hosts.get(HostId(host.id))
        actual = []
        if kept is not None:
            try:
                actual = actual_flows(await kept.target.read(), cookie)
            except NetloomError:
                actual = []
        return explain_flow(self._parts.planner, host, cookie, actual)

    async def explain_nic(self, nic: Nic) -> ExplainNic:
        """Where a NIC is, what it causes, what keeps it from working."""
        return explain_nic(self._parts.planner, self._parts.book, nic, self._device_problem)

    def _device_problem(self, host_id: HostId, device: str) -> str | None:
        kept = self._parts.hosts.get(host_id)
        for rows in kept.session.database.ports() if kept is not None else ():
            if rows.port.name == device:
                return rows.interface.error
        return None
