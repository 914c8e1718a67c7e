"""The generation of our claim on the switches (OpenFlow 1.3.5 §6.3.6): each start claims with a higher one.

Rule 1: it is never lower than any that was claimed with this store, whatever the machine's clock says: a switch refuses one
    that is older than it has seen.
Rule 2: it is not lower than the time either: a store that was put back from a backup claims with more than it remembers.
"""

from __future__ import annotations

from sqlalchemy import insert, select, update

from netloom.base.errors import Conflict
from netloom.store import tables
from netloom.store.transaction import Transaction


def claim(transaction: Transaction) -> int:
    """A generation above all earlier ones: milliseconds since the epoch, or one more than the last."""
    c, connection = tables.controller_claims.c, transaction.connection
    last: int | None = connection.execute(select(c.generation)).scalar_one_or_none()
    generation = transaction.now // 1000
    if last is None:
        connection.execute(insert(tables.controller_claims).values(id=1, generation=generation))
        return generation
    generation = max(generation, last + 1)
    connection.execute(update(tables.controller_claims).values(generation=generation))
    return generation


def claim_again(transaction: Transaction, ours: int, above: int) -> int:
    """A generation above `above` and above our last one.

    Args:
        transaction: where it is kept.
        ours: the last one that we claimed with.
        above: what a switch has seen.

    Raises:
        Conflict: somebody else with this store has claimed since.
    """
    c, connection = tables.controller_claims.c, transaction.connection
    last: int | None = connection.execute(select(c.generation)).scalar_one_or_none()
    if last != ours:
        raise Conflict(
            f"another netloomd with the same store has claimed the switches since (generation {last}, ours is {ours})",
            code="claim-replaced",
            hint="one netloomd per store",
        )
    generation = max(transaction.now // 1000, ours + 1, above + 1)
    connection.execute(update(tables.controller_claims).values(generation=generation))
    return generation
