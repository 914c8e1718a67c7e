"""Findings by where they come from, and by whom they are about.

Rule 1: a source's findings are replaced as a whole; none means that the source has nothing to say any more.
Rule 2: whoever is named in a finding finds it, as its subject or as another.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from netloom.base.ids import Uuid
from netloom.plan.findings import PlanFinding


class FindingBook:
    """The findings there are now."""

    def __init__(self) -> None:
        self._findings: dict[Hashable, tuple[PlanFinding, ...]] = {}
        self._about: dict[Uuid, set[Hashable]] = {}  # object → sources whose findings name it

    def put(self, source: Hashable, found: tuple[PlanFinding, ...]) -> None:
        """What a source has to say now."""
        for named in _named(self._findings.pop(source, ())):
            sources = self._about[named]
            sources.discard(source)
            if not sources:
                del self._about[named]
        if found:
            self._findings[source] = found
            for named in _named(found):
                self._about.setdefault(named, set()).add(source)

    def all(self) -> tuple[PlanFinding, ...]:
        """Every finding."""
        return tuple(finding for found in self._findings.values() for finding in found)

    def about(self, object_id: Uuid) -> tuple[PlanFinding, ...]:
        """What there is to say about one object, or naming it."""
        return tuple(
            finding
            for source in sorted(self._about.get(object_id, ()), key=str)
            for finding in self._findings[source]
            if any(ref.id == object_id for ref in (finding.subject, *finding.others))
        )


def _named(findings: Iterable[PlanFinding]) -> set[Uuid]:
    return {ref.id for finding in findings for ref in (finding.subject, *finding.others)}
