"""A runtime for tests of use cases: nothing is connected, and it answers what the test told it to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from netloom.app.ports import PlannedChange, Preview
from netloom.app.reports import (
    DiffReport,
    ExplainFlow,
    ExplainNic,
    FlowCounts,
    HostReport,
    NetworkReport,
    PendingHost,
    SwitchReport,
    SystemReport,
)
from netloom.base.ids import Uuid
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object
from netloom.model.status import Finding, Phase, Status


@dataclass
class ScriptedRuntime:
    pending: tuple[PendingHost, ...] = ()
    done: asyncio.Event = field(default_factory=asyncio.Event)
    previewed: list[PlannedChange] = field(default_factory=list)

    def status(self, item: Object) -> Status:
        if self.done.is_set():
            return Status(phase=Phase.DONE, generation=item.generation)
        return Status(phase=Phase.PENDING)

    def findings(self, kind: Kind, item_id: Uuid) -> tuple[Finding, ...]:
        return ()

    async def settled(self, item: Object) -> None:
        await self.done.wait()

    def pending_hosts(self) -> tuple[PendingHost, ...]:
        return self.pending

    def host_report(self, host: Host) -> HostReport:
        return HostReport(host.id, host.name, False, 0, 0, (), SwitchReport(), FlowCounts(0))

    def network_report(self, network: Network) -> NetworkReport:
        return NetworkReport(
            network.id, network.name, network.isolation.value, network.segment, network.guest_mtu, None, 0, 0
        )

    def system_report(self) -> SystemReport:
        return SystemReport("0", datetime(2026, 1, 1, tzinfo=UTC), "", 0)

    async def diff(self, hosts: Sequence[Host]) -> DiffReport:
        return DiffReport(True)

    async def preview(self, changes: Sequence[PlannedChange]) -> Preview:
        self.previewed = list(changes)
        return Preview()

    async def explain_flow(self, host: Host, cookie: int) -> ExplainFlow:
        return ExplainFlow(host.id, host.name, cookie, False)

    async def explain_nic(self, nic: Nic) -> ExplainNic:
        return ExplainNic(nic.id, nic.name, nic.network_id, nic.network, nic.identity)
