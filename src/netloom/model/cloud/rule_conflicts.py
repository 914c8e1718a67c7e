"""When two rules on one place get in each other's way.

Rule 1: the relation is symmetric and computed from what the rules mean: one packet that both speak of is a clash.
Rule 2: firewall rules let packets through and the others decide where they go, so these two sorts never clash.

What excludes what, of two claims on the same place: a public address, or for egress, IPv6 and routing the network:

    a firewall    the same       one packet of both (each direction of IPv6 and routing is a firewall)
    a firewall    all others     never
    PortForwarding, LoadBalancing, Vpn, StaticNat among each other:
                  StaticNat takes the whole address: no other purpose beside it
                  an address leads into one network: never two
                  without conserve mode an address serves one purpose
                  else: one packet of both; a balancer, a VPN and an opening of static NAT listen to everybody,
                  two forwardings of one port may be told apart by their sources
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.rules_traffic import Traffic


class Purpose(enum.Enum):
    """What an address is used for by a rule."""

    FIREWALL = "Firewall"
    IPV6_INGRESS = "Ipv6Ingress"
    IPV6_EGRESS = "Ipv6Egress"
    ROUTING_INGRESS = "RoutingIngress"
    ROUTING_EGRESS = "RoutingEgress"
    PORT_FORWARDING = "PortForwarding"
    LOAD_BALANCING = "LoadBalancing"
    INTERNAL_BALANCING = "InternalLoadBalancing"
    STATIC_NAT = "StaticNat"
    VPN = "Vpn"

    @property
    def title(self) -> str:
        """As it stands in a sentence."""
        return _TITLES[self]


_TITLES = {
    Purpose.FIREWALL: "firewall rule",
    Purpose.IPV6_INGRESS: "IPv6 firewall rule",
    Purpose.IPV6_EGRESS: "IPv6 firewall rule",
    Purpose.ROUTING_INGRESS: "routing firewall rule",
    Purpose.ROUTING_EGRESS: "routing firewall rule",
    Purpose.PORT_FORWARDING: "port forwarding rule",
    Purpose.LOAD_BALANCING: "load balancer rule",
    Purpose.INTERNAL_BALANCING: "internal load balancer",
    Purpose.STATIC_NAT: "static NAT rule",
    Purpose.VPN: "remote access VPN",
}
FIREWALLS = frozenset(
    {
        Purpose.FIREWALL,
        Purpose.IPV6_INGRESS,
        Purpose.IPV6_EGRESS,
        Purpose.ROUTING_INGRESS,
        Purpose.ROUTING_EGRESS,
    }
)
"""What lets packets through, each apart from the others, and leads them nowhere."""


class Clash(enum.Enum):
    """Why two claims cannot both be."""

    TRAFFIC = "traffic"
    WHOLE_ADDRESS = "whole-address"
    NETWORK = "network"
    ONE_PURPOSE = "one-purpose"


class Claim(msgspec.Struct, frozen=True):
    """What a rule takes for itself.

    Attributes:
        id: the rule's.
        purpose: what for.
        place: id of the public or internal address, or of the network for egress and IPv6; claims on different places
            never meet.
        network_id: where its packets are led.
        traffic: which packets.
    """

    id: Uuid
    purpose: Purpose
    place: Uuid
    network_id: Uuid
    traffic: Traffic

    def __str__(self) -> str:
        return f"{self.purpose.title} {self.id} ({self.traffic})"


def clash(ours: Claim, theirs: Claim, *, conserve: bool = True) -> Clash | None:
    """Why the two cannot both be; None when they can.

    Args:
        ours: one of the two.
        theirs: the other; which is which makes no difference.
        conserve: whether an address may serve several purposes (the offering's conserve mode).
    """
    if ours.place != theirs.place:
        return None
    if ours.purpose is not theirs.purpose and FIREWALLS & {ours.purpose, theirs.purpose}:
        return None
    if ours.purpose not in FIREWALLS:
        if ours.purpose is not theirs.purpose and Purpose.STATIC_NAT in (ours.purpose, theirs.purpose):
            return Clash.WHOLE_ADDRESS
        if ours.network_id != theirs.network_id:
            return Clash.NETWORK
        if ours.purpose is not theirs.purpose and not conserve:
            return Clash.ONE_PURPOSE
    return Clash.TRAFFIC if ours.traffic.meets(theirs.traffic) else None


def check_free(new: Claim, standing: Iterable[Claim], *, conserve: bool = True) -> None:
    """Refuse a claim that gets in the way of one that stands; a claim never stands in its own way.

    Raises:
        Conflict: the first such (`rule-conflict`), named with what it has.
    """
    for other in standing:
        if other.id == new.id:
            continue
        why = clash(new, other, conserve=conserve)
        if why is not None:
            raise Conflict(
                f"{_what(new)} conflicts with {other}: {_BECAUSE[why]}",
                code="rule-conflict",
                subject=f"{new.purpose.value}/{other.id}",
                hint=_HINTS[why],
            )


def _what(new: Claim) -> str:
    return f"a {new.purpose.title} for {new.traffic}"


_BECAUSE = {
    Clash.TRAFFIC: "both speak of the same packets",
    Clash.WHOLE_ADDRESS: "static NAT takes the whole address",
    Clash.NETWORK: "the address leads into another network",
    Clash.ONE_PURPOSE: "the network's offering lets an address serve one purpose only (no conserve mode)",
}
_HINTS = {
    Clash.TRAFFIC: "other ports, another protocol or CIDRs apart from it; or delete that rule first",
    Clash.WHOLE_ADDRESS: "use another public address, or disable static NAT first",
    Clash.NETWORK: "use another public address, or delete the rules of the other network first",
    Clash.ONE_PURPOSE: "use another public address, or an offering with conserve mode",
}
