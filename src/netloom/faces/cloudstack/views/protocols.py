"""Protocol numbers and ICMP's types and codes, for forms that let people choose from them.

Rule 1: numbers and keywords are those of IANA ("Protocol Numbers", "ICMP Parameters"); only what rules can name is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netloom.faces.cloudstack.see import Row

PROTOCOLS: Final[Mapping[int, tuple[str, str]]] = {
    1: ("ICMP", "Internet Control Message"),
    2: ("IGMP", "Internet Group Management"),
    4: ("IPv4", "IPv4 encapsulation"),
    6: ("TCP", "Transmission Control"),
    17: ("UDP", "User Datagram"),
    33: ("DCCP", "Datagram Congestion Control"),
    41: ("IPv6", "IPv6 encapsulation"),
    47: ("GRE", "Generic Routing Encapsulation"),
    50: ("ESP", "Encapsulating Security Payload"),
    51: ("AH", "Authentication Header"),
    58: ("IPv6-ICMP", "ICMP for IPv6"),
    89: ("OSPFIGP", "Open Shortest Path First"),
    103: ("PIM", "Protocol Independent Multicast"),
    112: ("VRRP", "Virtual Router Redundancy"),
    115: ("L2TP", "Layer Two Tunnelling"),
    132: ("SCTP", "Stream Control Transmission"),
    136: ("UDPLite", "UDP with partial checksums"),
}

ICMP: Final[Mapping[int, tuple[str, Mapping[int, str]]]] = {
    0: ("Echo Reply", {0: "Echo reply"}),
    3: (
        "Destination Unreachable",
        {
            0: "Net unreachable",
            1: "Host unreachable",
            2: "Protocol unreachable",
            3: "Port unreachable",
            4: "Fragmentation needed",
            5: "Source route failed",
            9: "Net prohibited",
            10: "Host prohibited",
            13: "Communication prohibited",
        },
    ),
    5: (
        "Redirect",
        {0: "For the network", 1: "For the host", 2: "For service and network", 3: "For service and host"},
    ),
    8: ("Echo", {0: "Echo request"}),
    9: ("Router Advertisement", {0: "Normal", 16: "Does not route common traffic"}),
    10: ("Router Solicitation", {0: "Solicitation"}),
    11: ("Time Exceeded", {0: "In transit", 1: "In reassembly"}),
    12: ("Parameter Problem", {0: "Pointer tells where", 1: "Option missing", 2: "Bad length"}),
    13: ("Timestamp", {0: "Request"}),
    14: ("Timestamp Reply", {0: "Reply"}),
}


def protocol_rows() -> list[Row]:
    """Protocols by number."""
    return [
        {"index": number, "name": name, "description": text} for number, (name, text) in PROTOCOLS.items()
    ]


def icmp_rows() -> list[Row]:
    """Types of ICMP with their codes."""
    return [
        {
            "index": number,
            "name": name,
            "description": name,
            "details": {str(code): text for code, text in codes.items()},
        }
        for number, (name, codes) in ICMP.items()
    ]
