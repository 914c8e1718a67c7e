"""Limits at work: what is used, what may still be taken, and the refusal when it is too much.

Rule 1: a limit is asked in the transaction that takes the resource; writers take turns, so two never take the last one.
Rule 2: what is used is counted from the records themselves, each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.visibility import under
from netloom.base.errors import Exhausted
from netloom.model.cloud.identity import (
    Account,
    AccountType,
    Domain,
    ProjectMember,
    ProjectRole,
    parents_of,
    shown_path,
)
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
from netloom.store.cloud.schema import BY_WORD, word_of

if TYPE_CHECKING:
    from netloom.app.cloud.work import View

COUNTED: Final[Mapping[str, ResourceType]] = {
    "instance": ResourceType.INSTANCE,
    "public_ip": ResourceType.PUBLIC_IP,
    "network": ResourceType.NETWORK,
    "vpc": ResourceType.VPC,
}
"""The kinds of records (by the words of their tables) of which each is one of a limited resource."""

_WORDS: Final = {kind: word for word, kind in COUNTED.items()}
_GONE: Final = ("Destroyed", "Expunging", "Error")
"""States of instances that count no more."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose limits: an account and its domain, or a domain alone."""

    account: Account | None
    domain: Domain


def charge(view: View, record: Record) -> None:
    """Let a new record pass that takes one of a limited resource.

    Raises:
        Exhausted: a limit is reached (`limit-reached`).
    """
    kind = COUNTED.get(word_of(record))
    if kind is not None and isinstance(record, Owned):
        take(view, record.account_id, kind)


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
    """All limits that hold for an owner, its own first, then those of the domains up to the root, if they have any."""
    path = parents_of(owner.domain.path)
    domains = view.records.select(Domain, columns(Domain).path.in_(path))
    limits = _limits(view, owner.account, [domain.id for domain in domains], kind)
    found: list[Bound] = []
    if owner.account is not None:
        most = limits.get(owner.account.id)
        found.append(
            Bound(
                whose=f"the account {owner.account.name!r}",
                max=account_default(view, owner.account, kind) if most is None else most,
                used=used_by_account(view, owner.account, kind),
            )
        )
    default = configuration.number(view, f"max.domain.{SETTINGS[kind]}")
    for domain in sorted(domains, key=lambda domain: -domain.level):
        most = limits.get(domain.id, UNLIMITED if domain.parent_id is None else default)
        if most >= 0:
            whose = f"the domain {shown_path(domain.path)!r}"
            found.append(Bound(whose=whose, max=most, used=used_by_domain(view, domain, kind)))
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
    if not is_limited(account.type) or (kind is ResourceType.PROJECT and account.type is AccountType.PROJECT):
        return UNLIMITED
    whose = "project" if account.type is AccountType.PROJECT else "account"
    return configuration.number(view, f"max.{whose}.{SETTINGS[kind]}")


def used_by_account(view: View, account: Account, kind: ResourceType) -> int:
    """How much of a resource an account has."""
    if kind is ResourceType.PROJECT:
        c = columns(ProjectMember)
        return view.records.count(
            ProjectMember, c.account_id == account.id, c.role == ProjectRole.ADMIN.value
        )
    record_type = _record_type(kind)
    if record_type is None:
        return 0
    return view.records.count(record_type, columns(record_type).account_id == account.id, *_alive(kind))


def used_by_domain(view: View, domain: Domain, kind: ResourceType) -> int:
    """How much of a resource the accounts of a domain and of those under it have."""
    d = columns(Domain)
    domains = [found.id for found in view.records.select(Domain, under(d.path, domain.path))]
    if kind is ResourceType.PROJECT:
        accounts = [
            found.id for found in view.records.select(Account, columns(Account).domain_id.in_(domains))
        ]
        c = columns(ProjectMember)
        return view.records.count(
            ProjectMember, c.account_id.in_(accounts), c.role == ProjectRole.ADMIN.value
        )
    record_type = _record_type(kind)
    if record_type is None:
        return 0
    return view.records.count(record_type, columns(record_type).domain_id.in_(domains), *_alive(kind))


def _limits(
    view: View, account: Account | None, domains: Sequence[str], kind: ResourceType
) -> dict[str, int]:
    c = columns(ResourceLimit)
    whose: Where = c.domain_id.in_(domains)
    if account is not None:
        whose = whose | (c.account_id == account.id)
    return {
        str(limit.account_id or limit.domain_id): limit.max
        for limit in view.records.select(ResourceLimit, c.type == kind.value, whose)
    }


def _record_type(kind: ResourceType) -> type[Record] | None:
    stored = BY_WORD.get(_WORDS.get(kind, ""))
    return None if stored is None else stored.spec.record


def _alive(kind: ResourceType) -> list[Where]:
    record_type = _record_type(kind)
    if kind is not ResourceType.INSTANCE or record_type is None:
        return []
    c = columns(record_type)
    return [c.state.not_in(_GONE)]
