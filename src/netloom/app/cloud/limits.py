"""Limits at work: what may still be taken, and the refusal when it is too much.

Rule 1: a limit is asked in the transaction that takes the resource; writers take turns, so two never take the last one.
Rule 2: only what is limited is counted: who has no limit costs no count.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Select, bindparam, select

from netloom.app.cloud import configuration
from netloom.app.cloud.limits_used import Used, amounts, used_by_account, used_by_domains
from netloom.base.errors import Exhausted
from netloom.model.cloud.identity import Account, AccountType, Domain, shown_path
from netloom.model.cloud.limits import (
    SETTINGS,
    UNLIMITED,
    Bound,
    ResourceLimit,
    ResourceType,
    is_limited,
)
from netloom.model.cloud.record import Owned, Record
from netloom.store.cloud.records import columns

if TYPE_CHECKING:
    from netloom.app.cloud.work import View


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose limits: an account and its domain, or a domain alone."""

    account: Account | None
    domain: Domain


def charge(view: View, record: Record, before: Record | None = None) -> None:
    """Let a record pass that takes limited resources: a new one, or one that takes more than it did.

    Raises:
        Exhausted: a limit is reached (`limit-reached`).
    """
    wanted = amounts(record)
    if not wanted or not isinstance(record, Owned):
        return
    if isinstance(before, Owned) and before.account_id == record.account_id:
        had = amounts(before)
        wanted = {
            kind: amount - had.get(kind, 0) for kind, amount in wanted.items() if amount > had.get(kind, 0)
        }
    if wanted:
        take_all(view, record.account_id, wanted)


def take(view: View, account_id: str, kind: ResourceType, amount: int = 1) -> None:
    """Let somebody take so much more of a resource.

    Raises:
        Exhausted: a limit of the account or of a domain above it is reached (`limit-reached`).
    """
    take_all(view, account_id, {kind: amount})


def take_all(view: View, account_id: str, wanted: Used) -> None:
    """Let somebody take so much more of several resources.

    Raises:
        Exhausted: a limit of the account or of a domain above it is reached (`limit-reached`).
    """
    account = view.records.get(Account, account_id)
    if account is None or not is_limited(account.type):
        return
    for bound, kind in bounds(view, account, wanted):
        left = bound.left
        if left is not None and left < wanted[kind]:
            raise Exhausted(
                f"{bound.whose} has {bound.used} of at most {bound.max} {kind.value}; "
                f"{wanted[kind]} more was asked for",
                code="limit-reached",
                subject=kind.value,
                hint="give back what is not used, or have an administrator raise the limit",
            )


def bounds(
    view: View, account: Account, kinds: Collection[ResourceType]
) -> Iterator[tuple[Bound, ResourceType]]:
    """The limits that hold for an account, its own first, then those of the domains above it, ROOT excepted: it has none."""
    domains = _domains_above(view, account)
    limits = _set_limits(view, account.id, [domain.id for domain in domains])
    values = configuration.changed(view)
    own = {kind: limits.get((account.id, kind), _value(values, _setting(account, kind))) for kind in kinds}
    limited = [kind for kind, most in own.items() if most >= 0]
    used = used_by_account(view, account.id, limited) if limited else {}
    for kind in limited:
        whose = f"the account {account.name!r}"
        yield Bound(whose=whose, max=own[kind], used=used.get(kind, 0)), kind
    for domain in domains:
        most = {
            kind: limits.get((domain.id, kind), _value(values, f"max.domain.{SETTINGS[kind]}"))
            for kind in kinds
        }
        limited = [kind for kind in kinds if most[kind] >= 0]
        used = used_by_domains(view, [domain], limited)[domain.id] if limited else {}
        for kind in limited:
            whose = f"the domain {shown_path(domain.path)!r}"
            yield Bound(whose=whose, max=most[kind], used=used.get(kind, 0)), kind


def limits_of_accounts(view: View, accounts: Collection[Account]) -> dict[str, dict[ResourceType, int]]:
    """The limits that each of these accounts has itself; -1: none."""
    c, values = columns(ResourceLimit), configuration.values(view)
    unset: dict[AccountType, dict[ResourceType, int]] = {}
    found: dict[str, dict[ResourceType, int]] = {}
    for account in accounts:
        if account.type not in unset:
            settings = {kind: _setting(account, kind) for kind in ResourceType}
            unset[account.type] = {
                kind: UNLIMITED if name is None else int(values[name]) for kind, name in settings.items()
            }
        found[account.id] = dict(unset[account.type])
    for limit in view.records.select(ResourceLimit, c.account_id.in_(found)):
        if limit.account_id is not None:
            found[limit.account_id][limit.type] = limit.max
    return found


def limits_of_domains(view: View, domains: Collection[Domain]) -> dict[str, dict[ResourceType, int]]:
    """The limits that each of these domains has itself; -1: none."""
    c, values = columns(ResourceLimit), configuration.values(view)
    found: dict[str, dict[ResourceType, int]] = {
        domain.id: {
            kind: UNLIMITED if domain.parent_id is None else int(values[f"max.domain.{SETTINGS[kind]}"])
            for kind in ResourceType
        }
        for domain in domains
    }
    for limit in view.records.select(ResourceLimit, c.domain_id.in_(found)):
        if limit.domain_id is not None:
            found[limit.domain_id][limit.type] = limit.max
    return found


def _setting(account: Account, kind: ResourceType) -> str | None:
    """The setting of the limit of an account for which nobody set one; None: it has no limit."""
    if not is_limited(account.type) or (kind is ResourceType.PROJECT and account.type is AccountType.PROJECT):
        return None
    whose = "project" if account.type is AccountType.PROJECT else "account"
    return f"max.{whose}.{SETTINGS[kind]}"


def _value(changed: Mapping[str, str], name: str | None) -> int:
    """A setting's value; without a setting there is no limit."""
    if name is None:
        return UNLIMITED
    return int(changed.get(name) or configuration.default(name))


def _domains_above(view: View, account: Account) -> list[Domain]:
    """The domain of an account and those above it, without ROOT."""
    found: list[Domain] = []
    domain = view.records.get(Domain, account.domain_id)
    while domain is not None and domain.parent_id is not None:
        found.append(domain)
        domain = view.records.get(Domain, domain.parent_id) if domain.level > 1 else None
    return found


def _set_limits(
    view: View, account_id: str, domain_ids: Sequence[str]
) -> dict[tuple[str, ResourceType], int]:
    """The limits that were set for an account and for domains."""
    rows = view.records.connection.execute(
        _limits_statement(), {"the_account": account_id, "the_domains": domain_ids}
    )
    return {(row.account_id or row.domain_id, ResourceType(row.type)): row.max for row in rows}


@functools.cache
def _limits_statement() -> Select[tuple[str | None, str | None, str, int]]:
    c = columns(ResourceLimit)
    return select(c.account_id, c.domain_id, c.type, c.max).where(
        (c.account_id == bindparam("the_account")) | c.domain_id.in_(bindparam("the_domains", expanding=True))
    )
