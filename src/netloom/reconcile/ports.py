"""What the engine asks of a target, and of the one who knows what is desired.

Rule 1: a target is a cache of the intent: `read` tells what it holds, and every step of `apply` may be repeated.
Rule 2: a target answers for each key; a key that it refuses stops only itself.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
"""The unit of desired state that is compiled, applied, retried and reported alone (a fragment of a switch's flows)."""
D = TypeVar("D")
"""The whole desired state of one target."""
A = TypeVar("A")
"""What was read back from one target."""
X = TypeVar("X")
"""Steps that lead from actual to desired."""

V = TypeVar("V")
"""The desired state of one key; None: it must not exist."""
V_contra = TypeVar("V_contra", contravariant=True)
D_contra = TypeVar("D_contra", contravariant=True)
D_co = TypeVar("D_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a target did not take one key."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome(Generic[K]):
    """What one `apply` did: items (flows, ports) by kind of step, and the keys that were refused."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    refused: Mapping[K, Refusal] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Items that were touched."""
        return self.added + self.changed + self.removed


class Target(Protocol[K, V_contra, D_contra, A, X]):
    """One thing that is kept true: a switch, an appliance, a remote controller.

    All methods raise `netloom.base.errors.Unavailable` when the target is away and `PeerError` when it breaks its protocol;
    the engine then tries all again from a full read.
    """

    @property
    def name(self) -> str:
        """Unique among targets, for ever the same: the host's id."""
        ...

    async def read(self) -> A:
        """Everything that is there, ours and foreign."""
        ...

    async def compare(self, desired: D_contra, actual: A) -> X:
        """Steps from a full read; no I/O, but it may let others run while it works on much.

        What is desired is looked up before the first time others run: a change after that makes its key dirty again.
        What carries our owner mark and is not desired is removed; what carries another's is not ours whatever it says.
        """
        ...

    def changes(
        self, desired: D_contra, before: Mapping[K, V_contra | None], unsure: Collection[K] = ()
    ) -> X:
        """Steps for some keys, each with what was put there for it last: cost as the keys, not as the whole; no I/O.

        Of keys that are `unsure` any part of `before` may be there, and other values in its places: all that is desired
        of them is put, and all else of `before` removed.

        Nobody keeps a copy of what a target holds: the planner knows what a key was when it changes it, and the engine
        keeps that only until the change is in force.
        """
        ...

    async def apply(self, steps: X) -> Outcome[K]:
        """Do the steps, make before break, and wait until they are in force.

        An empty set of steps sends nothing.
        """
        ...


class DesiredSource(Protocol[D_co]):
    """Who knows what a target should be."""

    @property
    def complete(self) -> bool:
        """Whether all inputs of the desired states are known; before that the engine only waits."""
        ...

    def desired(self, name: str) -> D_co | None:
        """The desired state now; None as long as the target must be left alone."""
        ...


class OutcomeListener(Protocol[K]):
    """Who hears what came of it (the status of objects)."""

    def realised(self, name: str, keys: Collection[K] | None, still_dirty: Collection[K]) -> None:
        """These keys (None: all) are in force on the target, except those that changed meanwhile."""
        ...

    def refused(self, name: str, refusals: Mapping[K, Refusal], next_try: float) -> None:
        """The target did not take these keys; they are tried again at `next_try` (monotonic seconds)."""
        ...

    def failed(self, name: str, refusal: Refusal, next_try: float | None) -> None:
        """The target as a whole could not be brought on; None: it is tried when it is back."""
        ...
