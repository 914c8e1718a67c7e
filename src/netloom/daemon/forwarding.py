"""Where switches show NICs, and waiting until they forward to them at a host: what migrations ask.

Rule 1: a NIC is forwarded to when the host shows its port and no switch that answers owes anything on its account. Hosts
    that are away are not waited for: they forward nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from netloom.base.ids import HostId, NicId
from netloom.plan.switch import FragmentKey
from netloom.plan.view import View
from netloom.reconcile.status import StatusBook


class Forwarding:
    """Knows the picture and how far the switches have followed it."""

    def __init__(
        self, view: View, book: StatusBook[FragmentKey], reachable: Callable[[HostId], bool]
    ) -> None:
        self._view = view
        self._book = book
        self._reachable = reachable

    async def in_force(self, nics: Collection[NicId], host_id: HostId) -> None:
        """Return when all of these NICs are forwarded to at a host; the caller bounds the wait."""
        await self._book.news.until(lambda: all(self.forwards(nic_id, host_id) for nic_id in nics))

    def several(self) -> dict[NicId, frozenset[HostId]]:
        """The NICs that more than one connected switch shows now."""
        found: dict[NicId, frozenset[HostId]] = {}
        for nic_id, places in self._view.placements.items():
            if len(places) > 1:
                there = frozenset(host_id for host_id in places if self._reachable(host_id))
                if len(there) > 1:
                    found[nic_id] = there
        return found

    def forwards(self, nic_id: NicId, host_id: HostId) -> bool:
        """Whether a NIC is forwarded to at a host now."""
        if host_id not in self._view.placements.get(nic_id, {}):
            return False
        return not any(self._reachable(each) for each in self._book.status(nic_id).behind)
