"""What providers do not know yet: sets of rules that they could not be told as they stand, remembered until they are.

Rule 1: it is remembered by set, never by rule: providers are told whole sets, and one that failed half-way holds nobody
    knows what, even when the rule that it was told for is gone.
Rule 2: waiting is in the record: a restart neither forgets what is untold nor asks for all of it at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from netloom.model.cloud.record import Record

WHOLE: Final = "*"
"""All sets of a place: when nobody knows which."""
FIRST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=1)
"""How long the first try waits, and any later one at most; each doubles the wait."""


class Mark(NamedTuple):
    """A set of rules of a place: the line that its jobs wait in (`network/ID`), and the word of the set (`firewall`)."""

    place: str
    part: str


class Untold(Record, frozen=True, kw_only=True):
    """A set of rules that has to be told again.

    Attributes:
        place, part: which, as in `Mark`.
        reason: what went wrong last.
        tries: how often it was told again.
        due_at: not before that.
    """

    place: str
    part: str
    reason: str
    due_at: datetime
    tries: int = 0


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many tries that failed."""
    return min(LONGEST, FIRST * 2.0 ** min(tries, 16))
