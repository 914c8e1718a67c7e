"""A bounded memory of answers.

Rule 1: it never grows past its limit: when it is full it forgets everything, which costs one round of recomputing.
Rule 2: only pure functions of immutable keys are remembered.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo(Generic[K, V]):
    """At most `limit` remembered answers."""

    __slots__ = ("_known", "_limit", "get")

    def __init__(self, limit: int) -> None:
        self._known: dict[K, V] = {}
        self._limit = limit
        self.get = self._known.get
        """The remembered answer, or None."""

    def put(self, key: K, value: V) -> None:
        """Remember an answer."""
        if len(self._known) >= self._limit:
            self._known.clear()
        self._known[key] = value

    def __len__(self) -> int:
        return len(self._known)
