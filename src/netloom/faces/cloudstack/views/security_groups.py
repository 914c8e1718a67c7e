"""What CloudStack's answers say of security groups.

Rule 1: a page of groups shows all their rules, thousands perhaps: only what is shown of one is read, and no record made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import select

from netloom.app.cloud.security_groups_members import members_of
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.acl_match import ALL, Match
from netloom.model.cloud.identity import Account
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupRule
from netloom.store.among import among
from netloom.store.cloud.records import columns

_KEYS: Mapping[str, str] = {
    TrafficDirection.INGRESS.value: "ingressrule",
    TrafficDirection.EGRESS.value: "egressrule",
}

_Shown = tuple[str, str, Match, str | None]
"""A rule as it is shown: its id, its direction, what it speaks of, and the group on the other side."""

_RULE = columns(SecurityGroupRule)
_RULES = (
    select(_RULE.id, _RULE.group_id, _RULE.direction, _RULE.match, _RULE.peer_group_id)
    .where(among(_RULE.group_id, parameter="wanted"))
    .order_by(_RULE.number)
)
_match = msgspec.json.Decoder(Match).decode
"""What a rule speaks of, as its column holds it: canonical JSON."""


def security_group_rows(groups: Sequence[SecurityGroup], see: See) -> list[Row]:
    """Groups with all their rules and members."""
    ids = [group.id for group in groups]
    rules: dict[str, list[_Shown]] = {group_id: [] for group_id in ids}
    read = see.view.records.connection.execute(_RULES, {"wanted": ids}).all()
    for rule_id, group_id, direction, match, peer_id in read:
        rules[group_id].append((rule_id, direction, _match(match), peer_id))
    members = members_of(see.view, ids)
    see.owners(groups)
    see.tagged(ids)
    _peers((rule[3] for found in rules.values() for rule in found), see)
    return [
        {
            **_group(group, see),
            **_by_direction(rules[group.id], see),
            "tags": see.tags(group.id),
            "virtualmachinecount": len(members.get(group.id, ())),
            "virtualmachineids": members.get(group.id, []),
        }
        for group in groups
    ]


def authorized_row(group: SecurityGroup, rules: Sequence[SecurityGroupRule], see: See) -> Row:
    """A group with only those rules that a request made."""
    _peers((rule.peer_group_id for rule in rules), see)
    shown = [(rule.id, rule.direction.value, rule.match, rule.peer_group_id) for rule in rules]
    return {
        **_group(group, see),
        **_by_direction(shown, see),
        "tags": see.tags(group.id),
        "virtualmachineids": [],
    }


def named_groups(groups: Sequence[SecurityGroup], see: See) -> list[Row]:
    """Groups as an instance's row has them: by name, without rules."""
    see.owners(groups)
    return [_group(group, see) for group in groups]


def _group(group: SecurityGroup, see: See) -> Row:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description or None,
        **see.owner(group),
    }


def _by_direction(rules: Sequence[_Shown], see: See) -> Row:
    row: dict[str, list[Row]] = {key: [] for key in _KEYS.values()}
    for rule_id, direction, match, peer_id in rules:
        row[_KEYS[direction]].append(_rule(rule_id, match, peer_id, see))
    return {**row}


def _rule(rule_id: str, match: Match, peer_id: str | None, see: See) -> Row:
    ports = match.protocol != ALL
    row: Row = {
        "ruleid": rule_id,
        "protocol": match.protocol,
        "startport": match.start_port if ports else None,
        "endport": match.end_port if ports else None,
        "icmptype": match.icmp_type,
        "icmpcode": match.icmp_code,
        "cidr": match.cidrs[0] if match.cidrs else None,
    }
    peer = None if peer_id is None else see.one(SecurityGroup, peer_id)
    if peer is not None:
        account = see.one(Account, peer.account_id)
        row["securitygroupname"] = peer.name
        row["account"] = None if account is None else account.name
    return row


def _peers(group_ids: Iterable[str | None], see: See) -> None:
    """Read the groups that rules name, and their accounts, all at once."""
    peers = see.many(SecurityGroup, group_ids)
    see.many(Account, [peer.account_id for peer in peers.values()])
