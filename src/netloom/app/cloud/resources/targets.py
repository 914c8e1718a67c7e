"""What a field that ends in `_id` names, and finding it by whatever people call it: a name, an address, a path, an id.

Rule 1: names are looked up among what the caller sees; one that fits several things is refused with the ids to choose from.
Rule 2: an id is handed on as it is: whether it leads anywhere, and whether the caller may use it, is the use case's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netloom.app.cloud.identity_names import account_names, domain_paths
from netloom.app.cloud.identity_owner import named
from netloom.app.cloud.resources import seen
from netloom.app.cloud.resources.irregular import NAMED_BY, OPEN, REFERS, REFERS_IN
from netloom.app.cloud.visibility import Scope, domains_visible
from netloom.app.cloud.work import View, missing
from netloom.base.errors import Conflict
from netloom.base.ids import Uuid, is_uuid
from netloom.model.cloud.identity import Account, Domain
from netloom.model.cloud.record import AccountId, Owned, Record
from netloom.model.kinds import Kind
from netloom.store.catalog import find, find_many
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import BY_WORD, STORED

NATIVE: Final[Mapping[str, Kind]] = {kind.word.replace("-", "_"): kind for kind in Kind}
_FACETS: Final = frozenset({"zone_facet", "host_facet", "physical_network_facet"})
EVERYTHING: Final = Scope(everything=True)
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Target:
    """What is named: an object of the switches' intent, or a record."""

    word: str
    native: Kind | None = None
    record: type[Record] | None = None


def target_of(word: str, field: str) -> tuple[str, Target] | None:
    """What a field of a kind names, with the field's name for people (`zone` for `zone_id`); None: it names nothing."""
    if field.endswith("_ids"):
        stem, shown = field[:-4], f"{field[:-4]}s"
    elif field.endswith("_id"):
        stem = shown = field[:-3]
    else:
        return None
    stored = BY_WORD.get(word)
    found = stored.spec.references.get(field) if stored is not None else None
    found = REFERS_IN.get((word, stem)) or found or REFERS.get(stem, stem)
    if found in BY_WORD:
        return shown, Target(found, record=BY_WORD[found].spec.record)
    if found in NATIVE:
        return shown, Target(found, native=NATIVE[found])
    return None


def name_field(record_type: type[Record]) -> str:
    """The field that people name a record by; empty: there is none."""
    word = STORED[record_type].spec.word
    return NAMED_BY.get(word) or ("name" if "name" in record_type.__struct_fields__ else "")


def _nothing_declared(_word: str, _name: str) -> Uuid | None:
    """No file says anything."""
    return None


@dataclass(frozen=True, slots=True)
class Names:
    """Finds what texts name.

    Attributes:
        view: as the caller sees.
        prefer: whose things come first, when several are called the same.
        declared: what a file calls things: (word, name) to id, None when it says nothing of it.
    """

    view: View
    prefer: AccountId | None = None
    declared: Callable[[str, str], Uuid | None] = _nothing_declared

    def resolve(self, target: Target, text: str, subject: str) -> Uuid:
        """The id of what a text names.

        Raises:
            NotFound: nothing that the caller sees is called so.
            Conflict: several things are (`ambiguous-name`).
        """
        found = self.declared(target.word, text)
        if found is not None:
            return found
        if is_uuid(text):
            return Uuid(text.lower())
        if target.native is not None:
            return find(self.view.records.connection, target.native, text, subject).id
        if target.record is None:
            raise TypeError(f"{target.word} is neither a record nor intent")
        if target.record is Domain:
            return _domain(self.view, text, subject)
        if target.record is Account:
            return named(self.view, text, None).id
        return self._by_name(target.record, text, subject)

    def _by_name(self, record_type: type[Record], text: str, subject: str) -> Uuid:
        view, word = self.view, STORED[record_type].spec.word
        if word in _FACETS:
            return find(view.records.connection, NATIVE[word.removesuffix("_facet")], text, subject).id
        field = name_field(record_type)
        unowned = not issubclass(record_type, Owned) and word not in OPEN
        # Names of what they may not see are not told to tenants.
        if not field or (unowned and not view.caller.is_root):
            raise missing(record_type, text, subject)
        c = columns(record_type)
        found: Sequence[Record] = seen.select(
            view, record_type, c[field] == text, scope=EVERYTHING, limit=_SHOWN
        )
        if len(found) > 1:  # others' that one may see too do not make a name unusable
            mine = self.prefer or view.caller.account_id
            own = [each for each in found if isinstance(each, Owned) and each.account_id == mine]
            found = own if len(own) == 1 else found
        return _only(record_type, found, text, subject)


def _only(record_type: type[Record], found: Sequence[Record], text: str, subject: str) -> Uuid:
    if not found:
        raise missing(record_type, text, subject)
    if len(found) > 1:
        raise ambiguous(record_type, found, text, subject)
    return found[0].id


def ambiguous(record_type: type[Record], found: Sequence[Record], text: str, subject: str) -> Conflict:
    """The refusal of a name that several things have."""
    word = STORED[record_type].spec.word.replace("_", " ")
    return Conflict(
        f"{text!r} is the name of more than one {word}",
        code="ambiguous-name",
        subject=subject,
        hint=f"use an id: {', '.join(each.id for each in found[:_SHOWN])}",
    )


def _domain(view: View, text: str, subject: str) -> Uuid:
    parts = [part for part in text.split("/") if part]
    if parts and parts[0].upper() == "ROOT":
        del parts[0]
    path = "/" + "".join(f"{part}/" for part in parts)
    c = columns(Domain)
    shown = domains_visible(c, view.caller)
    found = view.records.select(Domain, c.path == path, *shown)
    if not found and "/" not in text:
        found = view.records.select(Domain, c.name == text, *shown, limit=_SHOWN)
    return _only(Domain, found, text, subject)


def names_of(view: View, target: Target, ids: Iterable[str]) -> Mapping[str, str]:
    """The names of things by their ids, a few reads for all of them; what has no name, or is gone, is left out."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    if target.native is not None:
        found = find_many(view.records.connection, target.native, wanted)
        return {each.id: each.name for each in found.values()}
    if target.record is None:
        return {}
    if target.record is Domain:
        return domain_paths(view, wanted)
    if target.record is Account:
        return account_names(view, wanted)
    field = name_field(target.record)
    if not field:
        return {}
    records = view.records.many(target.record, wanted)
    return {key: str(getattr(record, field)) for key, record in records.items()}
