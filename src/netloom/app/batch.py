"""Several specs of one kind on their way to become objects, and what is wrong with some of them.

Rule 1: a mistake in one spec does not stop the others from being checked; the caller decides that nothing is kept.
Rule 2: a mistake that only follows from another one is not told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypedDict, TypeVar

from netloom.base.errors import Conflict, NetloomError
from netloom.base.ids import Number, Uuid
from netloom.model.changes import Action
from netloom.model.errors import MAX_MISTAKES, InvalidDocuments, Mistake
from netloom.model.kinds import Kind
from netloom.model.objects import Object
from netloom.model.specs import Spec
from netloom.store.catalog import not_found, recall_many, taken_names
from netloom.store.transaction import Transaction

S = TypeVar("S", bound=Spec)


class Mistakes:
    """The mistakes of a request: the first ones whole, the rest counted."""

    def __init__(self) -> None:
        self.first: list[Mistake] = []
        self.omitted = 0
        self.broken: set[tuple[Kind, str]] = set()
        """Names that were to be made and will not be: references to them are no mistakes of their own."""

    def __bool__(self) -> bool:
        return bool(self.first)

    def add(self, index: int, error: NetloomError) -> None:
        """Note one."""
        if len(self.first) < MAX_MISTAKES:
            self.first.append(Mistake(index, error))
        else:
            self.omitted += 1

    def raise_if_any(self) -> None:
        """Refuse the whole request.

        Raises:
            InvalidDocuments: with all that was noted.
        """
        if self.first:
            raise InvalidDocuments(tuple(sorted(self.first, key=lambda m: m.index)), self.omitted)


@dataclass(slots=True)
class Batch(Generic[S]):
    """Specs of one kind, by their index in the request; `made` fills up with objects.

    `ids`: those that objects shall have, where somebody had to know them before.
    `own_names`: the names hold these new ids, so nobody has them: they are not looked for.
    """

    kind: Kind
    specs: dict[int, S]
    mistakes: Mistakes
    made: dict[int, Object] = field(default_factory=dict)
    ids: dict[int, Uuid] = field(default_factory=dict)
    own_names: bool = False

    def fail(self, index: int, error: NetloomError) -> None:
        """Take a spec out and note why."""
        spec = self.specs.pop(index)
        self.mistakes.broken.add((self.kind, spec.name))
        self.mistakes.add(index, error)

    def drop(self, index: int) -> None:
        """Take a spec out whose mistake stands elsewhere already."""
        self.mistakes.broken.add((self.kind, self.specs.pop(index).name))

    def refuse_taken_names(self, tx: Transaction) -> None:
        """Names are unique among their kind, also within the batch."""
        if self.own_names:
            return
        taken = taken_names(tx.connection, self.kind, [spec.name for spec in self.specs.values()])
        seen: set[str] = set()
        for index, spec in list(self.specs.items()):
            if spec.name in taken or spec.name in seen:
                self.fail(index, name_taken(self.kind, spec.name))
            seen.add(spec.name)

    def resolve(self, tx: Transaction, kind: Kind, refs: dict[int, str], subject: str) -> dict[int, Object]:
        """The objects that the specs refer to; specs whose reference leads nowhere are taken out."""
        found = recall_many(tx, kind, refs.values())
        resolved: dict[int, Object] = {}
        for index, ref in refs.items():
            if index not in self.specs:
                continue
            if ref in found:
                resolved[index] = found[ref]
            elif (kind, ref) in self.mistakes.broken:
                self.drop(index)
            else:
                self.fail(index, not_found(kind, ref, subject))
        return resolved


class Birth(TypedDict):
    """The fields that each new object starts with."""

    id: Uuid
    number: Number
    generation: int
    revision: int
    created_at: datetime
    updated_at: datetime


def birth(tx: Transaction, kind: Kind, name: str, known_id: Uuid | None = None) -> Birth:
    """Give a new object its identity (a new one unless it is known already) and record its creation."""
    item_id = tx.new_id() if known_id is None else known_id
    return Birth(
        id=item_id,
        number=tx.new_number(),
        generation=1,
        revision=tx.record(kind, item_id, name, Action.CREATED, 1),
        created_at=tx.at,
        updated_at=tx.at,
    )


def name_taken(kind: Kind, name: str) -> Conflict:
    """The error for a second object of a name."""
    return Conflict(
        f"there is a {kind.title} {name!r} already",
        code="name-taken",
        subject="name",
        hint="names are unique among their kind",
    )


def immutable(kind: Kind, field_name: str, old: object, new: object) -> Conflict:
    """The error for a change of what never changes."""
    return Conflict(
        f"the {field_name} of a {kind.title} stays: {old} to {new}",
        code="immutable-field",
        subject=field_name,
        hint="make a new one",
    )


def check_rename(tx: Transaction, kind: Kind, current: str, wanted: str) -> None:
    """A new name must be free."""
    if wanted != current and taken_names(tx.connection, kind, [wanted]):
        raise name_taken(kind, wanted)


def refers(ref: str | None, name: str, item_id: str) -> bool:
    """Whether a reference means this object; None means whichever it is."""
    return ref is None or ref in (name, item_id)


def single(error: InvalidDocuments) -> NetloomError:
    """The only mistake of a request with one spec."""
    return error.mistakes[0].error
