"""One document: what it made before, what differs, and the use cases that make it so.

Rule 1: what a document made is found by its declaration; where there is none, by its name among its owner's.
Rule 2: a field is different when the file says something else than it said, or when the record says something else and the
    field can be changed. A field that cannot be changed is refused, not ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from netloom.app.cloud.cloud import Done
from netloom.app.cloud.resources.acting import Deed, How, Resources, begin, owner_named
from netloom.app.cloud.resources.again import verb_again
from netloom.app.cloud.resources.documents import Document, chosen
from netloom.app.cloud.resources.existing import by_id, existing, wanted
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.kinds import CloudAction
from netloom.app.cloud.resources.targets import Names, Target
from netloom.app.cloud.resources.told_relations import related
from netloom.app.cloud.tags import CREATE_TAGS, CreateTags, tags_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.declarations import Declaration
from netloom.model.cloud.record import Record
from netloom.model.cloud.tags import KINDS as TAGGED
from netloom.store.cloud.records import columns

_HOW: Final = How()
_WRITTEN_OTHERWISE: Final = frozenset({("network_offering", "services"), ("vpc_offering", "services")})
"""Fields that a file writes otherwise than records have them."""
_SEVERAL: Final = 10
_BIRTH: Final = frozenset(Record.__struct_fields__)
_TAGGED: Final = {word: kind for kind, word in TAGGED.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a document's step did.

    Attributes:
        record: that it stands for.
        created: it was not there.
        changed: fields that became different.
        begun: use cases that have a second half.
    """

    record: Record
    created: bool = False
    changed: tuple[str, ...] = ()
    begun: tuple[Done[Any], ...] = ()


