"""Security groups: sets of instances, and who may talk to them.

Rule 1: rules only allow. Once there is one outwards, what no rule allows outwards is dropped; inwards it always is.
Rule 2: a rule names networks or another group, one each; a group stands for the addresses that its members have now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.base.net import IPNetwork
from netloom.model.cloud.acl_match import ICMP, TCP, UDP, Match, networks
from netloom.model.cloud.acl_program import Program, Rule, Verdict
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.rules import TrafficDirection

DEFAULT_NAME: Final = "default"
DEFAULT_DESCRIPTION: Final = "Default Security Group"
MAX_RULES: Final = 500
"""Rules of one group, both directions together."""
MAX_NAME: Final = 255
WITH_PORTS_TOLD: Final = frozenset({TCP, UDP, "6", "17", "132"})
"""Protocols whose ports switches can match: not those of DCCP and UDP-Lite."""


class SecurityGroup(Owned, frozen=True, kw_only=True):
    """A group; its name is unique in its account. Every account has one called `default`."""

    name: str
    description: str = ""


class SecurityGroupRule(Owned, frozen=True, kw_only=True):
    """One network, or one group, that may talk to the members (or, outwards, that they may talk to).

    Attributes:
        match: protocol, ports and ICMP; its `cidrs` hold the one network, and nothing with a group.
        peer_group_id: the group of the other side; None: a network.
    """

    group_id: Uuid
    direction: TrafficDirection
    match: Match
    peer_group_id: Uuid | None = None


class SecurityGroupMember(Record, frozen=True, kw_only=True):
    """An instance in a group: what its interfaces in networks with security groups let through is the group's to say."""

    group_id: Uuid
    instance_id: Uuid


def check_group_name(text: str) -> str:
    """A group's name.

    Raises:
        InvalidInput: it is empty, too long, or of more than one line.
    """
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or any(ord(character) < 32 for character in name):
        raise InvalidInput(
            f"a security group's name of {len(name)} characters",
            subject="name",
            hint=f"1 to {MAX_NAME} characters on one line",
        )
    return name


def check_group_match(match: Match) -> Match:
    """What a rule may say: as ACL items, and with TCP and UDP it names ports.

    Raises:
        InvalidInput: it says something else.
    """
    checked = match.checked()
    if checked.protocol not in WITH_PORTS_TOLD and checked.start_port is not None:
        raise InvalidInput(
            f"ports of protocol {checked.protocol} cannot be told apart",
            subject="startport",
            hint="leave the ports out: the rule is then about all of them",
        )
    if checked.protocol in (TCP, UDP) and checked.start_port is None:
        raise InvalidInput(
            f"protocol {checked.protocol} without ports",
            subject="startport",
            hint="for all ports give 1 and 65535",
        )
    if checked.protocol == ICMP and match.icmp_type is None:
        raise InvalidInput("icmp without a type", subject="icmptype", hint="0 to 255, or -1 for any")
    return checked


def check_room(group: SecurityGroup, there: int, more: int) -> None:
    """Refuse more rules than a group may have.

    Raises:
        Exhausted: it would have too many (`security-group-full`).
    """
    if there + more > MAX_RULES:
        raise Exhausted(
            f"security group {group.name} ({group.id}) has {there} rules, {more} more are too many",
            code="security-group-full",
            subject="cidrlist",
            hint=f"at most {MAX_RULES}",
        )


def check_deletable(
    group: SecurityGroup, members: Iterable[str], used_by: Iterable[tuple[Uuid, str]]
) -> None:
    """Refuse to delete a group that something still stands on.

    Args:
        group: the group.
        members: names of its instances.
        used_by: id and name of other groups whose rules name it.

    Raises:
        Conflict: it is the default one (`security-group-default`), has members or is named (`security-group-in-use`).
    """
    if group.name == DEFAULT_NAME:
        raise Conflict(
            f"security group {DEFAULT_NAME} ({group.id}) is an account's own and stays",
            code="security-group-default",
            subject="id",
        )
    names = list(members)
    if names:
        raise Conflict(
            f"security group {group.name} ({group.id}) has {len(names)} instances: {', '.join(names[:5])}",
            code="security-group-in-use",
            subject="id",
            hint="take them out of it, or delete them first",
        )
    others = [f"{name} ({group_id})" for group_id, name in used_by if group_id != group.id]
    if others:
        raise Conflict(
            f"security group {group.name} ({group.id}) is named by rules of {', '.join(others[:5])}",
            code="security-group-in-use",
            subject="id",
            hint="revoke those rules first",
        )


def program_of(rules: Iterable[SecurityGroupRule], members: Mapping[Uuid, tuple[IPNetwork, ...]]) -> Program:
    """What the rules of all groups of an instance mean together.

    Args:
        rules: the rules of its groups.
        members: of each group that a rule names, the addresses of its members as networks.
    """
    steps: dict[TrafficDirection, list[Rule]] = {direction: [] for direction in TrafficDirection}
    for rule in rules:
        peers = (
            networks(rule.match.cidrs) if rule.peer_group_id is None else members.get(rule.peer_group_id, ())
        )
        steps[rule.direction].append(Rule(rule.id, rule.match, peers, Verdict.ALLOW))
    closed = bool(steps[TrafficDirection.EGRESS])
    return Program(
        rules={direction: tuple(found) for direction, found in steps.items()},
        defaults={
            TrafficDirection.INGRESS: Verdict.DENY,
            TrafficDirection.EGRESS: Verdict.DENY if closed else Verdict.ALLOW,
        },
    )
