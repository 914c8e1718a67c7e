"""Users of accounts.

Rule 1: users change themselves; others only who administers their account.
Rule 2: a password comes here hashed (`identity_passwords.hashed`), never plain.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.accounts_cleanup import leave
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.identity_passwords import checked_hash
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    Account,
    AccountState,
    AccountType,
    ApiKey,
    Domain,
    User,
    checked_login,
    checked_text,
    sees,
)
from netloom.model.cloud.permissions import check_chosen_id, check_rank
from netloom.model.cloud.record import AccountId
from netloom.store.cloud.records import columns


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user that shall be; `password` hashed."""

    username: str
    password: str
    first_name: str
    last_name: str
    email: str
    timezone: str | None = None
    user_id: Uuid | None = None


class CreateUser(msgspec.Struct, frozen=True, kw_only=True):
    """Add a user to an account."""

    user: NewUser
    account: str
    domain_id: Uuid | None = None


class UpdateUser(msgspec.Struct, frozen=True, kw_only=True):
    """Change a user; what is None stays. `password` hashed."""

    id: Uuid
    username: str | None = None
    password: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    timezone: str | None = None


class OfUser(msgspec.Struct, frozen=True, kw_only=True):
    """Enable, disable, lock or delete a user."""

    id: Uuid


class MoveUser(msgspec.Struct, frozen=True, kw_only=True):
    """Put a user into another account of its domain."""

    id: Uuid
    account_id: Uuid


def add_user(work: Work, account: Account, new: NewUser) -> User:
    """A user of an account.

    Raises:
        Conflict: the domain has a user of that name (`user-taken`).
    """
    name = checked_login(new.username, "username")
    _free(work, account, name)
    check_chosen_id(work.caller, new.user_id, "userid")
    birth = work.birth()
    if new.user_id is not None:
        birth["id"] = new.user_id
    return work.insert(
        User(
            **birth,
            username=name,
            account_id=AccountId(account.id),
            domain_id=account.domain_id,
            password=checked_hash(new.password),
            first_name=checked_text(new.first_name, "firstname"),
            last_name=checked_text(new.last_name, "lastname"),
            email=checked_text(new.email, "email"),
            timezone=None if new.timezone is None else checked_text(new.timezone, "timezone"),
        )
    )


def user_seen(view: View, user_id: str, subject: str = "id") -> User:
    """A user that the caller sees: of its own account, or of one that it administers.

    Raises:
        NotFound: there is none.
    """
    user = view.records.get(User, user_id)
    domain = None if user is None else view.records.get(Domain, user.domain_id)
    if user is None or domain is None or not sees(view.caller, user.account_id, domain.path):
        raise missing(User, user_id, subject)
    return user


def user_changed_by(work: Work, user_id: str) -> User:
    """A user that the caller may change: itself, or one of an account that it administers and that is not above it.

    Raises:
        NotFound: there is none that it sees.
        Forbidden: it is another user of the caller's account, or one above the caller.
    """
    user = user_seen(work, user_id)
    if user.id == work.caller.user_id:
        return user
    account = work.records.get(Account, user.account_id)
    if account is None or not work.caller.is_admin:
        raise Forbidden(
            f"the user {user.username!r} ({user.id}) is changed by itself or by an administrator",
            code="not-permitted",
            subject="id",
        )
    check_rank(work.caller, account.type, "id")
    return user


def _create(work: Work, request: CreateUser) -> User:
    account = work.owner(request.account, request.domain_id, None)
    check_rank(work.caller, account.type, "id")
    return add_user(work, account, request.user)


def _update(work: Work, request: UpdateUser) -> User:
    user = user_changed_by(work, request.id)
    if request.username is not None and request.username != user.username:
        account = work.get(Account, user.account_id)
        name = checked_login(request.username, "username")
        _free(work, account, name)
        user = msgspec.structs.replace(user, username=name)
    texts = {
        field: checked_text(value, field.replace("_", ""))
        for field, value in (
            ("first_name", request.first_name),
            ("last_name", request.last_name),
            ("email", request.email),
            ("timezone", request.timezone),
        )
        if value is not None
    }
    if request.password is not None:
        texts["password"] = checked_hash(request.password)
    return work.update(msgspec.structs.replace(user, **texts))


