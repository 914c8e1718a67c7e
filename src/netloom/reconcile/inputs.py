"""What the planner's loop reads: intent as it becomes durable, and where NICs were seen before a restart.

Rule 1: a feed gives all there is first, says when that is done, and from then on what changes; begun anew it does so again.
Rule 2: a memory is asked once, at the start; telling it something costs nothing now.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from netloom.base.ids import HostId, Uuid
from netloom.plan.records import Edit, PortSeen


@dataclass(frozen=True, slots=True)
class IntentBatch:
    """Changes of intent that became durable together.

    Args:
        revision: the store's, after them.
        edits: records put and removed, in order.
        generations: of the objects that the edits are about.
        complete: all intent of before `follow` was called has now been given. True from then on.
    """

    revision: int
    edits: Sequence[Edit]
    generations: Mapping[Uuid, int] = field(default_factory=dict)
    complete: bool = True


class ChangeFeed(Protocol):
    """Where intent comes from: the whole of it first, in as many batches as it likes, then what changes."""

    def follow(self) -> AsyncIterator[IntentBatch]:
        """Batches for ever."""
        ...


class PlacementMemory(Protocol):
    """Remembers over a restart where NICs were seen last: a host that cannot be asked still forwards for them."""

    def recall(self) -> Mapping[HostId, Sequence[PortSeen]]:
        """What was remembered, by host; a host with nothing on it is there with an empty list."""
        ...

    def remember(self, host_id: HostId, ports: Collection[PortSeen]) -> None:
        """A host shows these now; returns at once."""
        ...

    def forget(self, host_id: HostId) -> None:
        """The host is not declared any more."""
        ...


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What the loop reads.

    Args:
        feed: intent.
        memory: where NICs were seen last.
        grace: seconds after the intent is complete that hosts which were never seen nor remembered are waited for. Short:
            a host that was never seen has nothing that others forward to.
    """

    feed: ChangeFeed
    memory: PlacementMemory
    grace: float = 2.0
