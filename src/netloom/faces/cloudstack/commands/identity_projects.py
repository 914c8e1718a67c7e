"""CloudStack's commands for projects and who is in them."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from netloom.app.cloud import projects, projects_members
from netloom.app.cloud.accounts import account_seen
from netloom.app.cloud.identity_owner import project_seen
from netloom.app.cloud.projects_seats import account_of_domain
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, Rows, See
from netloom.faces.cloudstack.scope import resolve
from netloom.faces.cloudstack.views.identity_projects import member_rows, project_rows
from netloom.model.cloud.identity import Account, Project, ProjectMember, ProjectRole, User
from netloom.store.cloud.records import Where, columns


async def create_project(call: Call) -> object:
    """Makes a project; the caller's account administers it, or the one that is named."""
    name, domain_id, chosen = call.text("account") or None, call.uuid("domainid"), call.uuid("accountid")
    if chosen is not None:
        account = await call.read(lambda view: account_seen(view, chosen, "accountid"))
        name, domain_id = account.name, account.domain_id
    return await call.do(
        projects.CREATE,
        projects.CreateProject(
            name=call.need("name"),
            display_text=call.text("displaytext") or None,
            account=name,
            domain_id=domain_id,
        ),
    )


async def update_project(call: Call) -> object:
    """Changes a project's name or text, or who administers it."""
    role = call.text("roletype")
    return await call.do(
        projects.UPDATE,
        projects.UpdateProject(
            id=call.need_uuid("id"),
            name=call.text("name") or None,
            display_text=call.text("displaytext") or None,
            account=call.text("account") or None,
            user_id=call.uuid("userid"),
            swap=call.flag("swapowner", default=True),
            role=_role(role) if role else ProjectRole.ADMIN,
        ),
    )


async def activate_project(call: Call) -> object:
    """Activates a suspended project."""
    return await call.do(projects.ACTIVATE, projects.OfProject(id=call.need_uuid("id")))


async def suspend_project(call: Call) -> object:
    """Suspends a project: what it has stays, and nothing is added."""
    return await call.do(projects.SUSPEND, projects.OfProject(id=call.need_uuid("id")))


async def delete_project(call: Call) -> object:
    """Deletes a project that has nothing any more; with cleanup=true one with all that it has."""
    cleanup = call.flag("cleanup", default=False)
    return await call.do(projects.DELETE, projects.DeleteProject(id=call.need_uuid("id"), cleanup=cleanup))


async def list_projects(call: Call) -> Rows:
    """Lists projects: those that the caller is in, or with listall all that it administers."""
    c = columns(Project)
    return await call.select(
        Project,
        call.match(c.id, "id"),
        call.match(c.name, "name"),
        call.match(c.display_text, "displaytext"),
        call.match(c.state, "state"),
        keyword=("name", "display_text"),
        tags_of="Project",
        also=lambda view: [*projects.projects_listed(view, resolve(view, call.asked)), *_with_user(call)],
    )


def _with_user(call: Call) -> list[Where]:
    """Projects that users of a name are in, by themselves or with their account."""
    name, c, m, u = call.text("username"), columns(Project), columns(ProjectMember), columns(User)
    if not name:
        return []
    alone = m.user_id.in_(select(u.id).where(u.username == name))
    with_all = and_(m.user_id.is_(None), m.account_id.in_(select(u.account_id).where(u.username == name)))
    return [c.id.in_(select(m.project_id).where(or_(alone, with_all)))]


async def add_account_to_project(call: Call) -> object:
    """Puts an account of the project's domain into the project, or invites it where that is the rule."""
    role, account = call.text("roletype"), call.text("account")
    if not account:
        raise InvalidInput(
            "no account was named", subject="account", hint="accounts are named: netloom sends no mail"
        )
    return await call.do(
        projects_members.ADD_ACCOUNT,
        projects_members.AddMember(
            project_id=call.need_uuid("projectid"),
            account=account,
            role=_role(role) if role else ProjectRole.REGULAR,
            project_role_id=call.uuid("projectroleid"),
        ),
    )


