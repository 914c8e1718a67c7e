"""How jobs end for records that live as rules do: settled once their provider has them, gone once it has let go.

Rule 1: a record is settled only as the provider was told it: what was changed meanwhile has a job of its own to wait for.
Rule 2: tags go with what they are on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.tags import forget
from netloom.app.cloud.usecase import Ending
from netloom.app.cloud.work import Work
from netloom.base.errors import NetloomError
from netloom.model.cloud.record import Record

R = TypeVar("R", bound=Record)


def ended(record: R, end: Callable[[Work, R], None], leaves: Callable[[R], bool]) -> Ending:
    """The end of a job that told a provider of a record; one that was revoked since has a job of its own to end it.

    Args:
        record: as it was when the job began.
        end: what becomes of it, by its state.
        leaves: whether it is on its way out.
    """

    def ending(work: Work) -> None:
        now = work.records.get(type(record), record.id)
        if now is not None and leaves(now) == leaves(record):
            end(work, now)

    return ending


def gone(record: Record) -> Ending:
    """The end of a job after which nobody has a record any more."""
    return lambda work: take_out(work, record)


def withdraw(work: Work, record: Record, _error: NetloomError) -> None:
    """Take out a record that its provider refused to have: it is not among those that are told next."""
    take_out(work, record)


def take_out(work: Work, record: Record) -> None:
    """Take out a record, if it is still there, and its tags.

    Raises:
        Conflict: something refers to it (`in-use`).
    """
    now = work.records.get(type(record), record.id)
    if now is not None:
        forget(work, [now.id])
        work.delete(now)


def taking(remove: Callable[[Work, R], None]) -> Callable[[Doing, R], Awaitable[Ending]]:
    """The second half of a deletion that nobody has to be told of: the record goes with the job, if it is still there.

    Args:
        remove: takes it out as it is then, or raises what is in the way by then.
    """

    async def apply(_doing: Doing, record: R) -> Ending:
        def ending(work: Work) -> None:
            now = work.records.get(type(record), record.id)
            if now is not None:
                remove(work, now)

        return ending

    return apply


async def nothing_more(_doing: Doing, _record: Record) -> None:
    """The second half of what is true as soon as it is written; CloudStack's clients expect a job all the same."""
