"""A flow: which packets, in which table, at which priority, and what is done with them.

Rule 1: a flow's identity on a switch is its key (table, priority, match); all else can be modified.
Rule 2: counters and ages are not part of it; they are a report's.
"""

from __future__ import annotations

import msgspec

from netloom.wire.openflow.actions import Action
from netloom.wire.openflow.match import Match

SEND_FLOW_REM, CHECK_OVERLAP, RESET_COUNTS, NO_PACKET_COUNTS, NO_BYTE_COUNTS = 1, 2, 4, 8, 16

FlowKey = tuple[int, int, Match]


class Flow(msgspec.Struct, frozen=True, gc=False):
    """One flow.

    Args:
        table: 0 to 254.
        priority: 0 to 65535, the highest first.
        actions: in order; instructions among them; empty drops.
        cookie: 64 bits that mean something to who wrote it.
        idle_timeout, hard_timeout: seconds; 0: none.
        flags: OFPFF_* (1: tell when it is removed).
        importance: for eviction (OpenFlow 1.4; 0 in flows of our own).
    """

    table: int
    priority: int
    match: Match
    actions: tuple[Action, ...]
    cookie: int = 0
    idle_timeout: int = 0
    hard_timeout: int = 0
    flags: int = 0
    importance: int = 0

    @property
    def key(self) -> FlowKey:
        """What tells it apart from all others on a switch."""
        return (self.table, self.priority, self.match)
