"""Generated MAC addresses: locally administered and unicast, from randomness passed in."""

from __future__ import annotations

from netloom.base.net import LOCAL_BIT, MULTICAST_BIT, Mac


def local_mac(random_bits: int) -> Mac:
    """A MAC from 48 random bits: the local bit set, the group bit clear (IEEE 802, clause 8.4)."""
    return Mac(((random_bits & 0xFFFFFFFFFFFF) | LOCAL_BIT) & ~MULTICAST_BIT)
