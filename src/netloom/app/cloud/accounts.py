"""Making, changing and deleting accounts. The first user comes with an account.

Rule 1: nobody makes an account that may do more than they may themselves.
Rule 2: an account whose deletion failed stays disabled, with what is left of it; asking again goes on.
Rule 3: a password comes here hashed (`identity_passwords.hashed`): no transaction waits for it, no job remembers it.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.accounts_cleanup import remove_account
from netloom.app.cloud.accounts_teardown import check_unprotected, tear_down
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.domains import domain_seen
from netloom.app.cloud.identity_users import NewUser, add_user
from netloom.app.cloud.security_groups import add_default
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    Account,
    AccountState,
    AccountType,
    Domain,
    DomainState,
    checked_login,
    checked_text,
    sees,
)
from netloom.model.cloud.permissions import ROLE_OF_TYPE, Role, check_chosen_id, check_rank
from netloom.model.cloud.record import DomainId
from netloom.store.cloud.records import columns


class CreateAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Make an account with a user; named as the user unless told otherwise. `type` and `role_id`: one says the other."""

    user: NewUser
    name: str | None = None
    domain_id: Uuid | None = None
    type: AccountType | None = None
    role_id: Uuid | None = None
    network_domain: str | None = None
    account_id: Uuid | None = None


class UpdateAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Change an account; what is None stays."""

    id: Uuid
    name: str | None = None
    role_id: Uuid | None = None
    network_domain: str | None = None


class ChangeState(msgspec.Struct, frozen=True, kw_only=True):
    """Enable, disable or lock an account."""

    id: Uuid


class DisableAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Disable an account; `lock` leaves what it runs alone and is undone by enabling all the same."""

    id: Uuid
    lock: bool = False


def account_seen(view: View, account_id: str, subject: str = "id") -> Account:
    """An account that the caller sees.

    Raises:
        NotFound: there is none.
    """
    account = view.records.get(Account, account_id)
    domain = None if account is None else view.records.get(Domain, account.domain_id)
    if account is None or domain is None or not sees(view.caller, account.id, domain.path):
        raise missing(Account, account_id, subject)
    return account


def _create(work: Work, request: CreateAccount) -> Account:
    domain = domain_seen(work, request.domain_id or work.caller.domain_id)
    if domain.state is not DomainState.ACTIVE:
        raise Conflict(
            f"the domain {domain.name!r} ({domain.id}) is being deleted",
            code="domain-inactive",
            subject="domainid",
        )
    role = _role(work, request.type, request.role_id)
    if role.type is AccountType.ADMIN and domain.parent_id is not None:
        raise InvalidInput(
            f"the role {role.name!r} is for accounts of the domain ROOT",
            subject="roleid",
            hint="a role of another type",
        )
    name = checked_login(request.name or request.user.username, "account")
    c = columns(Account)
    if work.records.exists(Account, c.domain_id == domain.id, c.name == name):
        raise Conflict(
            f"there is an account {name!r} in the domain {domain.name!r} already",
            code="account-taken",
            subject="account",
            hint="another name, or createUser for another user of it",
        )
    check_chosen_id(work.caller, request.account_id, "accountid")
    birth = work.birth()
    if request.account_id is not None:
        birth["id"] = request.account_id
    account = work.insert(
        Account(
            **birth,
            name=name,
            domain_id=DomainId(domain.id),
            type=role.type,
            role_id=role.id,
            network_domain=_network_domain(request.network_domain),
        )
    )
    add_default(work, account)
    add_user(work, account, request.user)
    return account


def _update(work: Work, request: UpdateAccount) -> Account:
    account = _administered(work, request.id)
    if request.role_id is not None and request.role_id != account.role_id:
        if account.is_default:
            raise Conflict(
                f"the account {account.name!r} keeps its role", code="default-account", subject="roleid"
            )
        role = _role(work, None, request.role_id)
        if (role.type is AccountType.ADMIN) != (account.type is AccountType.ADMIN):
            raise InvalidInput(
                f"the role {role.name!r} is of type {role.type.value}, the account of {account.type.value}",
                subject="roleid",
                hint="a role of the account's type",
            )
        account = msgspec.structs.replace(account, role_id=role.id, type=role.type)
    if request.name is not None:
        account = msgspec.structs.replace(account, name=checked_login(request.name, "newname"))
    if request.network_domain is not None:
        account = msgspec.structs.replace(account, network_domain=_network_domain(request.network_domain))
    return work.update(account)


