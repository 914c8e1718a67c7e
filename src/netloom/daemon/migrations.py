"""How long NICs have been seen on two hosts at once: a while is a migration, longer is a mistake.

Rule 1: time is kept here alone: the planner's finding says what is so, this says since when.
Rule 2: after a restart the wait begins anew; a finding that comes a minute late harms nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.ids import NicId
from netloom.plan.findings import PlanFinding
from netloom.plan.records import Change, NicChange, PlacementChange
from netloom.plan.view import View


class Migrations:
    """Listens to the planner's loop; `grace` in seconds (`lifecycle.migration_grace`)."""

    def __init__(self, view: View, grace: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self._view = view
        self._grace = grace
        self._clock = clock
        self._since: dict[NicId, float] = {}

    def worked_in(self, changes: Sequence[Change]) -> None:
        """A batch of changes is part of the picture now."""
        for change in changes:
            match change:
                case PlacementChange(nic=nic):
                    self._look(nic.id)
                case NicChange(before=before, after=None) if before is not None:
                    self._since.pop(before.id, None)
                case _:
                    pass

    def lasting(self, finding: PlanFinding) -> bool:
        """Whether a finding is to be told: it is not of the kind that passes, or it did not pass."""
        if not finding.transient:
            return True
        since = self._since.get(NicId(finding.subject.id))
        return since is not None and self._clock.now() - since >= self._grace

    def _look(self, nic_id: NicId) -> None:
        if len(self._view.placements.get(nic_id, {})) > 1:
            self._since.setdefault(nic_id, self._clock.now())
        else:
            self._since.pop(nic_id, None)
