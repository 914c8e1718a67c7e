"""One step of a life that is a table: the only way in which anything comes to a new state.

Rule 1: a step that the table does not have is refused with the states from which there is one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeVar

from netloom.base.errors import Conflict

S = TypeVar("S", bound=enum.Enum)
E = TypeVar("E", bound=enum.Enum)


def step(table: Mapping[tuple[S, E], S], what: str, state: S, event: E) -> S:
    """Where an event takes something.

    Args:
        table: its life.
        what: what it is, with its article, for the refusal: `a network`.
        state: the state now.
        event: what happens.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    after = table.get((state, event))
    if after is not None:
        return after
    allowed = sorted(str(before.value) for before, each in table if each is event)
    raise Conflict(
        f"{what} that is {state.value} cannot {event.value}",
        code="bad-transition",
        subject="state",
        hint=f"it has to be {' or '.join(allowed)}" if allowed else None,
    )
