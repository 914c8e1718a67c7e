"""CloudStack's commands for roles and their permissions."""

from __future__ import annotations

from netloom.app.cloud import roles_change as roles
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, Listing, One, Row, Rows, Success
from netloom.faces.cloudstack.commands.identity_given import permission_given
from netloom.faces.cloudstack.views.identity_projects import role_rows, rule_row
from netloom.model.cloud.identity import AccountType
from netloom.model.cloud.permissions import Role
from netloom.store.cloud.records import columns


async def create_role(call: Call) -> object:
    """Makes a role: empty of a type, or as a copy of another."""
    copied, kind = call.uuid("roleid"), call.text("type")
    if copied is None and not kind:
        raise InvalidInput("neither a type nor a role to copy", subject="type", hint="give one of them")
    return await call.do(
        roles.CREATE,
        roles.CreateRole(
            name=call.need("name"),
            description=call.text("description") or "",
            type=AccountType.USER if not kind else _type(kind),
            copied_from=copied,
            is_public=call.flag("ispublic", default=True),
        ),
    )


async def update_role(call: Call) -> object:
    """Renames a role, describes it, or says whether others than root administrators see it."""
    if call.text("type"):
        raise InvalidInput("a role keeps its type", subject="type", hint="make another role")
    return await call.do(
        roles.UPDATE,
        roles.UpdateRole(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            description=call.text("description"),
            is_public=call.flag("ispublic"),
        ),
    )


async def enable_role(call: Call) -> object:
    """Enables a role."""
    return await call.do(roles.ENABLE, roles.OfRole(id=call.need_uuid("id")))


async def disable_role(call: Call) -> object:
    """Disables a role: who has it may do nothing."""
    return await call.do(roles.DISABLE, roles.OfRole(id=call.need_uuid("id")))


async def delete_role(call: Call) -> object:
    """Deletes a role that no account has."""
    return await call.do(roles.DELETE, roles.OfRole(id=call.need_uuid("id")))


async def list_roles(call: Call) -> Rows:
    """Lists roles."""
    c, kind = columns(Role), call.text("type")
    return await call.select(
        Role,
        call.match(c.id, "id"),
        call.match(c.name, "name"),
        call.match(c.state, "state"),
        None if not kind else c.type == _type(kind).value,
        keyword=("name", "description"),
        also=lambda view: [] if view.caller.is_root else [c.is_public == True],  # noqa: E712 - a column
    )


async def create_role_permission(call: Call) -> Row:
    """Adds a rule to a role, behind those it has."""
    done = await call.do(
        roles.ADD_RULE,
        roles.AddRule(
            role_id=call.need_uuid("roleid"),
            pattern=call.need("rule"),
            permission=permission_given(call.need("permission")),
            description=call.text("description") or "",
        ),
    )
    return rule_row(done.record, done.record.rules[-1])


async def update_role_permission(call: Call) -> object:
    """Puts a role's rules into another order, or changes what one of them says."""
    permission = call.text("permission")
    return await call.do(
        roles.CHANGE_RULES,
        roles.ChangeRules(
            role_id=call.need_uuid("roleid"),
            order=call.uuids("ruleorder"),
            rule_id=call.uuid("ruleid"),
            permission=permission_given(permission) if permission else None,
        ),
    )


async def delete_role_permission(call: Call) -> object:
    """Takes a rule out of its role."""
    return await call.do(roles.REMOVE_RULE, roles.RemoveRule(rule_id=call.need_uuid("id")))


async def list_role_permissions(call: Call) -> Rows:
    """Lists the rules of a role, or of all, in the order in which they are asked."""
    role_id = call.uuid("roleid")

    def read(view: View) -> list[Row]:
        if role_id is not None:
            found = [roles.role_seen(view, role_id, "roleid")]
        else:
            found = [role for role in view.records.select(Role) if role.is_public or view.caller.is_root]
        return [rule_row(role, rule) for role in found for rule in role.rules]

    rows = await call.read(read)
    return Rows(rows, len(rows))


def _type(text: str) -> AccountType:
    for kind in (
        AccountType.ADMIN,
        AccountType.RESOURCE_ADMIN,
        AccountType.DOMAIN_ADMIN,
        AccountType.USER,
    ):
        if kind.value.lower() == text.strip().lower():
            return kind
    raise InvalidInput(
        f"{text[:64]!r} is no type of roles", subject="type", hint="Admin, ResourceAdmin, DomainAdmin, User"
    )


COMMANDS: tuple[Command, ...] = (
    Command("createRole", create_role, One("role", role_rows)),
    Command("updateRole", update_role, One("role", role_rows)),
    Command("enableRole", enable_role, Success()),
    Command("disableRole", disable_role, Success()),
    Command("deleteRole", delete_role, Success()),
    Command("listRoles", list_roles, Listing("role", role_rows)),
    Command("createRolePermission", create_role_permission, One("rolepermission")),
    Command("updateRolePermission", update_role_permission, Success()),
    Command("deleteRolePermission", delete_role_permission, Success()),
    Command("listRolePermissions", list_role_permissions, Listing("rolepermission")),
)
