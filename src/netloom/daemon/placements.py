"""Remembers over a restart where NICs were seen last (`netloom.reconcile.planner.PlacementMemory`).

Why: after a restart a host that cannot be reached still forwards for its NICs; forgetting where they are would cut them off
from the hosts that can be reached.

Rule 1: `remember` costs nothing now: what changed is written a moment later, many hosts in one transaction.
Rule 2: losing the last moment is harmless: the hosts are asked anyway, this only bridges those that do not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

import structlog

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId
from netloom.plan.records import PortSeen
from netloom.store.seen_ports import SeenPort, read_seen_ports, write_seen_ports
from netloom.store.store import Store

_log = structlog.get_logger("netloom.daemon")

GATHER = 0.5
"""Seconds in which changes are gathered into one write."""

RETRY = 5.0
"""Seconds until a write that failed is tried again."""


class StoredPlacements:
    """The memory, in the store. `load` before the planner starts; `run` while it does."""

    def __init__(self, store: Store, clock: Clock = SYSTEM_CLOCK) -> None:
        self._store = store
        self._clock = clock
        self._recalled: dict[HostId, list[PortSeen]] = {}
        self._written: dict[HostId, list[SeenPort]] = {}
        self._writing: dict[HostId, list[SeenPort] | None] = {}
        self._dirty: dict[HostId, list[SeenPort] | None] = {}
        self._wake = asyncio.Event()

    async def load(self) -> None:
        """Read what an earlier run saw."""
        self._written = await self._store.read(read_seen_ports)
        self._recalled = {
            host_id: [PortSeen(host_id, name, identity, ofport) for name, identity, ofport in ports]
            for host_id, ports in self._written.items()
        }

    def recall(self) -> Mapping[HostId, Sequence[PortSeen]]:
        """What was remembered, by host."""
        return self._recalled

    def remember(self, host_id: HostId, ports: Collection[PortSeen]) -> None:
        """A host shows these now."""
        seen = sorted((port.port_name, port.identity, port.ofport) for port in ports)
        if self._stored(host_id) != seen:
            self._dirty[host_id] = seen
            self._wake.set()

    def forget(self, host_id: HostId) -> None:
        """The host is not declared any more."""
        self._recalled.pop(host_id, None)
        if self._stored(host_id) is not None:
            self._dirty[host_id] = None
            self._wake.set()

    def _stored(self, host_id: HostId) -> list[SeenPort] | None:
        """What the store will hold of a host once all that was noted is written."""
        for noted in (self._dirty, self._writing):
            if host_id in noted:
                return noted[host_id]
        return self._written.get(host_id)

    async def run(self) -> None:
        """Write what changed, until cancelled."""
        while True:
            await self._wake.wait()
            await self._clock.sleep(GATHER)
            self._wake.clear()
            try:
                await self.flush()
            except NetloomError as error:
                _log.warning("placements not kept yet", code=error.stable_code, error=str(error))
                self._wake.set()
                await self._clock.sleep(RETRY)

    async def flush(self) -> None:
        """Write what changed now."""
        if not self._dirty:
            return
        writing, self._dirty = self._dirty, {}
        self._writing = writing
        try:
            await self._store.write(lambda transaction: write_seen_ports(transaction, writing))
        except BaseException:
            # Also when cancelled: whether it was written is not known, and writing it twice harms nobody.
            self._dirty = writing | self._dirty
            raise
        finally:
            self._writing = {}
        for host_id, ports in writing.items():
            if ports is None:
                self._written.pop(host_id, None)
            else:
                self._written[host_id] = ports
