"""What could not be worked out because of a mistake in netloom itself: it stops the object that it is about, and no other.

Rule 1: what was made before where it went wrong stays; it is made again when something that it depends on changes.
Rule 2: a fault is told as a finding of its object, and ends with the first time that the same place goes well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from netloom.base.ids import Uuid
from netloom.model.status import Severity
from netloom.plan.finding_book import FindingBook
from netloom.plan.findings import PlanFinding
from netloom.plan.records import ObjectRef

T = TypeVar("T")

Where = tuple[object, ...]
"""A place where something can go wrong: a word for what was tried, and what it was tried on."""

FAULT_CODE = "internal-error"
NEWS_KEPT = 100
"""Errors that are kept until somebody logs them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake, for the log."""

    subject: ObjectRef
    what: str
    error: Exception


class Faults:
    """The faults that there are now."""

    def __init__(self, book: FindingBook) -> None:
        self._book = book
        self._now: dict[Where, PlanFinding] = {}
        self._news: list[Fault] = []
        self._moved = False

    def __len__(self) -> int:
        return len(self._now)

    def attempt(self, where: Where, subject: ObjectRef, make: Callable[[], T], otherwise: T) -> T:
        """Make something; where that goes wrong, `otherwise`, and a fault of the subject."""
        try:
            made = make()
        except Exception as error:  # noqa: BLE001 - the planner door: a bad object stops only itself
            self.note(where, subject, error)
            return otherwise
        if self._now:
            self.clear(where)
        return made

    def note(
        self, where: Where, subject: ObjectRef, error: Exception, others: tuple[ObjectRef, ...] = ()
    ) -> None:
        """Something went wrong with an object, on which others depend."""
        what = str(where[0])
        finding = PlanFinding(
            FAULT_CODE,
            subject,
            f"netloom could not {what} ({type(error).__name__}: {error}); what is in force for it stays as it is",
            hint="this is a mistake in netloom; its log has the details: please report it",
            severity=Severity.ERROR,
            others=others,
        )
        if self._now.get(where) == finding:
            return
        self._now[where] = finding
        self._book.put(where, (finding,))
        self._moved = True
        if len(self._news) < NEWS_KEPT:
            self._news.append(Fault(subject, what, error))

    def clear(self, where: Where) -> None:
        """It went well."""
        if self._now.pop(where, None) is not None:
            self._book.put(where, ())
            self._moved = True

    def forget(self, part: object) -> None:
        """All places with this host, group or object in them are no more."""
        for where in [where for where in self._now if part in where]:
            self.clear(where)

    def take_news(self) -> list[Fault]:
        """What went wrong since this was called last; each fault once."""
        news, self._news = self._news, []
        return news

    def take_moved(self) -> Mapping[Uuid, PlanFinding] | None:
        """The faults there are, by each object named, if they are others than when this was called last."""
        if not self._moved:
            return None
        self._moved = False
        return {
            ref.id: finding for finding in self._now.values() for ref in (*finding.others, finding.subject)
        }
