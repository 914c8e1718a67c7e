"""Whether a caller's role allows a command, and the use cases that make and change roles.

Rule 1: permission is asked per command and transaction, with the role as it is then: taking a right away works at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netloom.base.errors import Forbidden
from netloom.model.cloud.identity import CallerKind
from netloom.model.cloud.permissions import ROOT_ADMIN_ROLE, Role, allowed

if TYPE_CHECKING:
    from netloom.app.cloud.work import View


def check_permission(view: View, command: str) -> None:
    """Let a command pass.

    Raises:
        Forbidden: the caller's role does not allow it (`not-permitted`).
    """
    caller = view.caller
    if caller.kind is CallerKind.SYSTEM or caller.role_id == ROOT_ADMIN_ROLE:
        return
    role = None if caller.role_id is None else view.records.get(Role, caller.role_id)
    if role is None or not allowed(role, command):
        name = "no role" if role is None else f"the role {role.name!r}"
        raise Forbidden(
            f"{caller.name} has {name}, which does not allow {command}",
            code="not-permitted",
            subject=command,
            hint="an administrator can allow it in the role's permissions",
        )
