"""The tables that a packet passes, in order; numbers stand here and nowhere else.

Rule 1: a packet only goes forward: a flow names a table of a higher number.
Rule 2: the gaps are kept for what comes between (access lists, connection tracking, routing); a table's number is part of
the pipeline's version, so moving one is an upgrade of every switch.

    CLASSIFY ──NIC──▶ GUARD ─▶ GUARD_ND ─▶ ANSWER ─▶ ANSWER_ND ─▶ (back to the NIC)
        │                                     ├─filtered─▶ SEND ─▶ (connection tracking) ─▶ SEND_STATE ─▶ …
        │                                     │                             … SEND_END ─▶ UNICAST
        ├─tunnel─▶ TUNNEL ────────────────────┼─▶ UNICAST ─▶ FLOOD ─▶ COPY_LOCAL
        └─uplink──────────────────────────────┘      │         ├─▶ UPLINK
                                                     │         └─▶ SPREAD ─▶ COPY_REMOTE
                                                     ├─▶ REMOTE (to another host)
                                                     ├─▶ UPLINK (to the wires)
                                                     └─▶ DELIVER (to a NIC here)
                                                            └─filtered─▶ RECEIVE ─▶ (connection tracking)
                                                                              ─▶ RECEIVE_STATE ─▶ … RECEIVE_END

A *STATE table asks the security groups of the NIC one by one: *GROUP ─▶ *MEMBERS ─▶ *RULES, and back.
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
SEND: Final = Table(
    "SEND", 24, "of a NIC with security groups: what always passes, and connection tracking for the rest"
)
SEND_STATE: Final = Table(
    "SEND_STATE", 26, "whether the NIC's connection is known, or which groups are asked"
)
SEND_GROUP: Final = Table("SEND_GROUP", 28, "a group's rules outwards: which looks to take")
SEND_MEMBERS: Final = Table(
    "SEND_MEMBERS", 30, "whether the destination is a member of a group that rules name"
)
SEND_RULES: Final = Table("SEND_RULES", 32, "whether a rule of the group allows the packet out")
SEND_END: Final = Table("SEND_END", 34, "what was allowed is kept as a connection, the rest dropped")
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

RECEIVE: Final = Table(
    "RECEIVE", 116, "for a NIC with security groups: what always passes, and connection tracking for the rest"
)
RECEIVE_STATE: Final = Table(
    "RECEIVE_STATE", 118, "whether the connection to the NIC is known, or which groups are asked"
)
RECEIVE_GROUP: Final = Table("RECEIVE_GROUP", 120, "a group's rules inwards: which looks to take")
RECEIVE_MEMBERS: Final = Table(
    "RECEIVE_MEMBERS", 122, "whether the source is a member of a group that rules name"
)
RECEIVE_RULES: Final = Table("RECEIVE_RULES", 124, "whether a rule of the group allows the packet in")
RECEIVE_END: Final = Table("RECEIVE_END", 126, "what was allowed is kept as a connection, the rest dropped")

ALL: Final = (
    CLASSIFY,
    TUNNEL,
    GUARD,
    GUARD_ND,
    ANSWER,
    ANSWER_ND,
    SEND,
    SEND_STATE,
    SEND_GROUP,
    SEND_MEMBERS,
    SEND_RULES,
    SEND_END,
    UNICAST,
    FLOOD,
    COPY_LOCAL,
    SPREAD,
    COPY_REMOTE,
    REMOTE,
    UPLINK,
    DELIVER,
    RECEIVE,
    RECEIVE_STATE,
    RECEIVE_GROUP,
    RECEIVE_MEMBERS,
    RECEIVE_RULES,
    RECEIVE_END,
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
