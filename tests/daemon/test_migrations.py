"""A NIC on two hosts is a migration for a while, then a finding."""

from __future__ import annotations

from netloom.base.ids import HostId, NetworkId, NicId
from netloom.daemon.migrations import Migrations
from netloom.plan.findings import PlanFinding
from netloom.plan.records import NicView, PortSeen
from netloom.plan.view import View

NIC = NicView(NicId("a"), 1, "a", NetworkId("n"), 0x020000000001, identity="vif")
FOUND = PlanFinding("nic-on-several-hosts", NIC.ref, "seen twice", transient=True)


class HandClock:
    """Time that the test moves."""

    time = 100.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def seen(host: str) -> PortSeen:
    return PortSeen(HostId(host), "tap", "vif", 1)


def test_only_what_lasts_is_told() -> None:
    view, clock = View(), HandClock()
    migrations = Migrations(view, 60.0, clock)
    migrations.worked_in([*view.put_nic(NIC), *view.observe_port(seen("h1"))])
    assert not migrations.lasting(FOUND)
    migrations.worked_in(view.observe_port(seen("h2")))
    clock.time += 59
    assert not migrations.lasting(FOUND)
    clock.time += 1
    assert migrations.lasting(FOUND)
    migrations.worked_in(view.forget_port(HostId("h1"), "tap"))
    assert not migrations.lasting(FOUND)
    migrations.worked_in(view.observe_port(seen("h1")))
    assert not migrations.lasting(FOUND)  # the next migration has its own time


def test_findings_that_do_not_pass_are_told_at_once() -> None:
    migrations = Migrations(View(), 60.0, HandClock())
    assert migrations.lasting(PlanFinding("duplicate-mac", NIC.ref, "taken"))
