"""What each flow is for: the role in its cookie, the object it belongs to, and a sentence for a person.

Rule 1: a role's number is never given to another role; what is told apart in counters is told apart here.
Rule 2: a drop that a person would ask about has a role of its own, so that its packets are counted under its reason.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from netloom.model.kinds import Cause, Kind


@dataclass(frozen=True, slots=True)
class RoleText:
    """A role's number (8 bits), whose number stands beside it, whether it drops, and what to tell."""

    number: int
    subject: Kind | Cause | None
    sentence: str  # {name} is the subject's name
    drops: bool = False


class Role(enum.Enum):
    """Every role of a flow; those from 0x80 on drop."""

    PIPELINE = RoleText(0x01, None, "Takes packets from one table to the next.")
    FROM_TUNNEL = RoleText(
        0x02, None, "Tells packets that arrive through a tunnel port by its encapsulation."
    )
    TO_TUNNEL = RoleText(
        0x03, None, "Sends packets for other hosts out through the encapsulation's tunnel port."
    )
    SELF = RoleText(
        0x04, Kind.HOST, "Leaves out the copy for host {name} itself: lists of hosts are the same everywhere."
    )
    SPLIT_HORIZON = RoleText(0x05, None, "Keeps what came from outside this host from going out again.")

    TUNNEL_KEY = RoleText(0x10, Kind.NETWORK, "Takes packets with the segment id of network {name} into it.")
    FLOOD = RoleText(0x11, Kind.NETWORK, "Copies broadcast and multicast of network {name}.")
    COPY_LOCAL = RoleText(
        0x12, Kind.NETWORK, "Copies broadcast and multicast to the NICs of network {name} here."
    )
    SPREAD = RoleText(0x13, Kind.NETWORK, "Goes through the hosts that have NICs of network {name}.")
    COPY_REMOTE = RoleText(
        0x14, Kind.NETWORK, "Copies broadcast and multicast to other hosts of network {name}."
    )

    FROM_UPLINK = RoleText(
        0x15, Kind.NETWORK, "Takes frames with the VLAN tag of network {name} from the uplink into it."
    )
    TO_UPLINK = RoleText(
        0x16, Kind.NETWORK, "Sends frames of network {name} out through the uplink with its VLAN tag."
    )
    OUTSIDE = RoleText(
        0x17,
        Kind.NETWORK,
        "Sends frames for MAC addresses that are not on this host to network {name}'s wires.",
    )

    CLASSIFY = RoleText(0x20, Kind.NIC, "Takes packets that come in by NIC {name}'s port into its network.")
    UNICAST_LOCAL = RoleText(0x21, Kind.NIC, "Delivers packets to NIC {name}'s port on this host.")
    UNICAST_REMOTE = RoleText(0x22, Kind.NIC, "Sends packets for NIC {name} to the host that has it.")
    ANSWER_ARP = RoleText(0x23, Kind.NIC, "Answers ARP requests for NIC {name}'s address on the spot.")
    ANSWER_ND = RoleText(
        0x24, Kind.NIC, "Answers neighbour solicitations for NIC {name}'s address on the spot."
    )
    OWN_ARP = RoleText(
        0x25, Kind.NIC, "Lets NIC {name} ask for its own address (announcing it, or seeking a conflict)."
    )
    GUARD_ARP = RoleText(0x28, Kind.NIC, "Lets NIC {name} send ARP with its own addresses.")
    GUARD_IPV4 = RoleText(0x29, Kind.NIC, "Lets NIC {name} send IPv4 from its own address.")
    GUARD_IPV6 = RoleText(0x2A, Kind.NIC, "Lets NIC {name} send IPv6 from its own addresses.")
    GUARD_DHCP = RoleText(0x2B, Kind.NIC, "Lets NIC {name} ask for an address by DHCP.")
    GUARD_ND = RoleText(
        0x2C, Kind.NIC, "Lets NIC {name} take part in neighbour discovery with its own addresses."
    )
    GUARD_OTHER = RoleText(0x2D, Kind.NIC, "Lets NIC {name} send other protocols from its own MAC address.")

    FILTER = RoleText(
        0x30, Kind.NIC, "Has what NIC {name} sends and gets looked at by connection and security groups."
    )
    FILTER_OPEN = RoleText(
        0x31,
        Kind.NIC,
        "Keeps a connection that NIC {name} begins: its security groups have no rules outwards.",
    )
    FILTER_ASK = RoleText(0x32, Kind.NIC, "Asks the security groups of NIC {name} about a new connection.")
    GROUP_ASK = RoleText(0x33, Cause.SECURITY_GROUP, "Goes through the rules of security group {name}.")
    GROUP_RULE = RoleText(0x34, Cause.SECURITY_GROUP, "Allows what a rule of security group {name} allows.")
    GROUP_MEMBER = RoleText(
        0x35,
        Kind.NIC,
        "Tells that NIC {name}'s address is one of its security groups', for rules that name one.",
    )

    FOREIGN_PORT = RoleText(
        0x80, None, "Drops what comes in by a port that is neither a NIC nor a tunnel of ours.", True
    )
    UNKNOWN_KEY = RoleText(
        0x81, None, "Drops tunnelled packets whose key belongs to no network of this host.", True
    )
    TAGGED = RoleText(
        0x82, None, "Drops VLAN-tagged frames of NICs: a network carries untagged frames.", True
    )
    RESERVED_GROUP = RoleText(
        0x83,
        None,
        "Drops frames to the bridges' own group addresses 01:80:c2:00:00:0X (IEEE 802.1Q, 8.6.3).",
        True,
    )
    ROUTER_ADVERTISEMENT = RoleText(
        0x84,
        None,
        "Drops router advertisements and redirects of NICs (RFC 6105) where netloom gives the addresses.",
        True,
    )
    SPOOF_ND = RoleText(
        0x85, None, "Drops neighbour discovery with addresses that are not the sender's.", True
    )
    NO_TUNNEL = RoleText(
        0x86, None, "Drops packets for other hosts: this host has no such tunnel port (yet).", True
    )
    NO_TRANSIT = RoleText(
        0x87, None, "Drops unicast that came from another host and would go to another one.", True
    )
    UNKNOWN_VLAN = RoleText(
        0x88, None, "Drops frames from an uplink whose VLAN tag belongs to no network of this host.", True
    )
    UNTRACKABLE = RoleText(
        0x89,
        None,
        "Drops what connection tracking cannot make sense of, to and from NICs with security groups.",
        True,
    )
    DHCP_SERVER = RoleText(0x8A, None, "Drops what a NIC with security groups says as a DHCP server.", True)
    UNKNOWN_UNICAST = RoleText(
        0x90, Kind.NETWORK, "Drops packets to MAC addresses that no NIC of network {name} has.", True
    )
    NO_UPLINK = RoleText(
        0x91,
        Kind.NETWORK,
        "Drops what network {name} sends to its wires: this host has no uplink to them (yet).",
        True,
    )
    SPOOF_MAC = RoleText(
        0xA0, Kind.NIC, "Drops what NIC {name} sends from a MAC address that is not its own.", True
    )
    SPOOF_ARP = RoleText(0xA1, Kind.NIC, "Drops ARP of NIC {name} with addresses that are not its own.", True)
    SPOOF_IPV4 = RoleText(
        0xA2, Kind.NIC, "Drops IPv4 of NIC {name} from an address that is not its own.", True
    )
    SPOOF_IPV6 = RoleText(
        0xA3, Kind.NIC, "Drops IPv6 of NIC {name} from an address that is not its own.", True
    )

    GROUPS_OUT = RoleText(
        0xA4, Kind.NIC, "Drops what NIC {name} sends and none of its security groups allows.", True
    )
    GROUPS_IN = RoleText(
        0xA5, Kind.NIC, "Drops what is for NIC {name} and none of its security groups allows.", True
    )

    @property
    def number(self) -> int:
        """The number in a cookie."""
        return self.value.number

    @property
    def reason(self) -> str:
        """The stable word for it in counters: `spoof-mac`."""
        return self.name.lower().replace("_", "-")


ROLES = {role.number: role for role in Role}
"""Roles by number."""
