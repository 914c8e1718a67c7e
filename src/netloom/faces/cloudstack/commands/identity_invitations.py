"""CloudStack's commands for invitations to projects, and for the roles that projects have of their own."""

from __future__ import annotations

from dataclasses import replace

from netloom.app.cloud import projects_invitations, projects_roles
from netloom.app.cloud.identity_owner import project_seen
from netloom.app.cloud.projects_invitations import (
    AnswerInvitation,
    OneInvitation,
    in_state,
    invitations_visible,
)
from netloom.app.cloud.work import View
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Row, Rows, See, Success
from netloom.faces.cloudstack.commands.identity_given import permission_given
from netloom.faces.cloudstack.scope import resolve
from netloom.faces.cloudstack.views.identity_invitations import (
    invitation_rows,
    project_role_rows,
    project_rule_row,
)
from netloom.model.cloud.projects import CustomProjectRole, InvitationState, ProjectInvitation
from netloom.model.cloud.words import parse_word
from netloom.store.cloud.records import columns


async def list_project_invitations(call: Call) -> Rows:
    """Lists invitations: the caller's, and those to projects that the caller administers."""
    c, page = columns(ProjectInvitation), call.listing
    word = call.text("state")
    if call.flag("activeonly", default=False):
        word = InvitationState.PENDING.value
    state = parse_word(InvitationState, word, "state") if word else None
    wanted = [
        column == found
        for column, name in ((c.id, "id"), (c.project_id, "projectid"), (c.user_id, "userid"))
        if (found := call.uuid(name)) is not None
    ]

    def read(view: View) -> Rows:
        scope = resolve(view, replace(call.asked, project_id=None))  # the project is not their owner
        where = [*wanted, *invitations_visible(view, scope)]
        if state is not None:
            where += in_state(state, view)
        found = view.records.select(ProjectInvitation, *where, limit=page.page_size, offset=page.offset)
        return Rows(invitation_rows(found, See(view)), view.records.count(ProjectInvitation, *where))

    return await call.read(read)


async def update_project_invitation(call: Call) -> object:
    """Accepts an invitation to a project, or declines it."""
    return await call.do(
        projects_invitations.ANSWER,
        AnswerInvitation(
            project_id=call.need_uuid("projectid"),
            account=call.text("account") or None,
            user_id=call.uuid("userid"),
            accept=call.flag("accept", default=True),
        ),
    )


async def delete_project_invitation(call: Call) -> object:
    """Deletes an invitation."""
    return await call.do(projects_invitations.DELETE, OneInvitation(id=call.need_uuid("id")))


async def list_project_roles(call: Call) -> object:
    """Lists the roles that a project has of its own."""
    c = columns(CustomProjectRole)
    project_id = call.need_uuid("projectid")
    return await call.select(
        CustomProjectRole,
        call.match(c.id, "projectroleid"),
        call.match(c.name, "name"),
        keyword=("name", "description"),
        also=lambda view: [c.project_id == project_seen(view, project_id).id],
    )


async def create_project_role(call: Call) -> object:
    """Makes a role for members of a project."""
    return await call.do(
        projects_roles.CREATE,
        projects_roles.CreateProjectRole(
            project_id=call.need_uuid("projectid"),
            name=call.need("name"),
            description=call.text("description") or "",
        ),
    )


async def update_project_role(call: Call) -> object:
    """Changes a project's role."""
    return await call.do(
        projects_roles.UPDATE,
        projects_roles.UpdateProjectRole(
            id=call.need_uuid("id"),
            project_id=call.need_uuid("projectid"),
            name=call.text("name") or None,
            description=call.text("description"),
        ),
    )


async def delete_project_role(call: Call) -> object:
    """Deletes a project's role that nobody has."""
    return await call.do(
        projects_roles.DELETE,
        projects_roles.OneProjectRole(id=call.need_uuid("id"), project_id=call.need_uuid("projectid")),
    )


async def create_project_role_permission(call: Call) -> Row:
    """Adds a rule to a project's role, behind those it has."""
    done = await call.do(
        projects_roles.ADD_RULE,
        projects_roles.AddProjectRule(
            project_id=call.need_uuid("projectid"),
            project_role_id=call.need_uuid("projectroleid"),
            pattern=call.need("rule"),
            permission=permission_given(call.need("permission")),
            description=call.text("description") or "",
        ),
    )
    return project_rule_row(done.record, done.record.rules[-1])


async def update_project_role_permission(call: Call) -> object:
    """Puts the rules of a project's role into another order, or changes what one of them says."""
    permission = call.text("permission")
    return await call.do(
        projects_roles.CHANGE_RULES,
        projects_roles.ChangeProjectRules(
            project_id=call.need_uuid("projectid"),
            project_role_id=call.need_uuid("projectroleid"),
            order=call.uuids("ruleorder"),
            rule_id=call.uuid("projectrolepermissionid"),
            permission=permission_given(permission) if permission else None,
        ),
    )


async def delete_project_role_permission(call: Call) -> object:
    """Takes a rule out of its project's role."""
    return await call.do(
        projects_roles.REMOVE_RULE,
        projects_roles.RemoveProjectRule(
            rule_id=call.need_uuid("id"), project_id=call.need_uuid("projectid")
        ),
    )


async def list_project_role_permissions(call: Call) -> Rows:
    """Lists the rules of a project's role, or of all, in the order in which they are asked."""
    project_id, role_id = call.need_uuid("projectid"), call.uuid("projectroleid")

    def read(view: View) -> list[Row]:
        c = columns(CustomProjectRole)
        project = project_seen(view, project_id)
        roles = view.records.select(CustomProjectRole, c.project_id == project.id)
        return [
            project_rule_row(role, rule)
            for role in roles
            if role_id in {None, role.id}
            for rule in role.rules
        ]

    rows = await call.read(read)
    return Rows(rows, len(rows))


COMMANDS: tuple[Command, ...] = (
    Command("listProjectInvitations", list_project_invitations, Listing("projectinvitation")),
    Command("updateProjectInvitation", update_project_invitation, JobAnswer(projects_invitations.ANSWER)),
    Command("deleteProjectInvitation", delete_project_invitation, JobAnswer(projects_invitations.DELETE)),
    Command("listProjectRoles", list_project_roles, Listing("projectrole", project_role_rows)),
    Command("createProjectRole", create_project_role, One("projectrole", project_role_rows)),
    Command("updateProjectRole", update_project_role, One("projectrole", project_role_rows)),
    Command("deleteProjectRole", delete_project_role, Success()),
    Command("createProjectRolePermission", create_project_role_permission, One("projectrolepermission")),
    Command("updateProjectRolePermission", update_project_role_permission, Success()),
    Command("deleteProjectRolePermission", delete_project_role_permission, Success()),
    Command("listProjectRolePermissions", list_project_role_permissions, Listing("projectrolepermission")),
)
