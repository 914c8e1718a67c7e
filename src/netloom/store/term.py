"""The fence of a store: whoever has it alone begins a *term*, and who is of an earlier one writes nothing any more.

A lock alone keeps two netloomd apart only while its owner knows that it has it: one whose session PostgreSQL has ended
hears of that seconds later. The term stands in the row of counters, which each commit locks and reads anyway: looking costs
nothing.

Rule 1: a term begins in the transaction that opens the store, before its owner has read anything of it: what an earlier
    owner commits is either read by the new one or refused.
Rule 2: who finds another term than its own keeps nothing, says `store-taken`, and ends; it never begins another one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from netloom.base.errors import NetloomError, Unavailable
from netloom.store import tables

_STEP_BITS: Final = 31
"""How far the next term is, at random: two that begin behind the same one, of which a failover or a backup has lost the
first, are not the same; and four thousand million starts fit into 63 bits."""


class StoreTaken(Unavailable):
    """Somebody else has begun a term: nothing of what was to be written is there."""

    code = "store-taken"


@dataclass(frozen=True, slots=True)
class Term:
    """A term that has begun; `over` is told, with the reason, when it is found to have ended."""

    number: int
    over: Callable[[str], None]

    def check(self, found: int) -> None:
        """Look whether the term in the row of counters, which is locked, is this one.

        Raises:
            StoreTaken: it is another one.
        """
        if found != self.number:
            raise StoreTaken(
                f"another netloomd has taken the store since (its term is {found}, ours was {self.number});"
                " nothing of this request was kept",
                subject="store",
                hint="this netloomd ends: ask the other one",
            )

    def heard(self, error: NetloomError) -> None:
        """Take note of why a batch was not kept."""
        if isinstance(error, StoreTaken):
            self.over(error.message)


def begin_term(connection: Connection, random_bits: Callable[[int], int]) -> int:
    """The number of a new term; from the commit on, whoever wrote in an earlier one is refused."""
    last: int = connection.execute(select(tables.counters.c.term).with_for_update()).scalar_one()
    number = last + 1 + random_bits(_STEP_BITS)
    connection.execute(update(tables.counters).values(term=number))
    return number
