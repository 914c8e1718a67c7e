"""Whole sets of declared objects: apply them, or see what applying them would do.

Rule 1: a set is all or nothing, and everything that is wrong with it is told at once (bounded).
Rule 2: applying a set twice changes nothing the second time; what a document leaves out and the store chose stays chosen.
Documents may come in any order: kinds are worked off in the order in which they depend on each other.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from netloom.app.batch import Mistakes
from netloom.app.intent import check_all, create_checked, revise
from netloom.app.ports import PlannedChange
from netloom.base.errors import Conflict, NetloomError, TooLarge
from netloom.base.ids import Uuid
from netloom.model.kinds import Kind
from netloom.model.objects import kind_of_object
from netloom.model.specs import Spec, kind_of
from netloom.store.catalog import find_many
from netloom.store.transaction import Transaction

MAX_DOCUMENTS = 20_000


class ApplyAction(enum.Enum):
    """What became of a document."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class ApplyResult(msgspec.Struct, frozen=True, kw_only=True):
    """One document's outcome."""

    kind: Kind
    name: str
    action: ApplyAction
    id: Uuid
    generation: int


def apply_documents(tx: Transaction, documents: Sequence[Spec]) -> list[PlannedChange]:
    """Create and update; for each document the object before (None: created) and after, in their order.

    Raises:
        TooLarge: more than 20,000 documents.
        InvalidDocuments: something is wrong with some of them; nothing was changed.
    """
    if len(documents) > MAX_DOCUMENTS:
        raise TooLarge(
            f"{len(documents)} documents", subject="documents", hint=f"at most {MAX_DOCUMENTS} at once"
        )
    mistakes = Mistakes()
    outcome: dict[int, PlannedChange] = {}
    groups: dict[Kind, dict[int, Spec]] = {kind: {} for kind in Kind}
    for index, document in enumerate(documents):
        groups[kind_of(document)][index] = document
    for kind, specs in groups.items():
        checked = check_all(kind, specs, mistakes)
        _refuse_repeated(kind, checked, mistakes)
        existing = find_many(tx.connection, kind, [spec.name for spec in checked.values()])
        new = {index: spec for index, spec in checked.items() if spec.name not in existing}
        for index, spec in checked.items():
            if index in new:
                continue
            before = existing[spec.name]
            try:
                outcome[index] = PlannedChange(before, revise(tx, before, spec))
            except NetloomError as error:
                mistakes.add(index, error)
        if new:
            for index, item in create_checked(tx, kind, new, mistakes).items():
                outcome[index] = PlannedChange(None, item)
    mistakes.raise_if_any()
    return [outcome[index] for index in range(len(documents))]


def result_of(change: PlannedChange) -> ApplyResult:
    """What callers hear of a document."""
    after = change.after
    if after is None:
        raise ValueError("applying deletes nothing")
    if change.before is None:
        action = ApplyAction.CREATED
    elif change.before.generation == after.generation:
        action = ApplyAction.UNCHANGED
    else:
        action = ApplyAction.UPDATED
    return ApplyResult(
        kind=kind_of_object(after), name=after.name, action=action, id=after.id, generation=after.generation
    )


def _refuse_repeated(kind: Kind, specs: dict[int, Spec], mistakes: Mistakes) -> None:
    first: dict[str, int] = {}
    for index, spec in list(specs.items()):
        if spec.name in first:
            del specs[index]
            mistakes.add(
                index,
                Conflict(
                    f"{kind.title} {spec.name!r} is declared twice (first in document {first[spec.name] + 1})",
                    code="declared-twice",
                    subject="name",
                ),
            )
        else:
            first[spec.name] = index
