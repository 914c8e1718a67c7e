"""Errors that are about several declared objects at once."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.base.errors import InvalidInput, NetloomError

MAX_MISTAKES = 20
"""Mistakes told at once; more would not be read, and collecting them must be bounded."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with the document at `index` (from 0)."""

    index: int
    error: NetloomError


class InvalidDocuments(InvalidInput):
    """A set of declared objects was refused whole; `mistakes` are the first ones, `omitted` counts the rest."""

    code = "invalid-documents"

    def __init__(self, mistakes: tuple[Mistake, ...], omitted: int = 0) -> None:
        first = mistakes[0]
        count = len(mistakes) + omitted
        codes = {mistake.error.stable_code for mistake in mistakes}
        more = f" (and {count - 1} more)" if count > 1 else ""
        super().__init__(
            f"document {first.index + 1}: {first.error.message}{more}",
            subject=first.error.subject,
            hint=first.error.hint,
            code=codes.pop() if len(codes) == 1 and omitted == 0 else None,
        )
        self.mistakes = mistakes
        self.omitted = omitted
