"""Who may use the remote access VPNs of an account.

Rule 1: a user's name is unique in its account; while one is being revoked it can be added again only when it is gone.
Rule 2: a password is sealed at once, and no answer and no event has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import ended, take_out, withdraw
from netloom.app.cloud.untold import VPN_USERS
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpn_remote import bring_vpn
from netloom.app.cloud.vpn_secrets import password_place
from netloom.app.cloud.work import View, Work, missing
from netloom.base.errors import Conflict, Exhausted, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.rules import RuleEvent, RuleState, next_rule_state
from netloom.model.cloud.untold import WHOLE, Mark
from netloom.model.cloud.vpn import RemoteAccessVpn, RemoteVpnState, VpnUser, check_user
from netloom.store.cloud.records import columns

Q = TypeVar("Q", bound=msgspec.Struct)


class AddVpnUser(msgspec.Struct, frozen=True, kw_only=True):
    """A new user of an account's VPNs."""

    username: str
    password: str
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


class RemoveVpnUser(msgspec.Struct, frozen=True, kw_only=True):
    """Which user, of which account."""

    username: str
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


def _add(work: Work, request: AddVpnUser) -> VpnUser:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    check_user(request.username, request.password)
    other = _of(work, owner, request.username)
    if other is not None:
        raise Conflict(
            f"account {owner.name} ({owner.id}) has VPN user {request.username!r} already ({other.id})",
            code="vpn-user-taken",
            subject="username",
            hint="another name, or remove that one first",
        )
    most = configuration.number(work, "remote.access.vpn.user.limit")
    if work.records.count(VpnUser, columns(VpnUser).account_id == owner.id) >= most:
        raise Exhausted(
            f"account {owner.name} ({owner.id}) has {most} VPN users, the most there may be",
            code="vpn-user-limit",
            subject="username",
            hint="an operator can raise remote.access.vpn.user.limit",
        )
    birth = work.owned(owner)
    sealed = work.backends.vault.seal(request.password, password_place(birth["id"]))
    return work.insert(VpnUser(**birth, username=request.username, password=sealed))


def _remove(work: Work, request: RemoveVpnUser) -> VpnUser:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    user = _of(work, owner, request.username)
    if user is None:
        raise missing(VpnUser, request.username, "username")
    state = next_rule_state(user.state, RuleEvent.REVOKE)
    return work.update(msgspec.structs.replace(user, state=state))


def _of(view: View, owner: Account, username: str) -> VpnUser | None:
    """An account's user of this name."""
    c = columns(VpnUser)
    return view.records.first(VpnUser, c.account_id == owner.id, c.username == username)


def _vpns(view: View, account_id: Uuid) -> list[RemoteAccessVpn]:
    c = columns(RemoteAccessVpn)
    return view.records.select(
        RemoteAccessVpn, c.account_id == account_id, c.state == RemoteVpnState.RUNNING.value
    )


async def bring_users(doing: Doing, account_id: Uuid) -> None:
    """Have all VPNs of an account have its users as they stand; raises as `bring_vpn`."""
    vpns = await doing.read(lambda view: _vpns(view, account_id))
    with doing.telling([Mark(_line(account_id), WHOLE)]):
        for vpn in vpns:
            await bring_vpn(doing, vpn)


def _line(account_id: Uuid) -> str:
    return f"{VPN_USERS}/{account_id}"


async def _tell(doing: Doing, user: VpnUser) -> Ending:
    """Have the account's VPNs have its users as they stand, this one among them or not."""
    await bring_users(doing, Uuid(user.account_id))
    return ended(user, end_user, _leaves)


def _leaves(user: VpnUser) -> bool:
    return user.state is RuleState.REVOKE


def end_user(work: Work, user: VpnUser) -> None:
    """Keep that a user is as all VPNs of its account were told: there, or gone."""
    if _leaves(user):
        take_out(work, user)
    else:
        work.update(msgspec.structs.replace(user, state=next_rule_state(user.state, RuleEvent.APPLY)))


def _case(
    verb: str,
    request: type[Q],
    begin: Callable[[Work, Q], VpnUser],
    undo: Callable[[Work, VpnUser, NetloomError], None] | None = None,
) -> UseCase[Q, VpnUser]:
    """Adding or removing: those of an account one after the other."""
    return UseCase(
        name=f"vpn_user.{verb}",
        command=f"{verb}VpnUser",
        event=f"VPN.USER.{verb.upper()}",
        request=request,
        begin=begin,
        text=lambda user: f"{verb} VPN user {user.username}",
        apply=_tell,
        undo=undo,
        queue=lambda user: _line(Uuid(user.account_id)),
    )


ADD = _case("add", AddVpnUser, _add, withdraw)
REMOVE = _case("remove", RemoveVpnUser, _remove)
USE_CASES = (ADD, REMOVE)
