"""How much of each resource an account, a project or a domain may have.

Rule 1: nothing is counted ahead: what is used is what is there, so a count cannot be wrong after a crash.
Rule 2: all limits on the way up hold: the account's own, then each domain's to the root; -1 is *no limit*.

The resource types, their numbers and their names are CloudStack's.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.model.cloud.identity import AccountType
from netloom.model.cloud.record import AccountId, DomainId, Record

UNLIMITED: Final = -1
MAX_LIMIT: Final = 2**53


class ResourceType(enum.Enum):
    """What is limited; memory in MiB, storage in GiB."""

    INSTANCE = "user_vm"
    PUBLIC_IP = "public_ip"
    VOLUME = "volume"
    SNAPSHOT = "snapshot"
    TEMPLATE = "template"
    PROJECT = "project"
    NETWORK = "network"
    VPC = "vpc"
    CPU = "cpu"
    MEMORY = "memory"
    PRIMARY_STORAGE = "primary_storage"
    SECONDARY_STORAGE = "secondary_storage"


NUMBERS: Final[Mapping[ResourceType, int]] = {kind: number for number, kind in enumerate(ResourceType)}
"""The `resourcetype` of CloudStack's calls: 0 for instances to 11 for secondary storage."""

SETTINGS: Final[Mapping[ResourceType, str]] = {
    ResourceType.INSTANCE: "user.vms",
    ResourceType.PUBLIC_IP: "public.ips",
    ResourceType.VOLUME: "volumes",
    ResourceType.SNAPSHOT: "snapshots",
    ResourceType.TEMPLATE: "templates",
    ResourceType.PROJECT: "projects",
    ResourceType.NETWORK: "networks",
    ResourceType.VPC: "vpcs",
    ResourceType.CPU: "cpus",
    ResourceType.MEMORY: "memory",
    ResourceType.PRIMARY_STORAGE: "primary.storage",
    ResourceType.SECONDARY_STORAGE: "secondary.storage",
}
"""The setting of a default is `max.account.` (or `max.project.`, `max.domain.`) and this."""


class ResourceLimit(Record, frozen=True, kw_only=True):
    """A limit that an administrator set: of an account (a project's too) or of a domain, never of both."""

    account_id: AccountId | None
    domain_id: DomainId | None
    type: ResourceType
    max: int


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """One limit on the way up: whose (`account alice`, `domain ROOT/acme`), how much, how much of it is used."""

    whose: str
    max: int
    used: int

    @property
    def left(self) -> int | None:
        """What may still be taken; None: no limit."""
        return None if self.max < 0 else max(0, self.max - self.used)


def is_limited(account_type: AccountType) -> bool:
    """Whether an account has limits of its own: those of root administrators have none."""
    return account_type is not AccountType.ADMIN


def checked_max(value: int) -> int:
    """A limit; -1 means none.

    Raises:
        InvalidInput: it is below that, or too large to be meant.
    """
    if not UNLIMITED <= value <= MAX_LIMIT:
        raise InvalidInput(
            f"a limit of {value}", subject="max", hint=f"{UNLIMITED} for no limit, or 0 to {MAX_LIMIT}"
        )
    return value


def type_of_number(number: int) -> ResourceType:
    """The resource type that a call names by its number.

    Raises:
        InvalidInput: there is none.
    """
    for kind, its_number in NUMBERS.items():
        if its_number == number:
            return kind
    raise InvalidInput(
        f"there is no resource type {number}",
        subject="resourcetype",
        hint=", ".join(f"{its_number}: {kind.value}" for kind, its_number in NUMBERS.items()),
    )
