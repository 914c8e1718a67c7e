"""The tables of identity. Who still owns something cannot be deleted: the owners' columns refer here."""

from __future__ import annotations

from netloom.model.cloud.identity import Account, ApiKey, Domain, Project, ProjectMember, User
from netloom.model.cloud.limits import ResourceLimit
from netloom.model.cloud.permissions import Role
from netloom.model.cloud.projects import CustomProjectRole, ProjectInvitation
from netloom.store.cloud.table import RecordTable

TABLES: tuple[RecordTable, ...] = (
    RecordTable("domain", Domain, unique=(("path",),), references={"parent_id": "domain"}, lasting=True),
    RecordTable("role", Role, unique=(("name",),), lasting=True),
    RecordTable(
        "account",
        Account,
        unique=(("domain_id", "name"),),
        references={"domain_id": "domain", "role_id": "role"},
        lasting=True,
    ),
    RecordTable(
        "user",
        User,
        unique=(("domain_id", "username"),),
        indexes=(("account_id",),),
        references={"account_id": "account", "domain_id": "domain"},
        secrets=("password",),
    ),
    RecordTable(
        "api_key",
        ApiKey,
        unique=(("key",),),
        indexes=(("user_id",),),
        references={"user_id": "user"},
        secrets=("secret",),
    ),
    RecordTable(
        "project",
        Project,
        unique=(("domain_id", "name"), ("account_id",)),
        references={"domain_id": "domain", "account_id": "account"},
    ),
    RecordTable(
        "project_member",
        ProjectMember,
        unique=(("project_id", "who"),),
        indexes=(("account_id",), ("user_id",), ("project_role_id",)),
        references={
            "project_id": "project",
            "account_id": "account",
            "user_id": "user",
            "project_role_id": "project_role",
        },
    ),
    RecordTable(
        "project_role",
        CustomProjectRole,
        unique=(("project_id", "name"),),
        references={"project_id": "project"},
    ),
    RecordTable(
        "project_invitation",
        ProjectInvitation,
        indexes=(("project_id",), ("account_id",), ("user_id",), ("project_role_id",)),
        references={
            "project_id": "project",
            "account_id": "account",
            "domain_id": "domain",
            "user_id": "user",
            "project_role_id": "project_role",
        },
    ),
    RecordTable(
        "resource_limit",
        ResourceLimit,
        unique=(("account_id", "type"), ("domain_id", "type")),
        references={"account_id": "account", "domain_id": "domain"},
    ),
)