def _enable(work: Work, request: OfUser) -> User:
    return _to(work, request.id, AccountState.ENABLED)


def _disable(work: Work, request: OfUser) -> User:
    return _to(work, request.id, AccountState.DISABLED)


def _lock(work: Work, request: OfUser) -> User:
    return _to(work, request.id, AccountState.LOCKED)


def _delete(work: Work, request: OfUser) -> User:
    user = _of_another(work, request.id)
    work.delete_all(work.records.select(ApiKey, columns(ApiKey).user_id == user.id))
    leave(work, user.account_id, user.id)
    work.delete(user)
    return user


def _move(work: Work, request: MoveUser) -> User:
    user = _of_another(work, request.id)
    account = work.get(Account, request.account_id, "accountid")
    check_rank(work.caller, account.type, "accountid")
    if account.domain_id != user.domain_id or account.type is AccountType.PROJECT:
        raise InvalidInput(
            f"the account {account.name!r} ({account.id}) is of another domain than the user {user.username!r}, "
            "or a project's",
            subject="accountid",
            hint="an account of the user's domain",
        )
    if account.id != user.account_id:
        leave(work, user.account_id, user.id)
    return work.update(msgspec.structs.replace(user, account_id=AccountId(account.id)))


async def _done(_doing: Doing, _user: User) -> None:
    """A user that is disabled runs nothing that would have to be stopped."""


def _to(work: Work, user_id: Uuid, state: AccountState) -> User:
    return work.update(msgspec.structs.replace(_of_another(work, user_id), state=state))


def _of_another(work: Work, user_id: Uuid) -> User:
    user = user_changed_by(work, user_id)
    if user.is_default or user.id == work.caller.user_id:
        raise Conflict(
            f"the user {user.username!r} ({user.id}) is one that netloom needs, or the caller itself",
            code="default-user",
            subject="id",
        )
    return user


def _free(work: Work, account: Account, name: str) -> None:
    c = columns(User)
    if work.records.exists(User, c.domain_id == account.domain_id, c.username == name):
        raise Conflict(
            f"there is a user {name!r} in the domain {account.domain_id} already",
            code="user-taken",
            subject="username",
            hint="another name: users of a domain have different ones",
        )


CREATE = UseCase(
    name="user.create",
    command="createUser",
    request=CreateUser,
    begin=_create,
    event="USER.CREATE",
    text=lambda user: f"create user {user.username}",
)
UPDATE = UseCase(
    name="user.update",
    command="updateUser",
    request=UpdateUser,
    begin=_update,
    event="USER.UPDATE",
    text=lambda user: f"update user {user.username}",
)
ENABLE = UseCase(
    name="user.enable",
    command="enableUser",
    request=OfUser,
    begin=_enable,
    event="USER.ENABLE",
    text=lambda user: f"enable user {user.username}",
)
LOCK = UseCase(
    name="user.lock",
    command="lockUser",
    request=OfUser,
    begin=_lock,
    event="USER.LOCK",
    text=lambda user: f"lock user {user.username}",
)
DISABLE = UseCase(
    name="user.disable",
    command="disableUser",
    request=OfUser,
    begin=_disable,
    apply=_done,
    event="USER.DISABLE",
    text=lambda user: f"disable user {user.username}",
)
DELETE = UseCase(
    name="user.delete",
    command="deleteUser",
    request=OfUser,
    begin=_delete,
    event="USER.DELETE",
    text=lambda user: f"delete user {user.username}",
)
MOVE = UseCase(
    name="user.move",
    command="moveUser",
    request=MoveUser,
    begin=_move,
    event="USER.MOVE",
    text=lambda user: f"move user {user.username} to the account {user.account_id}",
)
USE_CASES = (CREATE, UPDATE, ENABLE, LOCK, DISABLE, DELETE, MOVE)
