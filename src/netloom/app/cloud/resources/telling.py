"""Records as documents that declare them, whoever made them: the half of `export --all` that is the same for every kind.

Rule 1: a document says what its kind's actions take and the record has; what differs between the two stands in `told_parts`.
Rule 2: each says the `id` of its record: applied where that is there, it is that record; elsewhere the file's other
    documents may name it so. What has no name of its own is called by its id.
Rule 3: no secret is told: neither what tables keep as one, nor user data, which may hold some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

import msgspec

from netloom.app.cloud.identity_names import account_names, domain_paths
from netloom.app.cloud.resources.documents import DocumentKind
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.kinds import CloudKinds
from netloom.app.cloud.resources.shown import FACETS
from netloom.app.cloud.resources.targets import NATIVE, Target, name_field
from netloom.app.cloud.work import View
from netloom.model.cloud.identity import Account, Domain, Project
from netloom.model.cloud.record import Owned, Record
from netloom.store.catalog import all_of
from netloom.store.cloud.schema import BY_WORD

Said = dict[str, Value]
R = TypeVar("R", bound=Record)
_BIRTH = frozenset(Record.__struct_fields__)


@dataclass
class Telling:
    """One snapshot that is told.

    Attributes:
        view: of it.
        kinds: all of them.
        called: what files call records that have no name of their own, by id.
        mine: whose document is being told: names that only one of the owner's things has are clear in it.
    """

    view: View
    kinds: CloudKinds
    called: Mapping[str, str]
    mine: str | None = None
    _names: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _owned: dict[str, Mapping[tuple[str | None, str], str]] = field(default_factory=dict)
    _every: dict[type[Record], Sequence[Record]] = field(default_factory=dict)
    _by: dict[tuple[type[Record], str], Mapping[str | None, Sequence[Record]]] = field(default_factory=dict)
    _projects: Mapping[str, Project] | None = None

    def all(self, record_type: type[R]) -> Sequence[R]:
        """All records of a type, read once."""
        if record_type not in self._every:
            self._every[record_type] = self.view.records.select(record_type)
        return cast("Sequence[R]", self._every[record_type])

    def by(self, record_type: type[R], name: str) -> Mapping[str | None, Sequence[R]]:
        """All records of a type by what a field of theirs refers to, sorted once."""
        if (record_type, name) not in self._by:
            found: dict[str | None, list[Record]] = {}
            for each in self.all(record_type):
                found.setdefault(getattr(each, name), []).append(each)
            self._by[record_type, name] = found
        return cast("Mapping[str | None, Sequence[R]]", self._by[record_type, name])

    def name(self, target: Target, ref: str) -> str:
        """How a document names a thing: by its name where only one has it, else by its id."""
        if target.word not in self._names:
            self._names[target.word] = self._names_of(target)
        name = self._names[target.word].get(ref)
        return name or self._named_by_owner(target).get((self.mine, ref), ref)

    def _named_by_owner(self, target: Target) -> Mapping[tuple[str | None, str], str]:
        """Names that several things have, but only one of each owner's; by owner and id."""
        if target.word not in self._owned:
            own = "" if target.record is None else name_field(target.record)
            mine: dict[tuple[str | None, str], list[str]] = {}
            named = target.record is not None and own not in {"", "address"}
            for each in self.all(target.record) if target.record is not None and named else ():
                if isinstance(each, Owned):
                    mine.setdefault((each.account_id, str(getattr(each, own))), []).append(each.id)
            self._owned[target.word] = {
                (owner, ids[0]): name for (owner, name), ids in mine.items() if len(ids) == 1
            }
        return self._owned[target.word]

    def names(self, target: Target, value: Value) -> Value:
        """The same of a field's value, one or several."""
        if isinstance(value, str):
            return self.name(target, value)
        if isinstance(value, Sequence):
            return [self.name(target, each) if isinstance(each, str) else each for each in value]
        return value

    def record_name(self, word: str, ref: str | None) -> str | None:
        """The name of a record by its word."""
        return None if ref is None else self.name(Target(word, record=BY_WORD[word].spec.record), ref)

    def owner(self, account_id: str) -> Said:
        """Whose something is, as documents say it."""
        if self._projects is None:
            found = self.view.records.select(Project)
            self._projects = {each.account_id: each for each in found}
        project = self._projects.get(account_id)
        if project is not None:
            return {"project": project.name, "domain": self.record_name("domain", project.domain_id)}
        for account in self.by(Account, "id").get(account_id, ()):
            return {"account": account.name, "domain": self.record_name("domain", account.domain_id)}
        return {}

    def _names_of(self, target: Target) -> Mapping[str, str]:
        if target.native is not None:
            return {each.id: each.name for each in all_of(self.view.records.connection, target.native)}
        if target.record is None:
            return {}
        if target.record in FACETS:
            native = NATIVE[FACETS[target.record]]
            return {each.id: each.name for each in all_of(self.view.records.connection, native)}
        every = self.all(target.record)
        ids = [each.id for each in every]
        if target.record is Domain:
            return domain_paths(self.view, ids)
        if target.record is Account:
            found: Mapping[str, str] = account_names(self.view, ids)
        else:
            own = name_field(target.record)
            if not own or own == "address":
                return {each.id: self.called[each.id] for each in every if each.id in self.called}
            found = {each.id: str(getattr(each, own)) for each in every}
        first: dict[str, str] = {}
        several = {name for ident, name in found.items() if first.setdefault(name, ident) != ident}
        return {ident: name for ident, name in found.items() if name not in several}


def told(telling: Telling, kind: DocumentKind, record: Record) -> Said:
    """What the record has of what its document may say."""
    values: Mapping[str, Value] = msgspec.to_builtins(record)
    said: Said = {}
    for name, each in kind.fields.items():
        held = each.path[-1]
        if name == kind.label or name in kind.untold or held not in values or held in _BIRTH:
            continue
        value = values[held]
        if value is None or (isinstance(value, str | Sequence | Mapping) and not value):
            continue
        said[name] = value if each.target is None else telling.names(each.target, value)
    return said


def headed(telling: Telling, kind: DocumentKind, record: Record, name: str, said: Said) -> Said:
    """The whole document: kind, name, id, whose it is, and what it says."""
    head: Said = {"kind": kind.name, kind.label: name, "id": record.id}
    owner = telling.owner(record.account_id) if isinstance(record, Owned) else {}
    return {name: value for name, value in (head | owner | said | head).items() if value is not None}


def own_name(telling: Telling, kind: DocumentKind, record: Record) -> str:
    """What a document of the record is called."""
    record_type = type(record)
    if record_type in FACETS:
        return telling.name(Target(kind.kind.word, record=record_type), record.id)
    own = kind.kind.spec.name_field
    named = kind.label == own and isinstance(getattr(record, own, None), str)
    return str(getattr(record, own)) if named else telling.called.get(record.id, record.id)
