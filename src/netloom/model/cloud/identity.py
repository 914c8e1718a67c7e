"""Who there is: domains in a tree, accounts in domains, users of accounts, projects; and who is asking (`Caller`).

Rule 1: things belong to accounts, never to users; a project owns through an account of its own.
Rule 2: whether somebody sees a thing is `sees`, whether a list holds it is the same said in SQL (`app/cloud/visibility`).

A domain's path starts and ends with a slash: `/` is ROOT, `/acme/web/` lies under `/acme/`; so one path is under another
exactly when it starts with it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid, parse_name
from netloom.model.cloud.record import AccountId, DomainId, Record

ROOT_PATH: Final = "/"
ROOT_NAME: Final = "ROOT"
ROOT_DOMAIN_ID: Final = DomainId(Uuid("00000000-0000-4000-8000-0000000d0001"))
SYSTEM_ACCOUNT_ID: Final = AccountId(Uuid("00000000-0000-4000-8000-0000000a0001"))
ADMIN_ACCOUNT_ID: Final = AccountId(Uuid("00000000-0000-4000-8000-0000000a0002"))
ADMIN_USER_ID: Final = Uuid("00000000-0000-4000-8000-0000000f0001")
"""Who owns what is netloom's own, and the first administrator. These ids are the same in every store: netloom acts as them
before it has read anything."""

MAX_DEPTH: Final = 64
"""Domains above a domain, ROOT included."""

MAX_TEXT: Final = 255
"""Characters of names of people, addresses, time zones and the like."""


class DomainState(enum.Enum):
    """A domain that is being deleted takes nothing new."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class AccountType(enum.Enum):
    """What an account may be at most; its role says what it may do of that. The words are those of a role's type."""

    USER = "User"
    ADMIN = "Admin"
    DOMAIN_ADMIN = "DomainAdmin"
    RESOURCE_ADMIN = "ResourceAdmin"
    PROJECT = "Project"


ACCOUNT_NUMBERS: Final[Mapping[AccountType, int]] = {
    AccountType.USER: 0,
    AccountType.ADMIN: 1,
    AccountType.DOMAIN_ADMIN: 2,
    AccountType.RESOURCE_ADMIN: 3,
    AccountType.PROJECT: 5,
}
"""The `accounttype` of CloudStack's answers."""


class AccountState(enum.Enum):
    """Nobody logs in to an account that is not enabled; a locked one keeps what runs, a disabled one does not start more."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    LOCKED = "locked"


class Domain(Record, frozen=True, kw_only=True):
    """A place for accounts; `path` is all names from the root (see above), `level` how many there are."""

    name: str
    path: str
    parent_id: DomainId | None
    level: int
    state: DomainState = DomainState.ACTIVE
    network_domain: str | None = None


class Account(Record, frozen=True, kw_only=True):
    """An owner of things; `name` is unique in its domain."""

    name: str
    domain_id: DomainId
    type: AccountType
    role_id: Uuid
    state: AccountState = AccountState.ENABLED
    network_domain: str | None = None
    is_default: bool = False  # made at the first start: never deleted


class User(Record, frozen=True, kw_only=True):
    """Somebody who logs in for an account; `username` is unique in the account's domain.

    `password` is a salted hash in the form of `app/cloud/identity_passwords`, None when there is no way in by password.
    """

    username: str
    account_id: AccountId
    domain_id: DomainId
    password: str | None
    first_name: str
    last_name: str
    email: str
    timezone: str | None = None
    state: AccountState = AccountState.ENABLED
    is_default: bool = False


class ApiKey(Record, frozen=True, kw_only=True):
    """A pair of keys that signs requests for a user; `secret` is sealed (`app/cloud/identity_vault`), never plain."""

    user_id: Uuid
    key: str
    secret: str
    expires_at: datetime | None = None


class ProjectState(enum.Enum):
    """A suspended project keeps what it has and takes nothing new."""

    ACTIVE = "Active"
    DISABLED = "Disabled"
    SUSPENDED = "Suspended"


class Project(Record, frozen=True, kw_only=True):
    """People of several accounts with things in common, which the project's account owns."""

    name: str
    display_text: str
    domain_id: DomainId
    account_id: AccountId
    state: ProjectState = ProjectState.ACTIVE


class ProjectRole(enum.Enum):
    """Who adds and removes members is an Admin of the project."""

    ADMIN = "Admin"
    REGULAR = "Regular"


