"""The tables of security groups, their rules, and the instances in them."""

from __future__ import annotations

from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupMember, SecurityGroupRule
from netloom.store.cloud.table import RecordTable

_OWNER = {"account_id": "account", "domain_id": "domain"}

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "security_group",
        SecurityGroup,
        unique=(("account_id", "name"),),
        references=_OWNER,
    ),
    RecordTable(
        "security_group_rule",
        SecurityGroupRule,
        indexes=(("group_id",), ("peer_group_id",), ("account_id", "number")),
        references={**_OWNER, "group_id": "security_group", "peer_group_id": "security_group"},
    ),
    RecordTable(
        "security_group_member",
        SecurityGroupMember,
        unique=(("group_id", "instance_id"),),
        indexes=(("instance_id",),),
        references={"group_id": "security_group", "instance_id": "instance"},
    ),
)
