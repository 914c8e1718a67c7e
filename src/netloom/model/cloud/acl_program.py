"""What becomes of a packet: the one form that every rule set is brought into, and the interpreter that defines its meaning.

Access control lists and security groups are made into a `Program`; providers compile programs (to nftables, to OpenFlow) and
never the rules themselves. `decide` is the meaning: a backend that answers otherwise for any packet is wrong.

Rule 1: first match in order; what no rule matches gets the direction's default; packets of accepted connections pass.
Rule 2: a program names the rule behind each verdict, so that everybody who asks *why* gets the tenant's own rule.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.base.ids import Uuid
from netloom.base.net import IPAddress, IPNetwork, is_part
from netloom.model.cloud.acl_match import Match, networks, protocol_number
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.rules_traffic import ANY_ICMP


class Verdict(enum.Enum):
    """What becomes of a packet."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Rule:
    """One step: packets of `match` with the other side in `peers` get `verdict`.

    Attributes:
        rule_id: the tenant's rule that this step stands for.
        match: protocol, ports and ICMP; its own `cidrs` are not looked at.
        peers: networks of the other side; none: the step matches nothing.
    """

    rule_id: Uuid
    match: Match
    peers: tuple[IPNetwork, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of both directions, in order, and what becomes of the rest."""

    rules: Mapping[TrafficDirection, tuple[Rule, ...]] = field(default_factory=dict)
    defaults: Mapping[TrafficDirection, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Packet:
    """What a program can tell apart. `port` is the destination's; ICMP fields stand for ICMP alone."""

    direction: TrafficDirection
    peer: IPAddress
    protocol: int
    port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    established: bool = False
    """Belongs or relates to a connection that was accepted."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the rule that gave it; None: the default, or the connection."""

    verdict: Verdict
    rule_id: Uuid | None


def decide(program: Program, packet: Packet) -> Decision:
    """What becomes of a packet."""
    if packet.established:
        return Decision(Verdict.ALLOW, None)
    for rule in program.rules.get(packet.direction, ()):
        if matches(rule, packet):
            return Decision(rule.verdict, rule.rule_id)
    return Decision(program.defaults.get(packet.direction, Verdict.DENY), None)


def matches(rule: Rule, packet: Packet) -> bool:
    """Whether a step speaks of a packet."""
    match = rule.match
    number = protocol_number(match.protocol, packet.peer.version)
    if number is not None and number != packet.protocol:
        return False
    if not any(packet.peer.version == peer.version and packet.peer in peer for peer in rule.peers):
        return False
    if match.start_port is not None and match.end_port is not None:
        return packet.port is not None and match.start_port <= packet.port <= match.end_port
    return _any_or(match.icmp_type, packet.icmp_type) and _any_or(match.icmp_code, packet.icmp_code)


def without_shadows(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The steps without those that an earlier one hides whole: the same decisions with fewer steps.

    Only what one earlier step covers alone is found; it is an economy for backends, never needed for meaning.
    """
    kept: list[Rule] = []
    for rule in rules:
        if rule.peers and not any(_covers(earlier, rule) for earlier in kept):
            kept.append(rule)
    return tuple(kept)


def rule_of(rule_id: Uuid, match: Match, verdict: Verdict) -> Rule:
    """A step out of a match whose networks are the other side."""
    return Rule(rule_id=rule_id, match=match, peers=networks(match.cidrs), verdict=verdict)


def _covers(earlier: Rule, later: Rule) -> bool:
    a, b = earlier.match, later.match
    return (
        all(_covers_protocol(a, b, peer.version) for peer in later.peers)
        and (a.start_port is None or _inside(a, b))
        and _any_or(a.icmp_type, b.icmp_type)
        and _any_or(a.icmp_code, b.icmp_code)
        and all(any(is_part(peer, wide) for wide in earlier.peers) for peer in later.peers)
    )


def _covers_protocol(a: Match, b: Match, version: int) -> bool:
    number = protocol_number(a.protocol, version)
    return number is None or number == protocol_number(b.protocol, version)


def _inside(a: Match, b: Match) -> bool:
    if b.start_port is None or b.end_port is None or a.start_port is None or a.end_port is None:
        return False
    return a.start_port <= b.start_port and b.end_port <= a.end_port


def _any_or(rule: int | None, packet: int | None) -> bool:
    """Whether an ICMP type or code of a rule takes in a packet's, or another rule's."""
    return rule is None or rule in (ANY_ICMP, packet)
