"""What waits for its turn, and when to look again at what failed.

Rule 1: each key backs off alone; a change of the key, or of the target as a whole, clears it.
Rule 2: the number of entries is bounded by the number of keys that wait or fail now.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

from netloom.aio.backoff import Backoff, BackoffPolicy, Jitter

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class RetryBook(Generic[K]):
    """Keys that failed, with the time of their next try."""

    __slots__ = ("_backoffs", "_due", "_heap", "_jitter", "_policy", "_serial")

    def __init__(self, policy: BackoffPolicy, jitter: Jitter) -> None:
        self._policy = policy
        self._jitter = jitter
        self._backoffs: dict[K, Backoff] = {}
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._backoffs)

    def __contains__(self, key: object) -> bool:
        return key in self._backoffs

    def failed(self, key: K, now: float) -> float:
        """Count a failure; when to try again."""
        backoff = self._backoffs.get(key)
        if backoff is None:
            backoff = self._backoffs[key] = Backoff(self._policy, self._jitter)
        due = now + backoff.next_delay()
        self._due[key] = due
        # The serial keeps keys from being compared: they need not have an order.
        self._serial += 1
        heapq.heappush(self._heap, (due, self._serial, key))
        return due

    def clear(self, key: K) -> None:
        """It worked, or it changed."""
        self._backoffs.pop(key, None)
        self._due.pop(key, None)

    def clear_all(self) -> None:
        """Everything worked, or all is looked at anew."""
        self._backoffs.clear()
        self._due.clear()
        self._heap.clear()

    def next_due(self) -> float | None:
        """When the next key is due."""
        heap = self._heap
        while heap and self._due.get(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)  # cleared or counted again since
        return heap[0][0] if heap else None

    def take_due(self, now: float) -> list[K]:
        """Keys to try now; each keeps its count until it is cleared."""
        keys: list[K] = []
        while (due := self.next_due()) is not None and due <= now:
            key = heapq.heappop(self._heap)[2]
            del self._due[key]
            keys.append(key)
        return keys


class DirtyBook(Generic[K, V]):
    """Keys that changed, each with what was in force for it before the first change that is not in force yet.

    `put` keeps the oldest; a key that was refused is `held` with its oldest until it is due or changes again. What a target
    has of such a key is not known any more, only that it is no more than the oldest: the key is `unsure` until it works.
    """

    __slots__ = ("_dirty", "_held", "unsure")

    def __init__(self) -> None:
        self._dirty: dict[K, V | None] = {}
        self._held: dict[K, V | None] = {}
        self.unsure: set[K] = set()

    def __len__(self) -> int:
        return len(self._dirty)

    def __contains__(self, key: object) -> bool:
        return key in self._dirty

    def keys(self) -> Collection[K]:
        """The keys that wait for a turn."""
        return self._dirty.keys()

    def put(self, key: K, before: V | None) -> None:
        """A key changed."""
        if key in self._held:
            oldest = self._held.pop(key)
            # Refused in a full turn: that turn left nothing there but what the key was until now, or part of it.
            before = before if oldest is None else oldest
        self._dirty.setdefault(key, before)

    def take(self, limit: int) -> dict[K, V | None]:
        """The keys that waited longest, taken out."""
        if limit >= len(self._dirty):
            taken, self._dirty = self._dirty, {}
            return taken
        keys = [key for key, _ in zip(self._dirty, range(limit), strict=False)]
        return {key: self._dirty.pop(key) for key in keys}

    def hold(self, key: K, before: V | None) -> None:
        """A key was refused. Where it changed meanwhile, the older state is what is in force."""
        self.unsure.add(key)
        if key not in self._dirty:
            self._held[key] = before
        elif before is not None:
            self._dirty[key] = before

    def settled(self, key: K) -> None:
        """What was desired of the key is there, whole and alone."""
        self.unsure.discard(key)

    def release(self, key: K) -> None:
        """A held key is due."""
        if key in self._held:
            self._dirty.setdefault(key, self._held.pop(key))

    def clear(self) -> None:
        """All is looked at anew."""
        self._dirty = {}
        self._held = {}
        self.unsure = set()
