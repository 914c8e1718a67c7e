"""What members of a project may not do in it, although their own roles allow it.

Rule 1: who administers a project, or the domain that it is in, is bound by no role of it.
Rule 2: it is asked of whatever a use case is about, in its transaction: naming a thing by its id goes round nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netloom.app.cloud.visibility import as_member
from netloom.base.errors import Forbidden
from netloom.model.cloud.identity import Domain, Project, ProjectMember, ProjectRole, sees
from netloom.model.cloud.projects import CustomProjectRole, denied
from netloom.store.cloud.records import columns

if TYPE_CHECKING:
    from netloom.app.cloud.work import View


def check_in_project(view: View, account_id: str, command: str) -> None:
    """Let a command about something pass that an account owns.

    Args:
        view: as whoever asks sees.
        account_id: the owner: only a project's account is looked at further.
        command: what is asked for.

    Raises:
        Forbidden: the caller's role in the project does not allow it (`not-permitted`).
    """
    caller = view.caller
    if caller.is_root or account_id == caller.account_id:
        return
    project = view.records.first(Project, columns(Project).account_id == account_id)
    if project is not None:
        check_command(view, project, command)


def check_command(view: View, project: Project, command: str) -> None:
    """The same for a project that is known."""
    caller = view.caller
    domain = view.records.get(Domain, project.domain_id)
    if caller.is_root or (domain is not None and sees(caller, project.account_id, domain.path)):
        return
    c = columns(ProjectMember)
    seats = view.records.select(ProjectMember, c.project_id == project.id, *as_member(caller))
    if not seats or any(seat.role is ProjectRole.ADMIN for seat in seats):
        return
    own = next((seat for seat in seats if seat.user_id is not None), seats[0])
    role = None if own.project_role_id is None else view.records.get(CustomProjectRole, own.project_role_id)
    if role is not None and denied(role, command):
        raise Forbidden(
            f"{caller.name} has the role {role.name!r} in the project {project.name!r}, which denies {command}",
            code="not-permitted",
            subject=command,
            hint="an administrator of the project can change the role, or give another one",
        )
