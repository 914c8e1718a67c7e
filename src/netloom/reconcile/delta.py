"""The difference between two sets of items, with ownership.

Rule 1: an item that is not ours is never changed nor removed; where it holds the place of one of ours, that is a finding.
Rule 2: equal bytes are equal; only where they differ is the meaning compared (`same`), because meaning costs a decode.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

I = TypeVar("I", bound=Hashable)  # noqa: E741 - the item's identity on the target
V = TypeVar("V")


@dataclass(slots=True)
class Delta(Generic[I, V]):
    """What to do, by item identity. `blocked` are ours to be, but a foreign item holds the place."""

    add: dict[I, V] = field(default_factory=dict)
    change: dict[I, V] = field(default_factory=dict)
    remove: dict[I, V] = field(default_factory=dict)
    blocked: dict[I, V] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.add) + len(self.change) + len(self.remove)

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.remove)


def compare(
    desired: Mapping[I, V],
    actual: Mapping[I, V],
    *,
    owns: Callable[[V], bool],
    same: Callable[[V, V], bool],
) -> Delta[I, V]:
    """Steps from `actual` to `desired`; what is ours and not desired is removed."""
    delta: Delta[I, V] = Delta()
    for key, wanted in desired.items():
        found = actual.get(key)
        if found is None:
            delta.add[key] = wanted
        elif found == wanted:
            continue
        elif not owns(found):
            delta.blocked[key] = wanted
        elif not same(wanted, found):
            delta.change[key] = wanted
    for key, found in actual.items():
        if key not in desired and owns(found):
            delta.remove[key] = found
    return delta


def changes(
    before: Mapping[I, V],
    after: Mapping[I, V],
) -> Delta[I, V]:
    """Steps from what we put there before to what we want now; both are ours."""
    delta: Delta[I, V] = Delta()
    for key, wanted in after.items():
        found = before.get(key)
        if found is None:
            delta.add[key] = wanted
        elif found != wanted:
            delta.change[key] = wanted
    for key, found in before.items():
        if key not in after:
            delta.remove[key] = found
    return delta
