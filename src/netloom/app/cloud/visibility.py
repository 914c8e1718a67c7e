"""Which records a caller sees, as conditions of a query: the same rule as `model.cloud.identity.sees`, said in SQL.

Rule 1: what a caller may not see fails a condition here and is then *not there*; no use case asks afterwards.
Rule 2: a scope only narrows: whatever a client asks for, what it may not see stays out.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.sql import ColumnCollection

from netloom.base.ids import Uuid
from netloom.model.cloud.identity import (
    ROOT_DOMAIN_ID,
    ROOT_PATH,
    SYSTEM_ACCOUNT_ID,
    Account,
    Caller,
    CallerKind,
    Domain,
    Project,
    ProjectMember,
    User,
)
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.record import AccountId, Owned, Record
from netloom.store.cloud.records import columns

Columns = ColumnCollection[str, ColumnElement[Any]]
Where = ColumnElement[bool]


class Projects(enum.Enum):
    """Whether what projects own is among it: clients that do not name projects do not expect their things."""

    INCLUDED = "included"
    LEFT_OUT = "left-out"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Owning:
    """The two columns of an owned kind that say whose a row is."""

    account_id: ColumnElement[Any]
    domain_id: ColumnElement[Any]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what a caller sees a list shall hold; by itself: what the caller's own account owns.

    Attributes:
        everything: all that the caller sees.
        account_ids: only what these accounts own.
        domain_id: only what accounts of this domain own.
        domain_path: only what accounts of this domain and those under it own.
        projects: whether projects' things are among it.
    """

    everything: bool = False
    account_ids: tuple[AccountId, ...] | None = None
    domain_id: Uuid | None = None
    domain_path: str | None = None
    projects: Projects = Projects.INCLUDED


def visible(
    owned: Columns | Owning, caller: Caller, scope: Scope, *, shared: Sequence[Where] = ()
) -> list[Where]:
    """The conditions that records of an owned kind have to fulfil to be in a caller's list.

    Args:
        owned: the columns of the kind, with `account_id` and `domain_id`.
        caller: who asks.
        scope: what for.
        shared: what makes a record visible whoever owns it (a network that is shared with the caller's domain).
    """
    conditions: list[Where] = []
    if not caller.is_root:
        conditions.append(or_(*_reach(owned, caller), *shared))
    narrowed = False
    if scope.account_ids is not None:
        narrowed = True
        conditions.append(owned.account_id.in_(scope.account_ids))
    if scope.domain_id is not None:
        narrowed = True
        conditions.append(owned.domain_id == scope.domain_id)
    if scope.domain_path is not None:
        narrowed = True
        if scope.domain_path != ROOT_PATH:
            conditions.append(owned.domain_id.in_(_domains_under(scope.domain_path)))
    if not narrowed and not scope.everything:
        conditions.append(or_(owned.account_id == caller.account_id, *shared))
    if scope.projects is Projects.LEFT_OUT:
        conditions.append(owned.account_id.not_in(_project_accounts()))
    elif scope.projects is Projects.ONLY:
        conditions.append(owned.account_id.in_(_project_accounts()))
    return conditions


def accounts_visible(account: Columns, caller: Caller, scope: Scope) -> list[Where]:
    """The same for accounts themselves: each is its own owner."""
    return visible(Owning(account.id, account.domain_id), caller, scope)


def domains_visible(domain: Columns, caller: Caller) -> list[Where]:
    """The same for domains themselves: the caller's own and, for administrators, those under it."""
    if caller.is_root:
        return []
    if caller.kind is CallerKind.DOMAIN_ADMIN:
        return [under(domain.path, caller.domain_path)]
    return [domain.id == caller.domain_id]


def reached(record_type: type[Record], caller: Caller) -> list[Where]:
    """The conditions that one record of a kind has to fulfil to be there for a caller; nothing for what everybody knows."""
    if caller.is_root:
        return []
    c = columns(record_type)
    if (
        record_type is Job and caller.user_id is not None
    ):  # who asked may see what became of it, whosever the thing is
        return visible(c, caller, Scope(everything=True), shared=[c.user_id == caller.user_id])
    if issubclass(record_type, Owned) or record_type in {User, Project}:
        return visible(c, caller, Scope(everything=True))
    if record_type is Account:
        return accounts_visible(c, caller, Scope(everything=True))
    return domains_visible(c, caller) if record_type is Domain else []


def system_caller(job: Job | None = None) -> Caller:
    """The caller that netloom itself is, in the name of whoever asked for a job when there is one."""
    return Caller(
        user_id=None if job is None else job.user_id,
        account_id=SYSTEM_ACCOUNT_ID if job is None else job.account_id,
        domain_id=ROOT_DOMAIN_ID if job is None else job.domain_id,
        domain_path=ROOT_PATH,
        kind=CallerKind.SYSTEM,
        role_id=None,
        name="system",
    )


def as_member(caller: Caller) -> list[Where]:
    """The conditions of memberships that are the caller's: as a user, or as all users of the account are."""
    member = columns(ProjectMember)
    whole = member.user_id.is_(None)
    mine = whole if caller.user_id is None else or_(whole, member.user_id == caller.user_id)
    return [member.account_id == caller.account_id, mine]


def under(path: ColumnElement[str], above: str) -> Where:
    """Whether a path starts with another. Not LIKE: it has wildcards, and SQLite's does not tell `a` from `A`."""
    return func.substr(path, 1, len(above)) == above


def _reach(owned: Columns | Owning, caller: Caller) -> list[Where]:
    reach = [
        owned.account_id == caller.account_id,
        owned.account_id.in_(_accounts_of_projects_with(caller)),
    ]
    if caller.kind is CallerKind.DOMAIN_ADMIN:
        reach.append(owned.domain_id.in_(_domains_under(caller.domain_path)))
    return reach


def _domains_under(path: str) -> Select[tuple[str]]:
    domain = columns(Domain)
    return select(domain.id).where(under(domain.path, path))


@functools.cache
def _project_accounts() -> Select[tuple[str]]:
    """Made once: every list has it, and making costs more than asking."""
    return select(columns(Project).account_id)


def _accounts_of_projects_with(caller: Caller) -> Select[tuple[str]]:
    project, member = columns(Project), columns(ProjectMember)
    return select(project.account_id).where(
        project.id.in_(select(member.project_id).where(*as_member(caller)))
    )
