"""The cloud as documents that declare it again: what files declared, or everything.

Rule 1: a document of a file is told as it was applied last, while what it made is there; with everything, as it is now.
    Secrets were never kept, and are missing.
Rule 2: what cannot be told is not passed over: it is named, with the reason.
Rule 3: all of it is one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from netloom.app.cloud.resources.computed import COMPUTED
from netloom.app.cloud.resources.documents import ID, DocumentKind, document_kinds, parse
from netloom.app.cloud.resources.existing import by_id
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.kinds import CloudKinds
from netloom.app.cloud.resources.telling import Said, Telling, headed, own_name, told
from netloom.app.cloud.resources.told_parts import SILENT, UNTELLABLE, is_told, say_apart
from netloom.app.cloud.resources.told_relations import relations
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.declarations import Declaration
from netloom.model.cloud.instances import InstanceNic
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.tags import ResourceTag


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What no document tells, and why."""

    kind: str
    name: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Exported:
    """The cloud's part of an export.

    Attributes:
        documents: as a file has them, `kind` first.
        halves: ids of networks and NICs of the switches' intent that the cloud makes and keeps: no file declares them.
        left_out: what is not in it, with everything.
    """

    documents: tuple[Said, ...]
    halves: frozenset[str]
    left_out: tuple[LeftOut, ...] = ()


def exported(view: View, kinds: CloudKinds) -> Exported:
    """What files declared, in the order in which it was applied first."""
    found = tuple(said for _, said in _declared(view, document_kinds(kinds)))
    return Exported(found, _halves(view))


def everything(view: View, kinds: CloudKinds) -> Exported:
    """Everything that files could have declared, whoever made it and with what; declared first."""
    known = document_kinds(kinds)
    documents: list[Said] = []
    left_out: list[LeftOut] = []
    declared: dict[str, dict[str, str]] = {}
    taken: set[tuple[str, str, str]] = set()
    related: dict[tuple[str, str], list[Said]] = {}
    files = list(_declared(view, known))
    for each, _ in files:
        declared.setdefault(each.kind, {})[each.record_id] = each.name
    called = {ident: name for ids in declared.values() for ident, name in ids.items()}
    telling = Telling(view, kinds, called)
    for each, said in files:
        related.setdefault((each.kind, each.record_id), []).append(said)
        kind = known[each.kind]
        documents.append(said if kind.is_relation else _now(telling, kind, each.record_id, said))
        taken.add((each.kind, each.owner, str(documents[-1][kind.label])))
    for kind in known.values():
        if kind.is_relation or kind.kind.word in SILENT:
            continue
        mine = declared.get(kind.name, {})
        for record in _records(telling, kind):
            if record.id in mine or not is_told(telling, kind.name, record):
                continue
            name, reason = own_name(telling, kind, record), UNTELLABLE.get(kind.kind.word)
            if reason is None:
                said = _document(telling, kind, record, name)
                reason = _wrong(kind, said, taken)
                if reason is None:
                    documents.append(said)
                    continue
            left_out.append(LeftOut(kind.name, name, record.id, reason))
    documents += relations(telling, related)
    return Exported(tuple(documents), _halves(view), tuple(left_out))


def _declared(view: View, known: Mapping[str, DocumentKind]) -> Iterable[tuple[Declaration, Said]]:
    for each in view.records.select(Declaration):
        kind = known.get(each.kind)
        if kind is not None and by_id(view, kind.kind.record, each.record_id) is not None:
            spec: dict[str, Value] = msgspec.json.decode(each.spec)
            said = {name: value for name, value in spec.items() if name not in kind.untold}
            yield each, {"kind": each.kind, kind.label: each.name, **said}


def _now(telling: Telling, kind: DocumentKind, record_id: Uuid, said: Said) -> Said:
    """A file's document with what has become of it since; what a record does not show is as the file said it."""
    record = by_id(telling.view, kind.kind.record, record_id)
    if record is None or kind.kind.word in UNTELLABLE:
        return {**said, ID: record_id}
    now = _document(telling, kind, record, own_name(telling, kind, record))
    shown = msgspec.to_builtins(record)
    updates = () if kind.update is None else kind.update.fields
    changeable = {each.name for each in updates if each.path[-1] in shown} | (
        {"tags"} if kind.tagged else set()
    )
    kept = {name: value for name, value in said.items() if name not in changeable}
    found = {**kept, ID: record_id, **{name: value for name, value in now.items() if name in changeable}}
    return {name: found[name] for name in (*now, *found) if name in found}


def _halves(view: View) -> frozenset[str]:
    found = {each.id for each in view.records.select(GuestNetwork)}
    found.update(each.id for each in view.records.select(InstanceNic))
    return frozenset(found)


def _records(telling: Telling, kind: DocumentKind) -> Sequence[Record]:
    computed = COMPUTED.get(kind.kind.record)
    return telling.all(kind.kind.record) if computed is None else computed(telling.view)


def _document(telling: Telling, kind: DocumentKind, record: Record, name: str) -> Said:
    telling.mine = record.account_id if isinstance(record, Owned) else None
    said = told(telling, kind, record)
    say_apart(telling, kind.name, record, said)
    if kind.tagged:
        tags = telling.by(ResourceTag, "resource_id").get(record.id, ())
        said["tags"] = {tag.key: tag.value for tag in tags} or None
    return headed(telling, kind, record, name, said)


def _wrong(kind: DocumentKind, said: Said, taken: set[tuple[str, str, str]]) -> str | None:
    """Why a document could not be applied; None: it can."""
    try:
        found = parse(0, kind, {name: value for name, value in said.items() if name != "kind"})
    except InvalidInput as error:
        return error.message
    must = () if kind.create is None or kind.made_with_intent else kind.create.fields
    for each in must:
        if each.spec.required and each.name not in said and each.name not in kind.untold:
            return f"nothing says its {each.name} any more"
    key = (kind.name, found.owner, found.name)
    if key in taken:
        return f"another {kind.name} of this owner has this name, and files tell them apart by it"
    taken.add(key)
    return None
