"""Queues with a bound.

Rule 1: a queue has a name (for metrics and errors), a size and a rule for full; none grows with what a peer sends.
Rule 2: keys coalesce: a key that waits already is not queued again, because work is looked up by key when its turn comes.
"""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from netloom.base.errors import TooMany, Unavailable

T = TypeVar("T")
K = TypeVar("K")


class WhenFull(enum.Enum):
    """What a full queue does with one more item."""

    WAIT = "wait"  # the producer waits: back-pressure
    REFUSE = "refuse"  # the producer gets TooMany
    DROP_OLDEST = "drop-oldest"  # the reader hears how many it missed


@dataclass(frozen=True, slots=True)
class QueueCounters:
    """One queue, for metrics."""

    name: str
    size: int
    length: int
    highest: int
    dropped: int


class BoundedQueue(Generic[T]):
    """A first-in first-out queue for one reader."""

    def __init__(self, name: str, size: int, when_full: WhenFull) -> None:
        if size < 1:
            raise ValueError(f"queue {name} has size {size}")
        self._name = name
        self._size = size
        self._when_full = when_full
        self._items: deque[T] = deque()
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._highest = 0
        self._dropped = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def counters(self) -> QueueCounters:
        """Length now and at its highest, and what was dropped."""
        return QueueCounters(self._name, self._size, len(self._items), self._highest, self._dropped)

    def offer(self, item: T) -> None:
        """Put without waiting.

        Raises:
            TooMany: it is full, and its rule is not to drop.
            Unavailable: it was closed.
        """
        if self._closed:
            raise Unavailable(f"the queue {self._name} is closed", subject=self._name)
        if len(self._items) >= self._size:
            if self._when_full is not WhenFull.DROP_OLDEST:
                raise TooMany(
                    f"the queue {self._name} holds {self._size} items", subject=self._name, retry_after=1.0
                )
            self._items.popleft()
            self._dropped += 1
        self._items.append(item)
        self._highest = max(self._highest, len(self._items))
        self._filled.set()

    async def put(self, item: T) -> None:
        """Put, waiting for room where the rule is to wait.

        Raises:
            TooMany: it is full and refuses.
            Unavailable: it was closed.
        """
        if self._when_full is WhenFull.WAIT:
            while len(self._items) >= self._size and not self._closed:
                self._drained.clear()
                await self._drained.wait()
        self.offer(item)

    async def get(self) -> T:
        """The oldest item.

        Raises:
            Unavailable: it was closed and is empty.
        """
        await self._wait_filled()
        item = self._items.popleft()
        self._drained.set()
        return item

    async def get_all(self) -> list[T]:
        """Everything that waits, at least one item: one wake-up for a burst.

        Raises:
            Unavailable: it was closed and is empty.
        """
        await self._wait_filled()
        items = list(self._items)
        self._items.clear()
        self._drained.set()
        return items

    def close(self) -> None:
        """No more items: readers get what is left, then Unavailable; writers get Unavailable."""
        self._closed = True
        self._filled.set()
        self._drained.set()

    async def _wait_filled(self) -> None:
        while not self._items:
            if self._closed:
                raise Unavailable(f"the queue {self._name} is closed", subject=self._name)
            self._filled.clear()
            await self._filled.wait()


class KeyQueue(Generic[K]):
    """An ordered set of keys that wait for one worker. Its size is bounded by the number of keys that exist."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._keys: dict[K, None] = {}
        self._added = 0
        self._coalesced = 0
        self._highest = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    @property
    def filled(self) -> asyncio.Event:
        """Set while keys wait."""
        return self._filled

    @property
    def coalesced(self) -> int:
        """Keys that were added while they waited already."""
        return self._coalesced

    def counters(self) -> QueueCounters:
        """Length now and at its highest."""
        return QueueCounters(self._name, 0, len(self._keys), self._highest, 0)

    def add(self, key: K) -> None:
        """Let a key wait; one that waits keeps its place."""
        before = len(self._keys)
        self._keys[key] = None
        if len(self._keys) == before:
            self._coalesced += 1
        else:
            self._added += 1
            self._highest = max(self._highest, before + 1)
            self._filled.set()

    def add_many(self, keys: Iterable[K]) -> None:
        """Let keys wait."""
        for key in keys:
            self.add(key)

    def take(self, limit: int | None = None) -> list[K]:
        """The keys that waited longest, at most `limit`, taken out."""
        if limit is None or limit >= len(self._keys):
            keys = list(self._keys)
            self._keys.clear()
        else:
            keys = [key for key, _ in zip(self._keys, range(limit), strict=False)]
            for key in keys:
                del self._keys[key]
        if not self._keys:
            self._filled.clear()
        return keys

    def keys(self) -> Collection[K]:
        """The keys that wait, as they are now and will be."""
        return self._keys.keys()

    def discard(self, key: K) -> None:
        """Forget a key."""
        self._keys.pop(key, None)
        if not self._keys:
            self._filled.clear()

    async def wait(self) -> None:
        """Until a key waits."""
        await self._filled.wait()
