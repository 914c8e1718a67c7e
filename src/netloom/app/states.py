"""Writing new states of networks and NICs.

Rule 1: a state moves the revision and not the generation: nobody asked for anything else.
Rule 2: what the new state is, `model.states` said before; here it is only written down.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, update

from netloom.base.ids import Uuid
from netloom.model.changes import Action
from netloom.model.kinds import Kind
from netloom.store import tables
from netloom.store.transaction import Transaction

Moved = tuple[Kind, Uuid, str, int, str]
"""What moved: kind, id, name, generation, and the word of its new state."""


def write_states(tx: Transaction, moved: Sequence[Moved]) -> None:
    """Write the states of networks and NICs that moved."""
    for kind, table in ((Kind.NIC, tables.nics), (Kind.NETWORK, tables.networks)):
        rows = [
            {
                "the_id": item_id,
                "the_state": state,
                "the_revision": tx.record(kind, item_id, name, Action.STATE, generation),
                "the_time": tx.now,
            }
            for moved_kind, item_id, name, generation, state in moved
            if moved_kind is kind
        ]
        if not rows:
            continue
        statement = (
            update(table)
            .where(table.c.id == bindparam("the_id"))
            .values(state=bindparam("the_state"), revision=bindparam("the_revision"))
        )
        if kind is Kind.NETWORK:
            statement = statement.values(state_since=bindparam("the_time"))
        else:
            rows = [{name: value for name, value in row.items() if name != "the_time"} for row in rows]
        tx.connection.execute(statement, rows)
