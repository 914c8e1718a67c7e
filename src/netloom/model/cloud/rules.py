"""What tenants ask for on a public address or at the edge of a network: openings, forwardings, balancers; and their life.

Rule 1: a rule is Staged until nothing stands against it, Add until its provider has it, Active from then on, Revoke until
the provider has let go of it; then its row is gone. Providers are shown Add, Active and Revoke, never Staged.
Rule 2: a rule says which packets it speaks of as `Traffic`; whether two get in each other's way is `rule_conflicts`' to say.

Static NAT is no rule but a property of the address (`addresses.PublicIp`); a `StaticNatRule` opens ports on such an address.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypedDict

from netloom.base.errors import InvalidInput
from netloom.base.ids import NetworkId, NicId, Uuid
from netloom.model.cloud.record import Owned
from netloom.model.cloud.rules_traffic import (
    IcmpKind,
    PortRange,
    Protocol,
    Traffic,
    parse_icmp,
    parse_ports,
)
from netloom.model.transitions import step


class RuleState(enum.Enum):
    """How far a rule is."""

    STAGED = "Staged"
    ADD = "Add"
    ACTIVE = "Active"
    REVOKE = "Revoke"


class RuleEvent(enum.Enum):
    """What moves a rule on."""

    ACCEPT = "accept"  # nothing stands against it
    APPLY = "apply"  # its provider has it
    CHANGE = "change"  # its provider must have it anew
    REVOKE = "revoke"  # its provider must let go of it


RULE_TABLE: Final[Mapping[tuple[RuleState, RuleEvent], RuleState]] = {
    (RuleState.STAGED, RuleEvent.ACCEPT): RuleState.ADD,
    (RuleState.STAGED, RuleEvent.REVOKE): RuleState.REVOKE,
    (RuleState.ADD, RuleEvent.APPLY): RuleState.ACTIVE,
    (RuleState.ADD, RuleEvent.CHANGE): RuleState.ADD,
    (RuleState.ADD, RuleEvent.REVOKE): RuleState.REVOKE,
    (RuleState.ACTIVE, RuleEvent.APPLY): RuleState.ACTIVE,
    (RuleState.ACTIVE, RuleEvent.CHANGE): RuleState.ADD,
    (RuleState.ACTIVE, RuleEvent.REVOKE): RuleState.REVOKE,
    (RuleState.REVOKE, RuleEvent.REVOKE): RuleState.REVOKE,
}


def next_rule_state(state: RuleState, event: RuleEvent) -> RuleState:
    """Where an event takes a rule.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(RULE_TABLE, "a rule", state, event)


class TrafficDirection(enum.Enum):
    """Into a network (on a public address) or out of it."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class Rule(Owned, frozen=True, kw_only=True):
    """What all rules have: the network they lead into, how far they are, whether users' lists show them."""

    network_id: NetworkId
    state: RuleState = RuleState.STAGED
    display: bool = True


class FilterRule(Rule, frozen=True, kw_only=True):
    """Packets let through in one direction.

    In a network whose offering allows egress by default, an egress rule *drops* what it speaks of.
    """

    direction: TrafficDirection
    protocol: Protocol
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()

    @property
    def traffic(self) -> Traffic:
        """The packets it speaks of."""
        return Traffic(
            self.protocol,
            _range(self.start_port, self.end_port),
            None
            if self.icmp_type is None or self.icmp_code is None
            else IcmpKind(self.icmp_type, self.icmp_code),
            self.sources,
            self.destinations,
        )


class FilterFields(TypedDict):
    """The fields of a `FilterRule` that are its traffic."""

    protocol: Protocol
    start_port: int | None
    end_port: int | None
    icmp_type: int | None
    icmp_code: int | None
    sources: tuple[str, ...]
    destinations: tuple[str, ...]


class FirewallRule(FilterRule, frozen=True, kw_only=True):
    """Packets let through: into a public address, or out of a network over IPv4.

    Attributes:
        public_ip_id: the address (ingress); None for egress.
        related_id: the forwarding or balancer that this rule was opened for; they go together.
        system: netloom made it, no user did.
    """

    public_ip_id: Uuid | None = None
    related_id: Uuid | None = None
    system: bool = False


