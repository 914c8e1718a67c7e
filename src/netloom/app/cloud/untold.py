"""Remembering what providers could not be told, in the transaction that says why.

Rule 1: a set that is remembered already keeps its place in the order of tries: failing again, by whichever job, makes
    nothing sooner.
Rule 2: only places that are looked after are remembered (`PLACES`): other lines' jobs undo what they could not do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from netloom.app.cloud.work import View, Work
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.untold import FIRST, WHOLE, Mark, Untold
from netloom.store.cloud.records import columns

NETWORK: Final = "network"
VPC: Final = "vpc"
ACL: Final = "acl"
VPN_USERS: Final = "vpn-users"
PLACES: Final = frozenset({NETWORK, VPC, ACL, VPN_USERS})
"""The words that lines of places begin with."""


def remember(work: Work, marks: Iterable[Mark], reason: str) -> None:
    """Have these sets told again later."""
    c = columns(Untold)
    for mark in sorted(marks):
        if mark.place.partition("/")[0] not in PLACES:
            continue
        known = work.records.first(Untold, c.place == mark.place, c.part == mark.part)
        if known is not None:
            work.update(msgspec.structs.replace(known, reason=reason))
            continue
        work.insert(
            Untold(**work.birth(), place=mark.place, part=mark.part, reason=reason, due_at=work.at + FIRST)
        )


def remember_line(work: Work, job: Job, reason: str) -> None:
    """The same for a job that did nothing, and left what it was for behind: all of the place that it was for."""
    if job.queue is not None:
        remember(work, [Mark(job.queue, WHOLE)], reason)


def untold_of(view: View, place: str) -> list[Untold]:
    """What is untold of a place."""
    return view.records.select(Untold, columns(Untold).place == place)
