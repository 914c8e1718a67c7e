"""What every record of the cloud starts with, for tests that look at something else of it."""

from __future__ import annotations

import datetime as dt

from netloom.base.ids import Number, Uuid
from netloom.model.cloud.record import AccountId, DomainId, OwnedBirth

THEN = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def born(name: str, number: int = 1) -> OwnedBirth:
    """Identity and age of a record of the account `a` in the domain `d`, to be spread into it."""
    return OwnedBirth(
        id=Uuid(name),
        number=Number(number),
        created_at=THEN,
        updated_at=THEN,
        account_id=AccountId(Uuid("a")),
        domain_id=DomainId(Uuid("d")),
    )
