"""What members of a security group let in and out: authorising it, and revoking it.

Rule 1: a rule speaks of one network or one group: a request that names several makes several rules, all or none of them.
Rule 2: a rule that is there already is refused: two equal rules could be revoked one by one and still allow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from netloom.app.cloud.endings import nothing_more
from netloom.app.cloud.security_groups import GroupRef, group_of, named_group
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.identity import Account
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.security_groups import (
    SecurityGroup,
    SecurityGroupRule,
    check_group_match,
    check_room,
)
from netloom.store.cloud.filters import LOG_WORD
from netloom.store.cloud.records import as_stored, columns

Q = TypeVar("Q", bound=msgspec.Struct)


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """Another group: its name, and the name of the account that has it (None: the group's own)."""

    group: str
    account: str | None = None


class Authorize(msgspec.Struct, frozen=True, kw_only=True):
    """What a group shall let through: a match, and networks or groups of the other side."""

    group: GroupRef
    protocol: str | None = None
    start_port: int | None = None
    end_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    cidrs: tuple[str, ...] = ()
    peers: tuple[Peer, ...] = ()


class Revoke(msgspec.Struct, frozen=True, kw_only=True):
    """Which rule."""

    id: Uuid


def _authorize(work: Work, request: Authorize, direction: TrafficDirection) -> SecurityGroup:
    group = group_of(work, request.group, "securitygroupid")
    if not request.cidrs and not request.peers:
        raise InvalidInput(
            "neither networks nor groups of the other side are given",
            subject="cidrlist",
            hint="cidrlist (0.0.0.0/0 and ::/0 for everybody), usersecuritygrouplist, or both",
        )
    match = check_group_match(
        Match(
            protocol=request.protocol or "all",
            start_port=request.start_port,
            end_port=request.end_port,
            icmp_type=request.icmp_type,
            icmp_code=request.icmp_code,
            cidrs=request.cidrs,
        )
    )
    c = columns(SecurityGroupRule)
    of_group = c.group_id == group.id
    sides: list[tuple[tuple[str, ...], Uuid | None]] = [((cidr,), None) for cidr in match.cidrs]
    if not request.cidrs:
        sides = []
    sides += [((), _peer(work, group, peer).id) for peer in request.peers]
    check_room(group, work.records.count(SecurityGroupRule, of_group), len(sides))
    for cidrs, peer in sides:
        one = msgspec.structs.replace(match, cidrs=cidrs)
        same = c.match == as_stored(SecurityGroupRule, "match", one)
        side = c.peer_group_id.is_(None) if peer is None else c.peer_group_id == peer
        taken = work.records.first(SecurityGroupRule, of_group, c.direction == direction.value, same, side)
        if taken is not None:
            raise Conflict(
                f"security group {group.name} ({group.id}) has this rule already: {taken.id}",
                code="security-group-rule-taken",
                subject="cidrlist" if peer is None else "usersecuritygrouplist",
                hint="leave out what is there",
            )
        work.insert(
            SecurityGroupRule(
                **work.owned(group), group_id=group.id, direction=direction, match=one, peer_group_id=peer
            )
        )
    _tell(work, group)
    return group


def _peer(view: View, group: SecurityGroup, peer: Peer) -> SecurityGroup:
    """A group that rules may name: one of any account of the same domain, or one that the caller sees.

    Who names it must know both names; what is in it stays hidden.
    """
    if peer.account is None:
        account = view.records.get(Account, group.account_id)
    else:
        c = columns(Account)
        account = view.records.first(Account, c.domain_id == group.domain_id, c.name == peer.account)
    if account is None:
        raise missing(SecurityGroup, peer.group, "usersecuritygrouplist")
    return named_group(view, account, peer.group, "usersecuritygrouplist")


def _revoke(work: Work, request: Revoke, direction: TrafficDirection) -> SecurityGroup:
    rule = work.get(SecurityGroupRule, request.id)
    if rule.direction is not direction:
        raise missing(SecurityGroupRule, request.id, "id")
    group = work.get(SecurityGroup, rule.group_id)
    work.delete(rule)
    _tell(work, group)
    return group


def _tell(work: Work, group: SecurityGroup) -> None:
    """Have the planner read the group again."""
    work.tx.note(LOG_WORD, group.id, group.name)


_SIDE: Final = {TrafficDirection.INGRESS: "to", TrafficDirection.EGRESS: "from"}


def _case(
    verb: str,
    event: str,
    direction: TrafficDirection,
    request: type[Q],
    begin: Callable[[Work, Q, TrafficDirection], SecurityGroup],
) -> UseCase[Q, SecurityGroup]:
    """One of the four: authorising or revoking, in one direction."""
    word = direction.value.lower()
    return UseCase(
        name=f"security_group.{verb}_{word}",
        command=f"{verb}SecurityGroup{direction.value}",
        event=f"{event}.{word.upper()}",
        request=request,
        begin=lambda work, asked: begin(work, asked, direction),
        text=lambda group: f"{verb} {word} {_SIDE[direction]} security group {group.name}",
        apply=nothing_more,
    )


AUTHORIZE_INGRESS, AUTHORIZE_EGRESS = (
    _case("authorize", "SG.AUTH", direction, Authorize, _authorize) for direction in TrafficDirection
)
REVOKE_INGRESS, REVOKE_EGRESS = (
    _case("revoke", "SG.REVOKE", direction, Revoke, _revoke) for direction in TrafficDirection
)
USE_CASES = (AUTHORIZE_INGRESS, AUTHORIZE_EGRESS, REVOKE_INGRESS, REVOKE_EGRESS)
