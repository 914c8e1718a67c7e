"""How large a guest's packets may be, so that the encapsulated frame still fits the underlay.

Rule 1: an MTU counts from the IP header on, as Linux and DHCP option 26 do; so the overhead holds the *inner* Ethernet
header and not the outer one.
Rule 2: what we cannot know is taken at its worst (the GRE key is always there, for it is the segment id).

    outer IP (20 or 40) + encapsulation + inner Ethernet (14)

    GRE     4 base (RFC 2784) + 4 key (RFC 2890)         IPv4 42   IPv6 62
    VXLAN   8 UDP + 8 (RFC 7348)                         IPv4 50   IPv6 70
    Geneve  8 UDP + 8 + options (RFC 8926, section 3.4)  IPv4 50+  IPv6 70+
    VLAN    a tag belongs to the frame, not to the packet (IEEE 802.3, 3.2.7: such frames may be 4 octets longer)  0
"""

from __future__ import annotations

from typing import Literal

from netloom.base.errors import InvalidInput
from netloom.model.isolation import Isolation

Family = Literal[4, 6]

MIN_UNDERLAY = 1280
"""Below this an underlay cannot even carry IPv6 (RFC 8200, section 5)."""

MAX_MTU = 65535
MIN_GUEST_IPV4 = 576
"""What each IPv4 host must be able to take (RFC 1122, section 3.3.2)."""

MIN_GUEST_IPV6 = 1280
"""What each IPv6 link must carry (RFC 8200, section 5)."""

_OUTER_IP: dict[Family, int] = {4: 20, 6: 40}
_INNER_ETHERNET = 14
_ENCAPSULATION = {Isolation.GRE: 4 + 4, Isolation.VXLAN: 8 + 8, Isolation.GENEVE: 8 + 8}


def overhead(isolation: Isolation, family: Family, *, geneve_options: int = 0) -> int:
    """Octets that an encapsulation takes from the underlay's MTU.

    Args:
        isolation: the encapsulation.
        family: 4 or 6, of the tunnel endpoints.
        geneve_options: octets of Geneve options, a multiple of 4 up to 252 (RFC 8926, section 3.4).
    """
    if geneve_options % 4 or not 0 <= geneve_options <= 252:
        raise InvalidInput(f"{geneve_options} octets of Geneve options", hint="a multiple of 4, up to 252")
    if isolation is Isolation.VLAN:
        return 0
    options = geneve_options if isolation is Isolation.GENEVE else 0
    return _OUTER_IP[family] + _ENCAPSULATION[isolation] + options + _INNER_ETHERNET


def guest_mtu(underlay: int, isolation: Isolation, family: Family, *, geneve_options: int = 0) -> int:
    """The largest MTU of a guest that crosses this underlay unfragmented."""
    return underlay - overhead(isolation, family, geneve_options=geneve_options)
