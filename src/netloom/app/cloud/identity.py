"""Who somebody is: by API key, by password, by session.

Rule 1: a key, user, account or domain that is disabled, expired or gone opens nothing, from the next call on.
Rule 2: a key is remembered for a second at most, and not beyond the next change of any identity: a signed call reads
    nothing, and a key that was taken away works no longer than that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity_passwords import verified
from netloom.app.cloud.identity_seed import first_administrator
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid, is_uuid
from netloom.model.cloud.identity import (
    ROOT_NAME,
    Account,
    AccountState,
    ApiKey,
    Caller,
    Domain,
    DomainState,
    User,
    caller_for,
)
from netloom.store.cloud.records import columns

REMEMBERED: Final = 10_000
SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key it is, and the secret that goes with it."""

    caller: Caller
    secret: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who gave the right password."""

    user: User
    account: Account
    domain: Domain

    @property
    def mark(self) -> str:
        """Of the password: changes with it, and does not tell it."""
        return _mark(self.user)


@dataclass(frozen=True, slots=True)
class _Remembered:
    signer: Signer
    count: int
    until: float


class Identities:
    """What is known of users."""

    def __init__(self, cloud: Cloud, clock: Clock = SYSTEM_CLOCK) -> None:
        self._cloud = cloud
        self._clock = clock
        self._known: dict[str, _Remembered] = {}

    async def signer(self, key: str) -> Signer | None:
        """Who signs with an API key; None when nobody does (any more), or may not.

        Raises:
            Unavailable: the secret does not open with the vault's key (`vault-locked`).
        """
        epoch, now = self._cloud.backends.epoch, self._clock.now()
        known = self._known.get(key)
        if known is not None and known.count == epoch.count and now < known.until:
            ends = known.signer.expires_at
            if ends is None or self._cloud.now() < ends:
                return known.signer
        count = epoch.count
        found = await self._cloud.read_as(system_caller(), lambda view: _signer(view, key))
        if found is None:
            self._known.pop(key, None)
            return None
        if key not in self._known and len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[key] = _Remembered(found, count, now + SECONDS)
        return found

    async def by_password(self, username: str, password: str, domain: str) -> LoggedIn | None:
        """Who logs in; a domain is a path (`/acme/`, `acme`, `ROOT/acme`) or an id; as slow when there is no such user."""
        found = await self._cloud.read_as(system_caller(), lambda view: _login(view, username, domain))
        right = await verified(password, None if found is None else found.user.password)
        return found if right else None

    async def user(self, user_id: Uuid, mark: str) -> Caller | None:
        """A user by id; None when there is none (any more), it may not log in, or its password is not the marked one."""

        def find(view: View) -> Caller | None:
            user = view.records.get(User, user_id)
            return None if user is None or _mark(user) != mark else _caller(view, user)

        return await self._cloud.read_as(system_caller(), find)

    async def root(self) -> Caller:
        """The root administrator."""
        return first_administrator()


def _mark(user: User) -> str:
    return hashlib.sha256((user.password or "").encode()).hexdigest()


def _signer(view: View, key: str) -> Signer | None:
    found = view.records.first(ApiKey, columns(ApiKey).key == key)
    if found is None or (found.expires_at is not None and found.expires_at <= view.at):
        return None
    user = view.records.get(User, found.user_id)
    caller = None if user is None else _caller(view, user)
    if caller is None:
        return None
    return Signer(caller, view.backends.vault.open(found.secret, f"api_key/{found.id}"), found.expires_at)


def _caller(view: View, user: User) -> Caller | None:
    logged = _logged_in(view, user)
    return None if logged is None else caller_for(logged.user, logged.account, logged.domain)


def _logged_in(view: View, user: User) -> LoggedIn | None:
    """The user with account and domain, if all of them are enabled."""
    account = view.records.get(Account, user.account_id)
    domain = view.records.get(Domain, user.domain_id)
    if account is None or domain is None or domain.state is not DomainState.ACTIVE:
        return None
    if user.state is not AccountState.ENABLED or account.state is not AccountState.ENABLED:
        return None
    return LoggedIn(user, account, domain)


def _login(view: View, username: str, domain: str) -> LoggedIn | None:
    place = _domain(view, domain)
    if place is None:
        return None
    c = columns(User)
    user = view.records.first(User, c.domain_id == place.id, c.username == username)
    return None if user is None else _logged_in(view, user)


def _domain(view: View, text: str) -> Domain | None:
    if is_uuid(text):
        return view.records.get(Domain, text.lower())
    names = [name for name in text.split("/") if name]
    if names and names[0].upper() == ROOT_NAME:
        del names[0]
    path = "/" + "".join(f"{name}/" for name in names)
    return view.records.first(Domain, columns(Domain).path == path)
