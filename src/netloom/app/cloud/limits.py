"""Limits at work: what may still be taken, and the refusal when it is too much.

Rule 1: a limit is asked in the transaction that takes the resource; writers take turns, so two never take the last one.
Rule 2: only what is limited is counted: who has no limit costs no count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.limits_used import amounts, used_by_accounts, used_by_domains
from netloom.base.errors import Exhausted
from netloom.model.cloud.identity import Account, AccountType, Domain, parents_of, shown_path
from netloom.model.cloud.limits import (
    SETTINGS,
    UNLIMITED,
    Bound,
    ResourceLimit,
    ResourceType,
    broken,
    is_limited,
)
from netloom.model.cloud.record import Owned, Record
from netloom.store.cloud.records import Where, columns

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
        wanted = {kind: amount - had.get(kind, 0) for kind, amount in wanted.items()}
    for kind, amount in wanted.items():
        if amount > 0:
            take(view, record.account_id, kind, amount)


def take(view: View, account_id: str, kind: ResourceType, amount: int = 1) -> None:
    """Let somebody take so much more of a resource.

    Raises:
        Exhausted: a limit of the account or of a domain above it is reached (`limit-reached`).
    """
    account = view.records.get(Account, account_id)
    if account is None or not is_limited(account.type):
        return
    domain = view.records.get(Domain, account.domain_id)
    if domain is None:
        return
    found = broken(bounds(view, Owner(account=account, domain=domain), kind), amount)
    if found is not None:
        raise Exhausted(
            f"{found.whose} has {found.used} of at most {found.max} {kind.value}; {amount} more was asked for",
            code="limit-reached",
            subject=kind.value,
            hint="give back what is not used, or have an administrator raise the limit",
        )


def bounds(view: View, owner: Owner, kind: ResourceType) -> list[Bound]:
    """All limits that hold for an owner, its own first, then those of the domains up to the root."""
    path = parents_of(owner.domain.path)
    domains = view.records.select(Domain, columns(Domain).path.in_(path))
    limits = _limits(view, owner.account, [domain.id for domain in domains], kind)
    found: list[Bound] = []
    if owner.account is not None:
        account = owner.account
        most = limits.get(account.id)
        most = account_default(view, account, kind) if most is None else most
        if most >= 0:
            used = used_by_accounts(view, [account.id], (kind,))[account.id].get(kind, 0)
            found.append(Bound(whose=f"the account {account.name!r}", max=most, used=used))
    default = configuration.number(view, f"max.domain.{SETTINGS[kind]}")
    for domain in sorted(domains, key=lambda domain: -domain.level):
        most = limits.get(domain.id, UNLIMITED if domain.parent_id is None else default)
        if most >= 0:
            used = used_by_domains(view, [domain], (kind,))[domain.id].get(kind, 0)
            found.append(Bound(whose=f"the domain {shown_path(domain.path)!r}", max=most, used=used))
    return found


def limit_of(view: View, owner: Owner, kind: ResourceType) -> int:
    """The limit that an account, or a domain alone, has itself; -1: none."""
    who = owner.domain if owner.account is None else owner.account
    ids = [] if owner.account is not None else [owner.domain.id]
    most = _limits(view, owner.account, ids, kind).get(who.id)
    if most is not None:
        return most
    if owner.account is not None:
        return account_default(view, owner.account, kind)
    if owner.domain.parent_id is None:
        return UNLIMITED
    return configuration.number(view, f"max.domain.{SETTINGS[kind]}")


def account_default(view: View, account: Account, kind: ResourceType) -> int:
    """The limit of an account for which nobody set one."""
    setting = _setting(account, kind)
    return UNLIMITED if setting is None else configuration.number(view, setting)


def limits_of_accounts(view: View, accounts: Collection[Account]) -> dict[str, dict[ResourceType, int]]:
    """The limits that each of these accounts has itself; -1: none."""
    c, values = columns(ResourceLimit), configuration.values(view)
    found: dict[str, dict[ResourceType, int]] = {}
    for account in accounts:
        limits = found[account.id] = {}
        for kind in ResourceType:
            setting = _setting(account, kind)
            limits[kind] = UNLIMITED if setting is None else int(values[setting])
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


def _limits(
    view: View, account: Account | None, domains: Sequence[str], kind: ResourceType
) -> Mapping[str, int]:
    c = columns(ResourceLimit)
    whose: Where = c.domain_id.in_(domains)
    if account is not None:
        whose = whose | (c.account_id == account.id)
    return {
        str(limit.account_id or limit.domain_id): limit.max
        for limit in view.records.select(ResourceLimit, c.type == kind.value, whose)
    }
