"""What all records of the cloud have: an identity, an age, and (most of them) an owner.

Rule 1: a field that ends in `_id` holds another record's id; whether that record must exist is the store's table to say.
Rule 2: a record has no computed fields: what follows from others (names, counts, states elsewhere) is looked up for answers.
"""

from __future__ import annotations

from datetime import datetime
from typing import NewType, TypedDict

import msgspec

from netloom.base.ids import Number, Uuid

AccountId = NewType("AccountId", Uuid)
DomainId = NewType("DomainId", Uuid)


class Birth(TypedDict):
    """The fields that each new record starts with."""

    id: Uuid
    number: Number
    created_at: datetime
    updated_at: datetime


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One row of one kind. Times are UTC; `number` is unique among all objects of the store; `generation` counts changes."""

    id: Uuid
    number: Number
    created_at: datetime
    updated_at: datetime
    generation: int = 1


class Owned(Record, frozen=True, kw_only=True):
    """A record that belongs to an account (a project owns through its own account); the domain is the account's."""

    account_id: AccountId
    domain_id: DomainId


class OwnedBirth(Birth):
    """The same for records that belong to an account."""

    account_id: AccountId
    domain_id: DomainId
