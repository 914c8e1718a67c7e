"""Invitations to projects: made where `project.invite.required` is set, answered by who is invited.

Rule 1: an invitation belongs to the account that is invited, which sees it; who administers the project sees it too.
Rule 2: there is one open invitation for somebody to a project; a new one takes the place of those that are over.
"""

from __future__ import annotations

import datetime as dt

import msgspec
from sqlalchemy import and_, or_, select

from netloom.app.cloud import configuration
from netloom.app.cloud.doing import Doing, nothing_more
from netloom.app.cloud.identity_owner import named
from netloom.app.cloud.projects_seats import Seat, administers, check_outside, join, seat_of
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.visibility import Scope, as_member, visible
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    CallerKind,
    Project,
    ProjectMember,
    ProjectRole,
    ProjectState,
)
from netloom.model.cloud.projects import InvitationEvent, InvitationState, ProjectInvitation, answered
from netloom.store.cloud.records import Where, columns
from netloom.store.times import to_microseconds


class AnswerInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Accept an invitation, or decline it: one's own, or of an account that one acts for.

    Attributes:
        id: which; or
        project_id: the one to this project, of the account or the user that is named, or the caller's own.
    """

    id: Uuid | None = None
    project_id: Uuid | None = None
    account: str | None = None
    user_id: Uuid | None = None
    accept: bool = True


class OneInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """The invitation to delete."""

    id: Uuid


def invite(
    work: Work, project: Project, seat: Seat, role: ProjectRole, project_role_id: Uuid | None
) -> ProjectInvitation:
    """Ask somebody into a project.

    Raises:
        Conflict: they are asked already (`project-invitation-taken`).
    """
    for each in _of(work, project.id, seat):
        if each.state_at(work.at) is InvitationState.PENDING:
            raise Conflict(
                f"{seat} is invited to the project {project.name!r} until {each.expires_at:%Y-%m-%d %H:%M} UTC ({each.id})",
                code="project-invitation-taken",
                subject="account" if seat.user is None else "username",
                hint="wait for the answer, or delete that invitation",
            )
        work.delete(each)
    lasts = dt.timedelta(seconds=configuration.number(work, "project.invite.timeout"))
    return work.insert(
        ProjectInvitation(
            **work.owned(seat.account),
            project_id=project.id,
            user_id=None if seat.user is None else seat.user.id,
            role=role,
            project_role_id=project_role_id,
            expires_at=work.at + lasts,
        )
    )


def _of(view: View, project_id: str, seat: Seat) -> list[ProjectInvitation]:
    c = columns(ProjectInvitation)
    whose = c.user_id.is_(None) if seat.user is None else c.user_id == seat.user.id
    return view.records.select(
        ProjectInvitation, c.project_id == project_id, c.account_id == seat.account.id, whose
    )


def _begin_answer(work: Work, request: AnswerInvitation) -> ProjectInvitation:
    invitation = _asked(work, request)
    event = InvitationEvent.ACCEPT if request.accept else InvitationEvent.DECLINE
    state = answered(invitation, event, work.at)
    if state is InvitationState.COMPLETED:
        project = work.records.get(Project, invitation.project_id)
        if project is None:
            raise missing(Project, invitation.project_id, "projectid")
        if project.state is ProjectState.DISABLED:
            raise Conflict(
                f"the project {project.name!r} ({project.id}) is being deleted",
                code="project-disabled",
                subject="projectid",
            )
        seat = seat_of(work, invitation.account_id, invitation.user_id)
        check_outside(work, project, seat)
        join(work, project, seat, invitation.role, invitation.project_role_id)
    return work.update(msgspec.structs.replace(invitation, state=state))


def _asked(work: Work, request: AnswerInvitation) -> ProjectInvitation:
    """The invitation that an answer is to.

    Raises:
        InvalidInput: neither it nor the project was named.
        NotFound: there is none that the caller may answer.
    """
    c = columns(ProjectInvitation)
    if request.id is not None:
        found = work.get(ProjectInvitation, request.id)
        if may_answer(work, found):
            return found
        raise missing(ProjectInvitation, request.id, "id")
    if request.project_id is None:
        raise InvalidInput("which invitation is not said", subject="projectid", hint="give the project")
    account_id: Uuid = work.caller.account_id
    if request.account is not None:
        project = work.records.get(Project, request.project_id)
        account_id = named(work, request.account, None if project is None else project.domain_id).id
    conditions: list[Where] = [c.project_id == request.project_id]
    if request.user_id is not None:
        conditions.append(c.user_id == request.user_id)
    else:
        conditions.append(c.account_id == account_id)
    there = [each for each in work.records.select(ProjectInvitation, *conditions) if may_answer(work, each)]
    # one's own comes before that of the whole account, and an open one before those that are over
    there.sort(
        key=lambda each: (each.state is not InvitationState.PENDING, each.user_id is None, -each.number)
    )
    if not there:
        raise NotFound(
            f"there is no invitation to the project {request.project_id!r} that the caller can answer",
            code="project-invitation-not-found",
            subject="projectid",
        )
    return there[0]


def may_answer(view: View, invitation: ProjectInvitation) -> bool:
    """Whether the caller is who was invited, or acts for them."""
    caller = view.caller
    if caller.account_id == invitation.account_id and caller.kind is CallerKind.USER:
        return invitation.user_id in {None, caller.user_id}
    return view.find(ProjectInvitation, invitation.id) is not None and (
        caller.is_admin or caller.account_id == invitation.account_id
    )


def _begin_delete(work: Work, request: OneInvitation) -> ProjectInvitation:
    """One that the caller may take back (who administers the project) or throw away (who is invited)."""
    found = work.records.get(ProjectInvitation, request.id)
    project = None if found is None else work.records.get(Project, found.project_id)
    if found is None or project is None:
        raise missing(ProjectInvitation, request.id, "id")
    invited_here = found.domain_id == project.domain_id
    if not may_answer(work, found) and not (invited_here and administers(work, project)):
        raise missing(ProjectInvitation, request.id, "id")
    return found


async def _apply_delete(_doing: Doing, invitation: ProjectInvitation) -> Ending:
    def ending(work: Work) -> None:
        now = work.records.get(ProjectInvitation, invitation.id)
        if now is not None:
            work.delete(now)

    return ending


def invitations_visible(view: View, scope: Scope) -> list[Where]:
    """The conditions of a list: invitations of whom the scope names, and those to projects that the caller administers."""
    c, m = columns(ProjectInvitation), columns(ProjectMember)
    mine = visible(c, view.caller, scope)
    if view.caller.kind is not CallerKind.USER or not mine:
        return mine
    to_mine = select(m.project_id).where(m.role == ProjectRole.ADMIN.value, *as_member(view.caller))
    own_user = or_(c.user_id.is_(None), c.user_id == view.caller.user_id)
    theirs = and_(c.project_id.in_(to_mine), c.domain_id == view.caller.domain_id)
    return [or_(and_(*mine, own_user), theirs)]


def in_state(state: InvitationState, view: View) -> list[Where]:
    """The conditions of being in a state now."""
    c, now = columns(ProjectInvitation), to_microseconds(view.at)
    if state is InvitationState.EXPIRED:
        return [c.state == InvitationState.PENDING.value, c.expires_at <= now]
    if state is InvitationState.PENDING:
        return [c.state == state.value, c.expires_at > now]
    return [c.state == state.value]


ANSWER = UseCase(
    name="project_invitation.answer",
    command="updateProjectInvitation",
    request=AnswerInvitation,
    begin=_begin_answer,
    apply=nothing_more,
    event="PROJECT.INVITATION.UPDATE",
)
DELETE = UseCase(
    name="project_invitation.delete",
    command="deleteProjectInvitation",
    request=OneInvitation,
    begin=_begin_delete,
    apply=_apply_delete,
    event="PROJECT.INVITATION.REMOVE",
)
USE_CASES = (ANSWER, DELETE)