class EdgeRule(FilterRule, frozen=True, kw_only=True):
    """Packets let through at the edge of an isolated network whose addresses are reached without translation.

    Both lists have CIDRs of one family: on the network's side within its own, on the other side that of everybody.
    """


class Ipv6FirewallRule(EdgeRule, frozen=True, kw_only=True):
    """The same over IPv6."""


class RoutingFirewallRule(EdgeRule, frozen=True, kw_only=True):
    """The same over IPv4, in a network whose offering is routed."""


class PortForwardingRule(Rule, frozen=True, kw_only=True):
    """Ports of a public address that lead to a guest's.

    Attributes:
        guest_address: where to: the NIC's own address or one of its secondary ones.
        sources: who may use it; empty for everybody.
    """

    public_ip_id: Uuid
    protocol: Protocol
    public_start: int
    public_end: int
    private_start: int
    private_end: int
    instance_id: Uuid
    nic_id: NicId
    guest_address: str
    sources: tuple[str, ...] = ()

    @property
    def traffic(self) -> Traffic:
        """The packets it speaks of."""
        return Traffic(self.protocol, PortRange(self.public_start, self.public_end), sources=self.sources)


class StaticNatRule(Rule, frozen=True, kw_only=True):
    """Ports opened on an address that is translated one to one (CloudStack's IP forwarding rule)."""

    public_ip_id: Uuid
    protocol: Protocol
    start_port: int
    end_port: int
    sources: tuple[str, ...] = ()

    @property
    def traffic(self) -> Traffic:
        """The packets it speaks of."""
        return Traffic(self.protocol, PortRange(self.start_port, self.end_port))


def check_traffic(
    protocol: Protocol, ports: tuple[int | None, int | None], icmp: tuple[int | None, int | None]
) -> tuple[PortRange | None, IcmpKind | None]:
    """What a firewall rule may say of ports and ICMP.

    Raises:
        InvalidInput: ports with icmp or `all`, an ICMP type or code with anything but icmp, or values out of range.
    """
    if protocol is Protocol.ICMP:
        if ports != (None, None):
            raise InvalidInput(
                "icmp has no ports", subject="startport", hint="give icmptype and icmpcode, or neither"
            )
        return None, parse_icmp(*icmp)
    if icmp != (None, None):
        raise InvalidInput(
            f"{protocol.value} has no ICMP type or code",
            subject="icmptype",
            hint="leave both out, or use protocol icmp",
        )
    if protocol is Protocol.ALL:
        if ports != (None, None):
            raise InvalidInput(
                "ports belong to one protocol", subject="startport", hint="leave them out, or use tcp or udp"
            )
        return None, None
    return parse_ports(*ports), None


def check_forwarding(public: PortRange, private: PortRange) -> None:
    """What two ranges of a forwarding must be to each other: of one size; and longer ones the same ports (none is shifted).

    Raises:
        InvalidInput: they are not.
    """
    if public.size != private.size:
        raise InvalidInput(
            f"{public.size} public ports ({public}) cannot lead to {private.size} private ones ({private})",
            subject="privateendport",
            hint=f"a private range of {public.size} ports",
        )
    if public.size > 1 and public != private:
        raise InvalidInput(
            f"the public ports {public} would be shifted to {private}",
            subject="privateport",
            hint=f"the private ports {public}, or one rule a port",
        )


def fields_of(traffic: Traffic) -> FilterFields:
    """Traffic as the fields of a rule that lets it through."""
    return FilterFields(
        protocol=traffic.protocol,
        start_port=None if traffic.ports is None else traffic.ports.first,
        end_port=None if traffic.ports is None else traffic.ports.last,
        icmp_type=None if traffic.icmp is None else traffic.icmp.type,
        icmp_code=None if traffic.icmp is None else traffic.icmp.code,
        sources=traffic.sources,
        destinations=traffic.destinations,
    )


def _range(start: int | None, end: int | None) -> PortRange | None:
    if start is None:
        return None
    return PortRange(start, start if end is None else end)
