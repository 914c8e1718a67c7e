"""What an account leaves behind when it is deleted.

Rule 1: what forwards packets goes first, by its own deletion (`accounts_teardown`): an account that has got some of it in
    between stays.
Rule 2: everything else of it goes with it, in one transaction: what refers to others before what is referred to.
"""

from __future__ import annotations

from typing import Final

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid
from netloom.model.cloud.former import FormerOwner
from netloom.model.cloud.identity import Account, ApiKey, Project, ProjectMember, User
from netloom.model.cloud.limits import ResourceLimit
from netloom.model.cloud.networks import NetworkPermission
from netloom.model.cloud.projects import CustomProjectRole, ProjectInvitation
from netloom.model.cloud.record import Birth, Owned
from netloom.store import tables
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import BY_TABLE, BY_WORD

HELD: Final = ("instance", "network", "vpc", "public_ip", "vpn_connection", "remote_access_vpn")
"""What has to be given back first, by the words of the tables."""


async def remove_account(doing: Doing, account: Account) -> None:
    """Delete an account with all that is left of it.

    Raises:
        Conflict: it still has what has to be given back first (`account-in-use`).
    """
    await doing.write(lambda work: _remove(work, account))


def _remove(work: Work, account: Account) -> None:
    held = what_is_held(work, account.id)
    if held:
        raise Conflict(
            f"the account {account.name!r} ({account.id}) still has {held}",
            code="account-in-use",
            subject=f"account/{account.id}",
            hint="ask again, or delete these first",
        )
    for table in reversed(tables.metadata.sorted_tables):
        stored = BY_TABLE.get(table.name)
        if stored is None or not stored.spec.audited or not issubclass(stored.spec.record, Owned):
            continue
        c = columns(stored.spec.record)
        work.delete_all(work.records.select(stored.spec.record, c.account_id == account.id))
    forget_account(work, account)


def leave(work: Work, account_id: str, user_id: str | None = None) -> None:
    """Take an account, or one user of it, out of all projects, with the invitations to others."""
    for of_it in (ProjectMember, ProjectInvitation):
        c = columns(of_it)
        whose = c.account_id == account_id if user_id is None else c.user_id == user_id
        work.delete_all(work.records.select(of_it, whose))


def forget_account(work: Work, account: Account) -> None:
    """Take out an account that owns nothing, with its users and limits."""
    users = work.records.select(User, columns(User).account_id == account.id)
    work.delete_all(work.records.select(ApiKey, columns(ApiKey).user_id.in_([user.id for user in users])))
    leave(work, account.id)
    work.delete_all(users)
    work.delete_all(work.records.select(ResourceLimit, columns(ResourceLimit).account_id == account.id))
    opened = columns(NetworkPermission).account_id == account.id
    work.delete_all(work.records.select(NetworkPermission, opened))
    project = work.records.first(Project, columns(Project).account_id == account.id)
    if project is not None:
        for of_it in (ProjectMember, ProjectInvitation, CustomProjectRole):
            work.delete_all(work.records.select(of_it, columns(of_it).project_id == project.id))
        work.delete(project)
    work.delete(account)
    work.insert(
        FormerOwner(
            **born_as(work, account.id),
            name=account.name,
            project_id=None if project is None else project.id,
            project=None if project is None else project.name,
        )
    )


def born_as(work: Work, known_id: Uuid) -> Birth:
    """Identity and age of what is kept of something that is gone: its id stays."""
    birth = work.birth()
    birth["id"] = known_id
    return birth


def what_is_held(view: View, account_id: str) -> str:
    """What an account has that is not just rows, for people: `2 instances, 1 vpc`; empty when it has none of it."""
    counts: list[str] = []
    for word in HELD:
        stored = BY_WORD.get(word)
        if stored is not None and issubclass(stored.spec.record, Owned):
            count = view.records.count(
                stored.spec.record, columns(stored.spec.record).account_id == account_id
            )
            if count:
                counts.append(f"{count} {word.replace('_', ' ')}{'s' if count > 1 else ''}")
    return ", ".join(counts)
