"""Who comes into projects and how: invitations, and roles that a project's administrators make for its members.

Rule 1: an invitation is answered once; one that nobody answered in time is Expired without anybody writing it.
Rule 2: a role of a project takes away and never gives: what no rule of it fits, the member's own role decides.

    Pending -accept-> Completed        Pending -decline-> Declined
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from netloom.base.ids import Uuid
from netloom.model.cloud.identity import ProjectRole
from netloom.model.cloud.permissions import Permission, RoleRule, fits
from netloom.model.cloud.record import Owned, Record
from netloom.model.transitions import step


class InvitationState(enum.Enum):
    """EXPIRED is what a Pending one is after its time."""

    PENDING = "Pending"
    COMPLETED = "Completed"
    DECLINED = "Declined"
    EXPIRED = "Expired"


class InvitationEvent(enum.Enum):
    """What is answered."""

    ACCEPT = "accept"
    DECLINE = "decline"


INVITATION_TABLE: Final[Mapping[tuple[InvitationState, InvitationEvent], InvitationState]] = {
    (InvitationState.PENDING, InvitationEvent.ACCEPT): InvitationState.COMPLETED,
    (InvitationState.PENDING, InvitationEvent.DECLINE): InvitationState.DECLINED,
}


class ProjectInvitation(Owned, frozen=True, kw_only=True):
    """An account (its owner), or one user of it, asked into a project.

    Attributes:
        user_id: the user; None: the account with all its users.
        role, project_role_id: what they will be there.
        state: as it was written; see `state_at`.
        expires_at: until when it can be accepted.
    """

    project_id: Uuid
    user_id: Uuid | None = None
    role: ProjectRole = ProjectRole.REGULAR
    project_role_id: Uuid | None = None
    state: InvitationState = InvitationState.PENDING
    expires_at: datetime

    def state_at(self, at: datetime) -> InvitationState:
        """What it is at some time."""
        late = self.state is InvitationState.PENDING and at >= self.expires_at
        return InvitationState.EXPIRED if late else self.state


def answered(invitation: ProjectInvitation, event: InvitationEvent, at: datetime) -> InvitationState:
    """Where an answer takes an invitation.

    Raises:
        Conflict: it was answered before, or its time is over (`bad-transition`).
    """
    return step(INVITATION_TABLE, f"invitation {invitation.id}", invitation.state_at(at), event)


class CustomProjectRole(Record, frozen=True, kw_only=True):
    """What regular members of a project that have it may not do there; `rules`: the first that fits decides."""

    project_id: Uuid
    name: str
    description: str = ""
    rules: tuple[RoleRule, ...] = ()


def denied(role: CustomProjectRole, command: str) -> bool:
    """Whether a role of a project forbids a command (letters in either case)."""
    wanted = command.lower()
    for rule in role.rules:
        if fits(rule.pattern.lower(), wanted):
            return rule.permission is Permission.DENY
    return False
