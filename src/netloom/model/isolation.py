"""How tenants' frames are kept apart on the wire between hosts."""

from __future__ import annotations

import enum


class Isolation(enum.Enum):
    """An encapsulation; its value is the word in the API and the interface type in Open vSwitch."""

    GRE = "gre"  # RFC 2784 with the key of RFC 2890, carrying Ethernet
    VXLAN = "vxlan"  # RFC 7348
    GENEVE = "geneve"  # RFC 8926

    @property
    def segment_bits(self) -> int:
        """Width of the segment id: the GRE key has 32 bits (RFC 2890), a VNI has 24."""
        return 32 if self is Isolation.GRE else 24

    @property
    def max_segment(self) -> int:
        """The largest segment id. The smallest is 1: id 0 is what unkeyed traffic looks like."""
        return (1 << self.segment_bits) - 1


PREFERENCE = (Isolation.GENEVE, Isolation.VXLAN, Isolation.GRE)
"""Which encapsulation a network gets when nobody chose: the one with most room for growth first."""
