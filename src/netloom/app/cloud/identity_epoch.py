"""When what is known of users stops being true: a count that every change of an identity moves on.

Rule 1: who remembers an identity remembers the count with it, read *before* the identity, and asks again once it has moved.
"""

from __future__ import annotations

from netloom.model.cloud.identity import Account, ApiKey, Domain, User
from netloom.model.cloud.record import Record

_IDENTITIES = (User, Account, ApiKey, Domain)


class Epoch:
    """The count of one process; other processes' changes are seen when what is remembered has aged."""

    def __init__(self) -> None:
        self.count = 0

    def touched(self, record: Record) -> None:
        """A record was written in a transaction that may or may not be kept."""
        if isinstance(record, _IDENTITIES):
            self.count += 1
