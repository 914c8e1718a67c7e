"""What the planner worked in, told to the life cycle of NICs and networks.

Rule 1: only notes are taken here; states are written later and never waited for.
Rule 2: a NIC counts as placed while any declared host shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netloom.app.lifecycle import Lifecycle, Place
from netloom.base.ids import NetworkId, NicId, Uuid
from netloom.plan.records import Change, NicChange, PlacementChange
from netloom.plan.view import View


class StateFollower:
    """Listens to the planner's loop and the status book; `waits` tells whether an object waits for any host."""

    def __init__(self, lifecycle: Lifecycle, view: View, waits: Callable[[Uuid], bool]) -> None:
        self._lifecycle = lifecycle
        self._view = view
        self._waits = waits

    def worked_in(self, changes: Sequence[Change]) -> None:
        """A batch of changes is part of the picture now."""
        placed: dict[NicId, NetworkId] = {}
        unplaced: dict[NicId, NetworkId] = {}
        for change in changes:
            match change:
                case PlacementChange(nic=nic):
                    (placed if self._view.placements.get(nic.id) else unplaced)[nic.id] = nic.network_id
                case NicChange(before=before, after=None) if before is not None:
                    unplaced[before.id] = before.network_id
                case _:
                    pass
        if placed:
            self._lifecycle.placed(_places(placed))
        if unplaced:
            self._lifecycle.unplaced(_places(unplaced))
        # Where nothing on any host depends on it (a host in another zone, a second NIC of one identity) nothing will be
        # realised later.
        networks = dict.fromkeys((*placed.values(), *unplaced.values()))
        self._lifecycle.realised(
            [item for item in networks if item in self._view.networks and not self._waits(item)]
        )

    def settled(self, object_id: Uuid) -> None:
        """An object's newest generation came to be in force everywhere."""
        network_id = NetworkId(object_id)
        if network_id in self._view.networks:
            self._lifecycle.realised([network_id])


def _places(found: dict[NicId, NetworkId]) -> list[Place]:
    return list(found.items())