class ProjectMember(Record, frozen=True, kw_only=True):
    """An account in a project with all its users, or one user of it.

    Attributes:
        user_id: the user; None: all of the account.
        who: the user's id, or the account's: nobody is in a project twice.
        project_role_id: what a regular member may not do there (`projects.CustomProjectRole`).
    """

    project_id: Uuid
    account_id: AccountId
    role: ProjectRole
    who: Uuid
    user_id: Uuid | None = None
    project_role_id: Uuid | None = None


class CallerKind(enum.Enum):
    """How far somebody sees: everything, a domain and what is under it, one account; `SYSTEM` is netloom itself."""

    ROOT_ADMIN = "root_admin"
    DOMAIN_ADMIN = "domain_admin"
    USER = "user"
    SYSTEM = "system"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking, as it was when the request came in. `name` is for logs and events: `admin`, `acme/alice`."""

    user_id: Uuid | None
    account_id: AccountId
    domain_id: DomainId
    domain_path: str
    kind: CallerKind
    role_id: Uuid | None
    name: str

    @property
    def is_root(self) -> bool:
        """Whether nothing is hidden from them."""
        return self.kind in {CallerKind.ROOT_ADMIN, CallerKind.SYSTEM}

    @property
    def is_admin(self) -> bool:
        """Whether they act for others."""
        return self.kind is not CallerKind.USER


KIND_OF_TYPE: Final[Mapping[AccountType, CallerKind]] = {
    AccountType.USER: CallerKind.USER,
    AccountType.ADMIN: CallerKind.ROOT_ADMIN,
    AccountType.DOMAIN_ADMIN: CallerKind.DOMAIN_ADMIN,
    AccountType.RESOURCE_ADMIN: CallerKind.DOMAIN_ADMIN,
    AccountType.PROJECT: CallerKind.USER,
}


def caller_for(user: User | None, account: Account, domain: Domain) -> Caller:
    """The caller that a user of an account is; without a user, netloom acting as that account."""
    who = account.name if user is None else user.username
    return Caller(
        user_id=None if user is None else user.id,
        account_id=AccountId(account.id),
        domain_id=DomainId(domain.id),
        domain_path=domain.path,
        kind=CallerKind.SYSTEM if user is None else KIND_OF_TYPE[account.type],
        role_id=account.role_id,
        name=f"{domain.path[1:]}{who}",
    )


def is_under(path: str, above: str) -> bool:
    """Whether a domain is another or lies under it."""
    return path.startswith(above)


def sees(caller: Caller, owner_id: str, owner_path: str, *, member: bool = False) -> bool:
    """Whether a caller sees, and may change, what an account owns.

    Args:
        caller: who asks.
        owner_id: the account that the thing belongs to.
        owner_path: the path of that account's domain.
        member: whether the owner is a project's account and the caller's account a member of the project.
    """
    if caller.is_root or owner_id == caller.account_id or member:
        return True
    return caller.kind is CallerKind.DOMAIN_ADMIN and is_under(owner_path, caller.domain_path)


def child_path(parent: str, name: str) -> str:
    """The path of a domain in another."""
    return f"{parent}{name}/"


def parents_of(path: str) -> tuple[str, ...]:
    """The paths of a domain and all above it, the nearest first: `/a/b/`, `/a/`, `/`."""
    names = path.strip("/").split("/") if path != ROOT_PATH else []
    return tuple("/" + "".join(f"{name}/" for name in names[:count]) for count in range(len(names), -1, -1))


def shown_path(path: str) -> str:
    """A domain's path as people read it: `ROOT/acme`."""
    return f"{ROOT_NAME}{path.rstrip('/')}"


def checked_domain_name(text: str) -> str:
    """A domain's name.

    Raises:
        InvalidInput: it has a slash, is too long, or is otherwise no name.
    """
    return parse_name(text, "name")


_WORD = re.compile(r"[^\s/\\\x00-\x1f\x7f]{1,255}\Z")


def checked_login(text: str, subject: str) -> str:
    """The name of an account or user: no blanks, no slashes.

    Raises:
        InvalidInput: it is none.
    """
    if not _WORD.match(text):
        raise InvalidInput(
            f"{text!r} is no name of an account or user",
            subject=subject,
            hint="1 to 255 characters, no blanks, no slash",
        )
    return parse_name(text, subject)


def checked_text(text: str, subject: str, limit: int = MAX_TEXT) -> str:
    """A line of text about somebody.

    Raises:
        InvalidInput: it is empty, too long, or holds control characters.
    """
    if not text.strip() or len(text) > limit or any(ord(character) < 32 for character in text):
        raise InvalidInput(
            f"a text of {len(text)} characters that is empty, too long or more than one line",
            subject=subject,
            hint=f"1 to {limit} characters on one line",
        )
    return text.strip()