def _enable(work: Work, request: ChangeState) -> Account:
    return _to(work, request.id, AccountState.ENABLED)


def _lock(work: Work, request: ChangeState) -> Account:
    return _to(work, request.id, AccountState.LOCKED)


def _disable(work: Work, request: DisableAccount) -> Account:
    return _to(work, request.id, AccountState.LOCKED if request.lock else AccountState.DISABLED)


def _begin_delete(work: Work, request: ChangeState) -> Account:
    account = _administered(work, request.id)
    if account.is_default or account.id == work.caller.account_id:
        raise Conflict(
            f"the account {account.name!r} ({account.id}) is one that netloom needs, or the caller's own",
            code="default-account",
            subject="id",
        )
    if account.type is AccountType.PROJECT:
        raise InvalidInput(
            f"the account {account.name!r} is a project's", subject="id", hint="delete the project instead"
        )
    check_unprotected(work, [account.id])
    return work.update(msgspec.structs.replace(account, state=AccountState.DISABLED))


async def _apply_delete(doing: Doing, account: Account) -> None:
    await tear_down(doing, [account])
    await remove_account(doing, account)


async def _done(_doing: Doing, _account: Account) -> None:
    """Disabling stops nothing that runs: it is done when it is written."""


def _to(work: Work, account_id: Uuid, state: AccountState) -> Account:
    account = _administered(work, account_id)
    if account.id == work.caller.account_id or (account.is_default and state is not AccountState.ENABLED):
        raise Conflict(
            f"the account {account.name!r} ({account.id}) is one that netloom needs, or the caller's own",
            code="default-account",
            subject="id",
        )
    return work.update(msgspec.structs.replace(account, state=state))


def _administered(work: Work, account_id: Uuid) -> Account:
    """An account that the caller may change: one that it sees and that may not do more than itself."""
    account = account_seen(work, account_id)
    check_rank(work.caller, account.type, "id")
    return account


def _role(work: Work, account_type: AccountType | None, role_id: Uuid | None) -> Role:
    if role_id is None and account_type is None:
        raise InvalidInput(
            "neither a role nor an account type was given",
            subject="roleid",
            hint="give roleid or accounttype",
        )
    if role_id is None and account_type is not None:
        role_id = ROLE_OF_TYPE[account_type]
    role = None if role_id is None else work.records.get(Role, role_id)
    if role is None or (not role.is_public and not work.caller.is_root):
        raise missing(Role, role_id or "", "roleid")
    if account_type is not None and role.type is not account_type:
        raise InvalidInput(
            f"the role {role.name!r} is of type {role.type.value}",
            subject="accounttype",
            hint=f"leave the type out, or give that of {role.type.value}",
        )
    check_rank(work.caller, role.type, "roleid")
    return role


def _network_domain(text: str | None) -> str | None:
    return None if text is None else checked_text(text, "networkdomain")


CREATE = UseCase(
    name="account.create",
    command="createAccount",
    request=CreateAccount,
    begin=_create,
    event="ACCOUNT.CREATE",
)
UPDATE = UseCase(
    name="account.update",
    command="updateAccount",
    request=UpdateAccount,
    begin=_update,
    event="ACCOUNT.UPDATE",
)
ENABLE = UseCase(
    name="account.enable", command="enableAccount", request=ChangeState, begin=_enable, event="ACCOUNT.ENABLE"
)
LOCK = UseCase(
    name="account.lock", command="lockAccount", request=ChangeState, begin=_lock, event="ACCOUNT.LOCK"
)
DISABLE = UseCase(
    name="account.disable",
    command="disableAccount",
    request=DisableAccount,
    begin=_disable,
    apply=_done,
    event="ACCOUNT.DISABLE",
)
DELETE = UseCase(
    name="account.delete",
    command="deleteAccount",
    request=ChangeState,
    begin=_begin_delete,
    apply=_apply_delete,
    event="ACCOUNT.DELETE",
    queue=lambda _: "domains",
)
USE_CASES = (CREATE, UPDATE, ENABLE, LOCK, DISABLE, DELETE)
