"""THE TEST HYPERVISOR: guests that are entries in a dictionary, for tests in which no packet passes.

It is called `Simulator`, as the recorded server's was. Product code never imports it.

Rule 1: it is idempotent as the port demands; tests look at `guests` for what it was told, and at `calls` for how often.
Rule 2: it refuses what a test tells it to refuse, and never answers where a test says so; nothing else.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.hypervisors import (
    GuestPlan,
    GuestSeen,
    HostFacts,
    Hypervisors,
    Image,
)
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId

NAME = "Simulator"


@dataclass
class Machine:
    """A guest as the hypervisor has it; `host` None: it does not run."""

    plan: GuestPlan
    host: str | None = None


@dataclass
class MemoryHypervisor:
    """Guests by name, calls in order, what to refuse by call (`start`) or by call and host (`start h1`)."""

    guests: dict[str, Machine] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    refusals: dict[str, NetloomError] = field(default_factory=dict)
    foreign: dict[str, GuestSeen] = field(default_factory=dict)
    """Machines that it reports although netloom never asked for them."""
    away: set[str] = field(default_factory=set)
    """Names of hosts on which nothing can run."""
    hanging: set[str] = field(default_factory=set)
    """Calls that never end."""

    @property
    def name(self) -> str:
        """As the recorded server's."""
        return NAME

    @property
    def images(self) -> tuple[Image, ...]:
        """One."""
        return (
            Image(
                image="centos56",
                name="CentOS 5.6 (64-bit) no GUI (Simulator)",
                display_text="CentOS 5.6 (64-bit) no GUI (Simulator)",
                os_type="CentOS 5.6 (64-bit)",
                format="VHD",
            ),
        )

    @property
    def can_create(self) -> bool:
        """Yes."""
        return True

    def runs_on(self, host: HostFacts) -> bool:
        """Everywhere but where a test says."""
        return host.name not in self.away

    async def start(self, guest: GuestPlan, host: HostFacts) -> None:
        """Run it there, and nowhere else."""
        await self._called("start", guest.name, host.name)
        self.guests[guest.name] = Machine(guest, host.name)

    async def stop(self, guest: GuestPlan, host: HostFacts, *, forced: bool) -> None:
        """Stop it."""
        await self._called("stop", guest.name, host.name)
        machine = self.guests.get(guest.name)
        if machine is not None and machine.host == host.name:
            machine.host = None

    async def migrate(self, guest: GuestPlan, source: HostFacts, target: HostFacts) -> None:
        """Move it."""
        await self._called("migrate", guest.name, target.name)
        self.guests[guest.name] = Machine(guest, target.name)

    async def remove(self, guest: GuestPlan) -> None:
        """Forget it."""
        await self._called("remove", guest.name, "")
        self.guests.pop(guest.name, None)

    async def report(self, hosts: Iterable[HostFacts]) -> tuple[GuestSeen, ...]:
        """What runs there."""
        await self._called("report", "", "")
        names = {host.name for host in hosts}
        own = [
            GuestSeen(name=name, host=machine.host, running=True)
            for name, machine in self.guests.items()
            if machine.host in names
        ]
        return (*own, *(seen for seen in self.foreign.values() if seen.host in names))

    async def _called(self, call: str, guest: str, host: str) -> None:
        self.calls.append((call, guest))
        for reason in (call, f"{call} {host}"):
            if reason in self.refusals:
                raise self.refusals[reason]
        if call in self.hanging:
            await asyncio.Event().wait()


def with_machines(
    backends: Backends,
    hypervisor: MemoryHypervisor | None = None,
    *,
    down: Collection[HostId] = frozenset(),
) -> Backends:
    """Backends with the test hypervisor; `down`: hosts whose switch is not connected at the moment."""
    adapter = hypervisor or MemoryHypervisor()
    return dataclasses.replace(
        backends, hypervisors=Hypervisors([adapter], lambda host_id: host_id not in down)
    )
