"""The tables of security groups, as they were when they were made."""

from __future__ import annotations

from netloom.store.migrations.cloud_0004.making import index, owned, record, refers, table, text, unique

TABLES = (
    table(
        "cloud_security_groups",
        *owned(),
        text("name"),
        text("description"),
        refers("account_id", "cloud_accounts"),
        refers("domain_id", "cloud_domains"),
        unique("account_id", "name"),
    ),
    table(
        "cloud_security_group_rules",
        *owned(),
        text("group_id"),
        text("direction"),
        text("match"),
        text("peer_group_id", null=True),
        refers("account_id", "cloud_accounts"),
        refers("domain_id", "cloud_domains"),
        refers("group_id", "cloud_security_groups"),
        refers("peer_group_id", "cloud_security_groups"),
        index("account_id", "number"),
        index("group_id"),
        index("peer_group_id"),
    ),
    table(
        "cloud_security_group_members",
        *record(),
        text("group_id"),
        text("instance_id"),
        refers("group_id", "cloud_security_groups"),
        refers("instance_id", "cloud_instances"),
        unique("group_id", "instance_id"),
        index("instance_id"),
    ),
)