async def delete_account_from_project(call: Call) -> object:
    """Takes an account out of a project."""
    return await call.do(
        projects_members.REMOVE_ACCOUNT,
        projects_members.RemoveMember(project_id=call.need_uuid("projectid"), account=call.need("account")),
    )


async def add_user_to_project(call: Call) -> object:
    """Puts one user of the project's domain into the project, or invites it where that is the rule."""
    role = call.text("roletype")
    return await call.do(
        projects_members.ADD_USER,
        projects_members.AddUser(
            project_id=call.need_uuid("projectid"),
            username=call.need("username"),
            role=_role(role) if role else ProjectRole.REGULAR,
            project_role_id=call.uuid("projectroleid"),
        ),
    )


async def delete_user_from_project(call: Call) -> object:
    """Takes a user out of a project who was put in alone."""
    return await call.do(
        projects_members.REMOVE_USER,
        projects_members.RemoveUser(project_id=call.need_uuid("projectid"), user_id=call.need_uuid("userid")),
    )


async def list_project_accounts(call: Call) -> Rows:
    """Lists the accounts in a project, and users who are in it alone."""
    c = columns(ProjectMember)
    project_id, role, account = call.need_uuid("projectid"), call.text("role"), call.text("account")
    user_id, role_id = call.uuid("userid"), call.uuid("projectroleid")

    def read(view: View) -> Rows:
        project = project_seen(view, project_id)
        found: list[Where] = [c.project_id == project.id]
        if account:
            found.append(c.account_id == account_of_domain(view, project, account).id)
        if role:
            found.append(c.role == _role(role).value)
        if user_id is not None:
            found.append(c.user_id == user_id)
        if role_id is not None:
            found.append(c.project_role_id == role_id)
        page = call.listing
        if page.keyword is not None:
            a = columns(Account)
            named = select(a.id).where(a.name.icontains(page.keyword, autoescape=True))
            found.append(c.account_id.in_(named))
        members = view.records.select(ProjectMember, *found, limit=page.page_size, offset=page.offset)
        return Rows(member_rows(members, See(view)), view.records.count(ProjectMember, *found))

    return await call.read(read)


def _role(text: str) -> ProjectRole:
    for role in ProjectRole:
        if role.value.lower() == text.strip().lower():
            return role
    raise InvalidInput(f"{text[:64]!r} is no role in a project", subject="roletype", hint="Admin or Regular")


COMMANDS: tuple[Command, ...] = (
    Command(
        "createProject",
        create_project,
        JobAnswer(projects.CREATE, "project", project_rows, made=True, about="Project", with_id=True),
    ),
    Command(
        "updateProject",
        update_project,
        JobAnswer(projects.UPDATE, "project", project_rows, about="Project", with_id=True),
    ),
    Command(
        "activateProject",
        activate_project,
        JobAnswer(projects.ACTIVATE, "project", project_rows, about="Project", with_id=True),
    ),
    Command(
        "suspendProject",
        suspend_project,
        JobAnswer(projects.SUSPEND, "project", project_rows, about="Project", with_id=True),
    ),
    Command("deleteProject", delete_project, JobAnswer(projects.DELETE, about="Project", with_id=True)),
    Command("listProjects", list_projects, Listing("project", project_rows)),
    Command(
        "addAccountToProject",
        add_account_to_project,
        JobAnswer(projects_members.ADD_ACCOUNT, about="Project", with_id=True),
    ),
    Command(
        "deleteAccountFromProject",
        delete_account_from_project,
        JobAnswer(projects_members.REMOVE_ACCOUNT, about="Project", with_id=True),
    ),
    Command(
        "addUserToProject",
        add_user_to_project,
        JobAnswer(projects_members.ADD_USER, about="Project", with_id=True),
    ),
    Command(
        "deleteUserFromProject",
        delete_user_from_project,
        JobAnswer(projects_members.REMOVE_USER, about="Project", with_id=True),
    ),
    Command("listProjectAccounts", list_project_accounts, Listing("projectaccount")),
)
