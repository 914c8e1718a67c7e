"""What CloudStack's answers say of security groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netloom.app.cloud.security_groups_members import members_of
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.acl_match import ALL
from netloom.model.cloud.identity import Account
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupRule

_KEYS: Mapping[TrafficDirection, str] = {
    TrafficDirection.INGRESS: "ingressrule",
    TrafficDirection.EGRESS: "egressrule",
}


def security_group_rows(groups: Sequence[SecurityGroup], see: See) -> list[Row]:
    """Groups with all their rules and members."""
    ids = [group.id for group in groups]
    rules: dict[str, list[SecurityGroupRule]] = {group_id: [] for group_id in ids}
    for rule in see.view.records.having(SecurityGroupRule, "group_id", ids):
        rules[rule.group_id].append(rule)
    members = members_of(see.view, ids)
    see.owners(groups)
    see.tagged(ids)
    _peers((rule for found in rules.values() for rule in found), see)
    return [
        {
            **_group(group, see),
            **_shown(rules[group.id], see),
            "tags": see.tags(group.id),
            "virtualmachinecount": len(members.get(group.id, ())),
            "virtualmachineids": members.get(group.id, []),
        }
        for group in groups
    ]


def authorized_row(group: SecurityGroup, rules: Sequence[SecurityGroupRule], see: See) -> Row:
    """A group with only those rules that a request made."""
    _peers(rules, see)
    return {**_group(group, see), **_shown(rules, see), "tags": see.tags(group.id), "virtualmachineids": []}


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


def _shown(rules: Sequence[SecurityGroupRule], see: See) -> Row:
    row: Row = {key: [] for key in _KEYS.values()}
    for direction, key in _KEYS.items():
        row[key] = [_rule(rule, see) for rule in rules if rule.direction is direction]
    return row


def _rule(rule: SecurityGroupRule, see: See) -> Row:
    match = rule.match
    peer = see.one(SecurityGroup, rule.peer_group_id)
    account = None if peer is None else see.one(Account, peer.account_id)
    return {
        "ruleid": rule.id,
        "protocol": match.protocol,
        "startport": match.start_port if match.protocol != ALL else None,
        "endport": match.end_port if match.protocol != ALL else None,
        "icmptype": match.icmp_type,
        "icmpcode": match.icmp_code,
        "cidr": match.cidrs[0] if match.cidrs else None,
        "securitygroupname": None if peer is None else peer.name,
        "account": None if account is None else account.name,
    }


def _peers(rules: Iterable[SecurityGroupRule], see: See) -> None:
    """Read the groups that rules name, and their accounts, all at once."""
    peers = see.many(SecurityGroup, [rule.peer_group_id for rule in rules])
    see.many(Account, [peer.account_id for peer in peers.values()])
