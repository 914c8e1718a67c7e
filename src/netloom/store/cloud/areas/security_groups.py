"""The tables of security groups. Which instances are members stands with the instances."""

from __future__ import annotations

from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupRule
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
)
