"""What is used of the limited resources, counted from the records themselves.

Rule 1: what a record takes (`amounts`) and what a query counts are said by the same table: they cannot disagree.
Rule 2: many owners are counted at once, in one query a kind of record.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select

from netloom.app.cloud.visibility import under
from netloom.model.cloud.identity import ROOT_PATH, Account, Domain, ProjectMember, ProjectRole, parents_of
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.limits import ResourceType
from netloom.model.cloud.record import Owned, Record
from netloom.store.cloud.records import Where, columns
from netloom.store.cloud.schema import BY_WORD, word_of

if TYPE_CHECKING:
    from netloom.app.cloud.work import View

Used = Mapping[ResourceType, int]
"""How much of each resource; what is not in it: nothing."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A kind of records that takes limited resources.

    Attributes:
        word: of its table.
        takes: each resource that one takes, with the field that says how much; None: one.
        field, gone: records whose field has one of these values take nothing (any more).
    """

    word: str
    takes: Mapping[ResourceType, str | None]
    field: str | None = None
    gone: tuple[object, ...] = ()

    @property
    def record_type(self) -> type[Record]:
        """The type of these records."""
        return BY_WORD[self.word].spec.record

    @property
    def alive(self) -> list[Where]:
        """The condition of those that take something."""
        if self.field is None:
            return []
        column = columns(self.record_type)[self.field]
        return [column.not_in(self.gone)]


COUNTED: Final = (
    Counted(
        "instance",
        {
            ResourceType.INSTANCE: None,
            ResourceType.CPU: "cpu_number",
            ResourceType.MEMORY: "memory",
        },
        "state",
        ("Destroyed", "Expunging", "Error"),
    ),
    Counted("public_ip", {ResourceType.PUBLIC_IP: None}, "for_system", (True,)),
    Counted("network", {ResourceType.NETWORK: None}),
    Counted("vpc", {ResourceType.VPC: None}),
)
"""All there are; projects are counted by their administrators."""

_BY_WORD: Final = {counted.word: counted for counted in COUNTED}


def amounts(record: Record) -> Used:
    """What a record takes."""
    counted = _BY_WORD.get(word_of(record))
    if counted is None or not isinstance(record, Owned):
        return {}
    if counted.field is not None:
        value = getattr(record, counted.field)
        if getattr(value, "value", value) in counted.gone:
            return {}
    return {
        kind: 1 if field is None else int(getattr(record, field)) for kind, field in counted.takes.items()
    }


def used_by_account(view: View, account_id: str, kinds: Collection[ResourceType]) -> dict[ResourceType, int]:
    """What one account uses of these; the statements are made once, because each new record asks."""
    found: dict[ResourceType, int] = {}
    for counted in _wanted(kinds):
        row = view.records.connection.execute(_of_account(counted.word), {"the_account": account_id}).one()
        found.update(zip(counted.takes, (int(value or 0) for value in row), strict=True))
    if ResourceType.PROJECT in kinds:
        found.update(used_by_accounts(view, [account_id], (ResourceType.PROJECT,))[account_id])
    return found


@functools.cache
def _of_account(word: str) -> Select[tuple[Any, ...]]:
    counted = _BY_WORD[word]
    c = columns(counted.record_type)
    return select(*_figures(counted)).where(c.account_id == bindparam("the_account"), *counted.alive)


def used_by_accounts(
    view: View, ids: Collection[str], kinds: Collection[ResourceType] = tuple(ResourceType)
) -> dict[str, dict[ResourceType, int]]:
    """What each of these accounts uses."""
    found: dict[str, dict[ResourceType, int]] = {account_id: {} for account_id in ids}
    for counted in _wanted(kinds):
        c = columns(counted.record_type)
        _add(view, found, counted, c.account_id, [c.account_id.in_(ids)])
    if ResourceType.PROJECT in kinds:
        m = columns(ProjectMember)
        rows = view.records.connection.execute(
            select(m.account_id, func.count())
            .where(m.account_id.in_(ids), m.role == ProjectRole.ADMIN.value)
            .group_by(m.account_id)
        )
        for account_id, count in rows:
            found[account_id][ResourceType.PROJECT] = count
    return found


def used_by_domains(
    view: View, domains: Sequence[Domain], kinds: Collection[ResourceType] = tuple(ResourceType)
) -> dict[str, dict[ResourceType, int]]:
    """What the accounts of each of these domains, and of those under it, use."""
    wanted = {domain.path: domain.id for domain in domains}
    if not wanted:
        return {}
    d = columns(Domain)
    tops = [path for path in wanted if not any(above in wanted for above in parents_of(path)[1:])]
    inside = or_(*(under(d.path, top) for top in tops))
    rows = view.records.connection.execute(select(d.id, d.path).where(inside)).all()
    below: dict[str, str] = {row.id: row.path for row in rows}
    direct: dict[str, dict[ResourceType, int]] = {domain_id: {} for domain_id in below}
    domain_ids = None if ROOT_PATH in wanted else select(d.id).where(inside)
    for counted in _wanted(kinds):
        c = columns(counted.record_type)
        where = [] if domain_ids is None else [c.domain_id.in_(domain_ids)]
        _add(view, direct, counted, c.domain_id, where)
    if ResourceType.PROJECT in kinds:
        a = columns(Account)
        _add_projects(view, direct, [] if domain_ids is None else [a.domain_id.in_(domain_ids)])
    found: dict[str, dict[ResourceType, int]] = {domain_id: {} for domain_id in wanted.values()}
    for domain_id, used in direct.items():
        for path in parents_of(below[domain_id]) if used else ():
            if path in wanted:
                total = found[wanted[path]]
                for kind, amount in used.items():
                    total[kind] = total.get(kind, 0) + amount
    return found


def instances_by_state(view: View, account_ids: Collection[str]) -> dict[tuple[str, str], int]:
    """How many instances each of these accounts has in each state."""
    c = columns(Instance)
    statement = (
        select(c.account_id, c.state, func.count())
        .where(c.account_id.in_(account_ids))
        .group_by(c.account_id, c.state)
    )
    return {
        (account_id, state): count for account_id, state, count in view.records.connection.execute(statement)
    }


def _wanted(kinds: Collection[ResourceType]) -> Iterable[Counted]:
    return (counted for counted in COUNTED if any(kind in kinds for kind in counted.takes))


def _add(
    view: View,
    found: Mapping[str, dict[ResourceType, int]],
    counted: Counted,
    owner: ColumnElement[Any],
    where: Sequence[Where],
) -> None:
    """One kind of records, counted by owner."""
    statement = select(owner, *_figures(counted)).where(*where, *counted.alive).group_by(owner)
    for owner_id, *values in view.records.connection.execute(statement):
        if owner_id in found:
            found[owner_id].update(zip(counted.takes, (int(value) for value in values), strict=True))


def _figures(counted: Counted) -> list[ColumnElement[Any]]:
    c = columns(counted.record_type)
    return [func.count() if field is None else func.sum(c[field]) for field in counted.takes.values()]


def _add_projects(view: View, found: Mapping[str, dict[ResourceType, int]], where: Sequence[Where]) -> None:
    m, a = columns(ProjectMember), columns(Account)
    statement = (
        select(a.domain_id, func.count())
        .where(m.role == ProjectRole.ADMIN.value, m.account_id == a.id, *where)
        .group_by(a.domain_id)
    )
    for domain_id, count in view.records.connection.execute(statement):
        found[domain_id][ResourceType.PROJECT] = count
