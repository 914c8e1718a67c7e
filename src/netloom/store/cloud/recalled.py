"""What changes rarely, remembered from one snapshot for those after it, whoever reads them (decision 0208).

Rule 1: what was read at some counters holds at the same counters: whatever changes what is remembered moves them. The
    reader asks for them within its snapshot, before it takes anything from here.
Rule 2: it holds on beyond a commit of this process that has written nothing of it; of another's commit nobody knows that.
Rule 3: nothing is taken out of what readers share: what holds no longer is left to those who still read at its counters.
    Its kinds are all there from the first, so that one thread may go through them while another adds what it found.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from netloom.store import tables
from netloom.store.cloud.known import MAX_LASTING, Known
from netloom.store.cloud.schema import LASTING

At = tuple[int, int, int]
"""The row of counters: revision, compacted, number."""

MAX_HELD = 64
"""Counters at which what is remembered is known to hold; readers of older snapshots than that many commits read anew."""

_COUNTERS = select(tables.counters.c.revision, tables.counters.c.compacted, tables.counters.c.number)


def _nothing() -> Known:
    return Known(by_id={record_type: {} for record_type in LASTING})


@dataclass(frozen=True, slots=True)
class _Held:
    known: Known = field(default_factory=_nothing)
    counters: dict[At, None] = field(default_factory=dict)
    """Those at which it holds, in the order in which they came."""


class Recalled:
    """The memory of a process's readers, on whatever threads they read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = _Held()

    def at(self, counters: At) -> Known:
        """What is known at these counters, to be added to; of snapshots older than what is remembered, nothing is kept."""
        with self._lock:
            held = self._held
            if counters in held.counters and not _is_full(held.known):
                return held.known
            fresh = _Held(counters={counters: None})
            if not held.counters or counters >= max(held.counters):
                self._held = fresh
            return fresh.known

    def moved(self, before: At, after: At) -> None:
        """A commit is there that has written nothing of what is remembered."""
        with self._lock:
            counters = self._held.counters
            if before in counters:
                counters[after] = None
                if len(counters) > MAX_HELD:
                    del counters[next(iter(counters))]

    def forget(self) -> None:
        """A commit is there after which it may not hold, though its counters are as they were."""
        with self._lock:
            self._held = _Held()


class Reading(Known):
    """What one snapshot knows; what is remembered is looked for when it is asked for first."""

    def __init__(self, recalled: Recalled) -> None:
        super().__init__()
        self._recalled: Recalled | None = recalled

    def look(self, connection: Connection) -> None:
        """Find out at which counters this snapshot is, and share what is known there."""
        recalled, self._recalled = self._recalled, None
        if recalled is None:
            return
        counters = connection.execute(_COUNTERS).one()
        shared = recalled.at((counters[0], counters[1], counters[2]))
        for record_type in LASTING:
            self.by_id[record_type] = shared.by_id[record_type]
        self.natives, self.every, self.ipv6_zones = shared.natives, shared.every, shared.ipv6_zones


def _is_full(known: Known) -> bool:
    return len(known.natives) > MAX_LASTING or any(len(found) > MAX_LASTING for found in known.by_id.values())