class Steps:
    """The documents of one file on their way; remembers what they stand for."""

    def __init__(self, resources: Resources, documents: Sequence[Document]) -> None:
        self._cloud = resources.cloud
        self._kinds = resources.kinds
        self._ids: dict[int, Uuid] = {}
        self._named: dict[tuple[str, str], list[Document]] = {}
        for document in documents:
            if not document.kind.is_relation:
                self._named.setdefault((document.word, document.name), []).append(document)
                if document.id is not None:
                    self._named.setdefault((document.word, document.id), []).append(document)

    def keep(self, document: Document, outcome: Outcome) -> None:
        """Remember what a document stands for."""
        self._ids[document.index] = outcome.record.id

    def step(self, work: Work, document: Document) -> Outcome:
        """Make one document true as far as that is done at once.

        Raises:
            NetloomError: as the use cases refuse it.
        """
        names = self._names(work, document)
        declared = _declaration(work, document)
        record = self._record(work, document, names, declared)
        if record is None:
            outcome = self._create(work, document, names)
        else:
            outcome = self._update(work, document, names, record, declared)
        outcome = self._tag(work, document, outcome)
        _declare(work, document, declared, outcome.record.id)
        return outcome

    def _names(self, work: Work, document: Document) -> Names:
        def declared(word: str, text: str) -> Uuid | None:
            for each in chosen(self._named.get((word, text), ()), document.owner):
                if each.index in self._ids:
                    return self._ids[each.index]
            return self._declared(work, word, text, document.owner)

        return Names(work, owner_named(work, document.said), declared)

    def _declared(self, work: Work, word: str, text: str, owner: str) -> Uuid | None:
        """What an earlier file called so: its owner's, else the only one."""
        kind = self._kinds.by_word.get(word)
        if kind is None:
            return None
        c = columns(Declaration)
        found = work.records.select(Declaration, c.kind == kind.spec.kind, c.name == text, limit=_SEVERAL)
        meant = [each for each in found if each.owner == owner] or found
        there = [each for each in meant if by_id(work, kind.record, each.record_id) is not None]
        return there[0].record_id if len(there) == 1 else None

    def _record(
        self, work: Work, document: Document, names: Names, declared: Declaration | None
    ) -> Record | None:
        """What the document stands for; None: nothing yet."""
        record_type = document.kind.kind.record
        found = None if declared is None else by_id(work, record_type, declared.record_id)
        if found is not None:
            return found
        if document.kind.is_relation:
            return related(work, document, names) if declared is None else None
        return existing(work, document, names)

    def _create(self, work: Work, document: Document, names: Names) -> Outcome:
        kind = document.kind
        if kind.create is None:
            raise NotFound(
                f"there is no {kind.kind.word.replace('_', ' ')} {document.name!r}, and files do not make any",
                code=f"{kind.kind.word.replace('_', '-')}-not-found", subject=kind.label,
            )  # fmt: skip
        given = _given(document, kind.create)
        ref = None
        if kind.ref is not None:
            target = Target(kind.kind.word, record=kind.kind.record)
            ref = names.resolve(target, str(document.said[kind.ref]), kind.ref)
        done = self._begin(work, document, kind.create, given, ref, names)
        more = self._beyond(document, kind.create, names, done.record)
        if not more:
            return Outcome(done.record, created=True, begun=(done,))
        changed = self._change(work, document, names, done.record, more)
        return Outcome(changed.record, created=True, begun=(done, changed))

    def _beyond(
        self, document: Document, create: CloudAction, names: Names, record: Record
    ) -> tuple[str, ...]:
        """The fields that only an update takes, as far as the new record says something else."""
        if document.kind.is_relation:
            return ()
        given = {field.name for field in create.fields}
        return tuple(name for name in self._differing(document, names, record, None) if name not in given)

    def _update(
        self, work: Work, document: Document, names: Names, record: Record, declared: Declaration | None
    ) -> Outcome:
        changed = self._differing(document, names, record, declared)
        if not changed:
            return self._again(work, document, names, record)
        update = document.kind.update
        fields = {} if update is None else {field.name: field for field in update.fields}
        for name in changed:
            if name not in fields:
                raise Conflict(
                    f"{name} of {document.kind.name} {document.name!r} ({record.id}) cannot be changed",
                    code="immutable-field", subject=name, hint="delete it first, or declare another beside it",
                )  # fmt: skip
        done = self._change(work, document, names, record, changed)
        same = done.record.generation == record.generation and done.job is None
        return Outcome(done.record, changed=() if same else changed, begun=(done,))

    def _again(self, work: Work, document: Document, names: Names, record: Record) -> Outcome:
        """Try again what failed of a record that is as the document says."""
        verb = verb_again(record)
        action = None if verb is None else document.kind.kind.actions.get(verb)
        if action is None:
            return Outcome(record)
        done = self._begin(work, document, action, {}, record.id, names)
        return Outcome(done.record, changed=("state",), begun=(done,))

    def _change(
        self, work: Work, document: Document, names: Names, record: Record, changed: tuple[str, ...]
    ) -> Done[Record]:
        """Begin the update of these fields; there is one that takes them."""
        update = document.kind.update
        if update is None:
            raise TypeError(f"{document.kind.name} has no update")
        must = {
            field.name: document.values[field.name]
            for field in update.fields
            if field.spec.required and field.name in document.values
        }
        given = must | {name: document.values[name] for name in changed}
        return self._begin(work, document, update, given, record.id, names)

    def _differing(
        self, document: Document, names: Names, record: Record, declared: Declaration | None
    ) -> tuple[str, ...]:
        """The fields that say something else than what is there."""
        before: Mapping[str, Value] = {} if declared is None else msgspec.json.decode(declared.spec)
        changeable = (
            set() if document.kind.update is None else {field.name for field in document.kind.update.fields}
        )
        is_now = msgspec.to_builtins(record)
        found: list[str] = []
        for name, field in document.kind.fields.items():
            if (
                name not in document.values
                or name == document.kind.label
                or name in document.kind.kind.hidden
            ):
                continue
            value = document.values[name]
            anew = declared is not None and name in before and before[name] != value
            if declared is not None and not anew and name not in changeable:
                continue
            # `number` of a rule is another than of a record.
            held = field.path[-1]
            if held not in is_now or held in _BIRTH or (document.word, held) in _WRITTEN_OTHERWISE:
                if anew:
                    found.append(name)
                continue
            should = wanted(names, field, value)
            # Said anew, it may still be the same: another name, or the id, of what is meant.
            if should != _listed(is_now[held]) if anew else _plain(should) != _plain(is_now[held]):
                found.append(name)
        return tuple(found)

    def _begin(
        self,
        work: Work,
        document: Document,
        action: CloudAction,
        given: Mapping[str, Value],
        ref: str | None,
        names: Names,
    ) -> Done[Record]:
        work.use_case = action.use_case.name
        return begin(self._cloud, work, Deed(document.kind.kind, action, given, ref), _HOW, names)

    def _tag(self, work: Work, document: Document, outcome: Outcome) -> Outcome:
        kind = _TAGGED.get(document.word)
        if not document.tags or kind is None:
            return outcome
        there = {tag.key: tag.value for tag in tags_of(work, [outcome.record.id]).get(outcome.record.id, ())}
        if all(there.get(key) == value for key, value in document.tags.items()):
            return outcome
        work.use_case = CREATE_TAGS.name
        done = self._cloud.begin(
            work, CREATE_TAGS, CreateTags(kind=kind, resource_ids=(outcome.record.id,), tags=document.tags)
        )
        changed = outcome.changed if outcome.created else (*outcome.changed, "tags")
        return Outcome(outcome.record, outcome.created, changed, (*outcome.begun, done))


def _given(document: Document, action: CloudAction) -> dict[str, Value]:
    """What a document says for an action; whose it is goes along where the action takes it."""
    fields = {field.name for field in action.fields}
    return {name: value for name, value in document.said.items() if name in fields} | {
        name: value for name, value in document.values.items() if name in fields
    }


def _listed(value: object) -> object:
    """A value as documents have it, where tuples are lists."""
    return list(value) if isinstance(value, tuple) else value


def _plain(value: object) -> object:
    """A value as it is compared: what stores write in one way is not different from what people write in another."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return sorted((_plain(item) for item in value), key=str)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _declaration(view: View, document: Document) -> Declaration | None:
    c = columns(Declaration)
    return view.records.first(
        Declaration, c.kind == document.kind.name, c.owner == document.owner, c.name == document.name
    )


def _declare(work: Work, document: Document, before: Declaration | None, record_id: Uuid) -> None:
    """Keep what a document says and stands for."""
    secrets = document.kind.secrets
    said = {name: value for name, value in document.said.items() if name not in secrets}
    if document.tags:
        said["tags"] = document.tags
    spec = msgspec.json.encode(said, order="deterministic").decode()
    if before is None:
        work.records.insert(
            Declaration(
                **work.birth(), kind=document.kind.name, owner=document.owner, name=document.name,
                record_id=record_id, spec=spec,
            )
        )  # fmt: skip
    elif (before.record_id, before.spec) != (record_id, spec):
        work.update(msgspec.structs.replace(before, record_id=record_id, spec=spec))
