"""How tenants' frames are kept apart on the wire between hosts.

Rule 1: a tunnel's segment means a network in its whole zone; a VLAN's on its physical network only, for it is a label on
those wires.
Rule 2: segment 0 exists for VLAN alone, and is no tag at all (IEEE 802.1Q-2022, table 9-2, calls it the null VLAN id).
"""

from __future__ import annotations

import enum


class Isolation(enum.Enum):
    """An encapsulation or a tag; its value is the word in the API and, for tunnels, the interface type in Open vSwitch."""

    GRE = "gre"  # RFC 2784 with the key of RFC 2890, carrying Ethernet
    VXLAN = "vxlan"  # RFC 7348
    GENEVE = "geneve"  # RFC 8926
    VLAN = "vlan"  # IEEE 802.1Q, over the hosts' uplinks

    @property
    def is_tunnel(self) -> bool:
        """Whether frames go from host to host in packets of the hosts' own."""
        return self is not Isolation.VLAN

    @property
    def segment_bits(self) -> int:
        """Width of the segment id: a GRE key has 32 bits (RFC 2890), a VNI 24, a VLAN id 12."""
        return _SEGMENT_BITS[self]

    @property
    def max_segment(self) -> int:
        """The largest segment id: all ones but for VLAN, where that is reserved."""
        return MAX_VLAN if self is Isolation.VLAN else (1 << self.segment_bits) - 1

    @property
    def min_segment(self) -> int:
        """The smallest segment id that can be asked for: 1, as id 0 is what unkeyed traffic looks like; 0 for VLAN."""
        return UNTAGGED if self is Isolation.VLAN else 1


UNTAGGED = 0
"""The segment of a VLAN network whose frames carry no tag: at most one on a physical network."""

MAX_VLAN = 4094
"""4095 is reserved (IEEE 802.1Q-2022, table 9-2)."""

_SEGMENT_BITS = {Isolation.GRE: 32, Isolation.VXLAN: 24, Isolation.GENEVE: 24, Isolation.VLAN: 12}

TUNNELS = tuple(isolation for isolation in Isolation if isolation.is_tunnel)
"""The encapsulations: each has a tunnel port on a host that uses it."""

PREFERENCE = (Isolation.GENEVE, Isolation.VXLAN, Isolation.GRE, Isolation.VLAN)
"""Which one a network gets when nobody chose: the one with most room for growth first."""
