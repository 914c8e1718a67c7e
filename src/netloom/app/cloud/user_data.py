"""User data under a name: kept once, given to many instances.

Rule 1: what an instance or a template gets its user data from is not deleted under it.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.instances_terms import check_display, check_room, check_user_data
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance, Template, UserData
from netloom.store.cloud.records import columns


class RegisterUserData(msgspec.Struct, frozen=True, kw_only=True):
    """User data, base64; `params`: names of what varies in it, for people."""

    name: str
    data: str
    params: tuple[str, ...] = ()
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


class DeleteUserData(msgspec.Struct, frozen=True, kw_only=True):
    """Which."""

    id: Uuid


def _register(work: Work, request: RegisterUserData) -> UserData:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    check_room(work, UserData, owner)
    return work.insert(
        UserData(
            **work.owned(owner),
            name=check_display(request.name, "name"),
            data=check_user_data(request.data),
            params=tuple(check_display(each, "params") for each in request.params[:64]),
        )
    )


def _delete(work: Work, request: DeleteUserData) -> UserData:
    found = work.get(UserData, request.id)
    for record_type, word in ((Instance, "instances"), (Template, "templates")):
        used = work.records.count(record_type, columns(record_type).user_data_id == found.id)
        if used:
            raise Conflict(
                f"user data {found.name} ({found.id}) is given to {used} {word}",
                code="in-use",
                subject="id",
                hint="give them other user data first",
            )
    work.delete(found)
    return found


REGISTER = UseCase(
    name="user_data.register",
    command="registerUserData",
    event="REGISTER.USER.DATA",
    request=RegisterUserData,
    begin=_register,
)
DELETE = UseCase(
    name="user_data.delete",
    command="deleteUserData",
    event="DELETE.USER.DATA",
    request=DeleteUserData,
    begin=_delete,
)
USE_CASES = (REGISTER, DELETE)
