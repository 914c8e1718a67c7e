"""Whether all inputs of the plan are known: before that nothing is applied anywhere.

Rule 1: intent is known when the feed says so; a host when it showed what it has, or was remembered.
Rule 2: a host that was never seen nor remembered is waited for a short grace only: nobody forwards to it.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from netloom.aio.clock import Clock
from netloom.base.ids import HostId

_log = structlog.get_logger("netloom.reconcile")


class Completeness:
    """Reached once, and then for ever. `grace` in seconds, from when the intent is complete."""

    def __init__(self, grace: float, clock: Clock) -> None:
        self._grace = grace
        self._clock = clock
        self._known: set[HostId] = set()
        self._intent_at: float | None = None
        self.reached = False

    def knows(self, host_id: HostId) -> bool:
        """Whether it is known where the host's NICs are."""
        return host_id in self._known

    def host_known(self, host_id: HostId) -> None:
        """The host showed what it has, or was remembered."""
        self._known.add(host_id)

    def host_gone(self, host_id: HostId) -> None:
        """The host is not declared any more."""
        self._known.discard(host_id)

    def intent_known(self) -> None:
        """All intent has been worked in."""
        if self._intent_at is None:
            self._intent_at = self._clock.now()

    def left(self) -> float | None:
        """Seconds that hosts are still waited for; None when it is not a matter of time (yet, or any more)."""
        if self.reached or self._intent_at is None:
            return None
        return max(0.0, self._intent_at + self._grace - self._clock.now())

    def check(self, hosts: Collection[HostId], showing: Collection[HostId]) -> bool:
        """Whether it is reached just now.

        Args:
            hosts: those declared.
            showing: those that showed all they have, which is not worked in yet.
        """
        left = self.left()
        if left is None:
            return False
        unknown = [host_id for host_id in hosts if host_id not in self._known]
        if unknown and (left > 0 or any(host_id in showing for host_id in unknown)):
            return False
        if unknown:
            _log.warning("going on without having seen all hosts", hosts=len(unknown))
        self.reached = True
        return True
