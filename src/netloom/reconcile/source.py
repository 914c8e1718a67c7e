"""What the engine looks desired states up in.

Rule 1: it answers as of now; nothing is kept. Rule 2: until `complete`, the engine only waits.
"""

from __future__ import annotations

from collections.abc import Callable

from netloom.base.ids import HostId, Uuid
from netloom.plan.graph import Planner
from netloom.plan.switch import FragmentKey, SwitchDesired

PORTS_KEY = FragmentKey("ports", 0)
"""Stands for our ports and the bridge's settings of a switch among the keys of its fragments."""


def _nothing() -> None:
    """Nobody waits for the inputs to be complete."""


class PlanSource:
    """What the engine looks desired states up in (`DesiredSource`)."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.complete = False
        self.when_complete: Callable[[], None] = _nothing
        """Called once, when all intent is known and all hosts were seen, are remembered, or were waited for."""

    def desired(self, name: str) -> SwitchDesired | None:
        """What a host's switch should hold now."""
        return self.planner.desired(HostId(Uuid(name)))

    def why(self, host_id: HostId, key: FragmentKey) -> list[Uuid]:
        """The objects that cause an output; the host itself for its ports."""
        if key == PORTS_KEY:
            return [host_id]
        desired = self.planner.desired(host_id)
        fragment = desired.fragments.get(key) if desired is not None else None
        return [ref.id for ref in fragment.why] if fragment is not None else []
