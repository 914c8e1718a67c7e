"""The tables that a packet passes, in order; numbers stand here and nowhere else.

Rule 1: a packet only goes forward: a flow names a table of a higher number.
Rule 2: the gaps are kept for what comes between (access lists, connection tracking, routing); a table's number is part of
the pipeline's version, so moving one is an upgrade of every switch.

    CLASSIFY ──NIC──▶ GUARD ─▶ GUARD_ND ─▶ ANSWER ─▶ ANSWER_ND ─▶ (back to the NIC)
        │                                     │
        ├─tunnel─▶ TUNNEL ────────────────────┼─▶ UNICAST ─▶ FLOOD ─▶ COPY_LOCAL
        └─uplink──────────────────────────────┘      │         ├─▶ UPLINK
                                                     │         └─▶ SPREAD ─▶ COPY_REMOTE
                                                     ├─▶ REMOTE (to another host)
                                                     ├─▶ UPLINK (to the wires)
                                                     └─▶ DELIVER (to a NIC here)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """One OpenFlow table; compared by identity."""

    name: str
    number: int
    purpose: str


CLASSIFY: Final = Table(
    "CLASSIFY",
    0,
    "where a packet comes from: a NIC (which one, which network), a tunnel, or an uplink (by its tag)",
)
TUNNEL: Final = Table(
    "TUNNEL", 4, "which network a packet from a tunnel belongs to, by encapsulation and key"
)
GUARD: Final = Table(
    "GUARD", 8, "whether a NIC may send this: its own MAC, IPv4, IPv6 and ARP addresses only"
)
GUARD_ND: Final = Table(
    "GUARD_ND", 10, "the same for what is inside neighbour discovery; no router advertisements"
)
ANSWER: Final = Table(
    "ANSWER", 16, "ARP and neighbour solicitations for known addresses are answered here and now"
)
ANSWER_ND: Final = Table(
    "ANSWER_ND", 18, "the second half of a neighbour advertisement: its target link-layer address"
)
UNICAST: Final = Table("UNICAST", 64, "where the destination MAC is in this network")
FLOOD: Final = Table("FLOOD", 72, "group addresses: which copies to make")
COPY_LOCAL: Final = Table("COPY_LOCAL", 74, "copies to NICs on this host, a chunk of ports at a time")
SPREAD: Final = Table(
    "SPREAD", 76, "which chunks of hosts get a copy; nothing from a tunnel goes back to one"
)
COPY_REMOTE: Final = Table("COPY_REMOTE", 78, "copies to other hosts, a chunk of hosts at a time")
REMOTE: Final = Table("REMOTE", 96, "out through this host's tunnel port of the encapsulation")
UPLINK: Final = Table("UPLINK", 100, "out through this host's uplink with the network's VLAN tag")
DELIVER: Final = Table("DELIVER", 112, "out to a NIC on this host")

ALL: Final = (
    CLASSIFY,
    TUNNEL,
    GUARD,
    GUARD_ND,
    ANSWER,
    ANSWER_ND,
    UNICAST,
    FLOOD,
    COPY_LOCAL,
    SPREAD,
    COPY_REMOTE,
    REMOTE,
    UPLINK,
    DELIVER,
)
"""Every table, in the order of its number."""

TABLE_NAMES: Final = {table.number: table.name for table in ALL}
"""For writing flows as text."""


class Priority(enum.IntEnum):
    """Levels within a table, low to high."""

    MISS = 0  # nothing else took it
    COUNT = 50  # a drop that is counted for one object
    REST = 100  # what a specific flow did not take
    REFUSE = 200  # a protocol that was not allowed above
    ALLOW = 300  # exactly this
    EXCEPT = 400  # before all that
