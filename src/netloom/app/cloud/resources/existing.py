"""What a document stands for that no file has declared yet: found by what tells records of its kind apart.

Rule 1: a record is the document's when all fields of a group that is unique in the store are; or, where names are not
    unique, when its owner and name are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from netloom.app.cloud.infrastructure import provider_by_id
from netloom.app.cloud.resources.computed import COMPUTED
from netloom.app.cloud.resources.documents import Document
from netloom.app.cloud.resources.fields import RequestField, Value
from netloom.app.cloud.resources.shown import FACETS
from netloom.app.cloud.resources.targets import NATIVE, Names, Target
from netloom.app.cloud.work import View
from netloom.base.errors import NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.identity import ROOT_DOMAIN_ID, Account, Domain
from netloom.model.cloud.infrastructure import NetworkServiceProvider, TrafficLabel
from netloom.model.cloud.record import Owned, Record
from netloom.store.catalog import find
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import STORED

_MORE: Final[Mapping[type[Record], tuple[tuple[str, ...], ...]]] = {
    Domain: (("parent_id", "name"),),
    PublicIp: (("account_id", "address"),),
}
_DOMAIN: Final = Target("domain", record=Domain)


def by_id(view: View, record_type: type[Record], record_id: Uuid) -> Record | None:
    """A record that is there, written or not."""
    if record_type is NetworkServiceProvider:
        return provider_by_id(view, record_id)
    if record_type in FACETS or record_type is TrafficLabel:
        return next((each for each in COMPUTED[record_type](view) if each.id == record_id), None)
    return view.records.get(record_type, record_id)


def existing(view: View, document: Document, names: Names) -> Record | None:
    """The record of a document; None: there is none yet."""
    record_type = document.kind.kind.record
    if record_type in FACETS:
        try:
            found = find(view.records.connection, NATIVE[FACETS[record_type]], document.name)
        except NotFound:
            return None
        return by_id(view, record_type, found.id)
    if document.id is not None and view.caller.is_root:
        found_by_id = by_id(view, record_type, document.id)
        if found_by_id is not None:
            return found_by_id
    for group in _groups(document):
        values = _values(view, document, names, group)
        if values is not None and (record := _first(view, record_type, values)) is not None:
            return record
    return None


def wanted(names: Names, field: RequestField, value: Value) -> Value:
    """A document's value with names as ids."""
    if field.target is None:
        return value
    if isinstance(value, str):
        return names.resolve(field.target, value, field.name)
    if isinstance(value, Sequence):
        return [
            names.resolve(field.target, each, field.name) if isinstance(each, str) else each for each in value
        ]
    return value


def _groups(document: Document) -> Iterable[tuple[str, ...]]:
    kind = document.kind.kind
    yield from STORED[kind.record].spec.unique
    yield from _MORE.get(kind.record, ())
    own = kind.spec.name_field
    if issubclass(kind.record, Owned) and own and document.kind.label == own:
        yield ("account_id", own)


def _values(view: View, document: Document, names: Names, group: tuple[str, ...]) -> dict[str, Value] | None:
    """What a document says of a group's fields; None: not all of them."""
    fields = {field.path[-1]: field for field in document.kind.fields.values()}
    found: dict[str, Value] = {}
    for name in group:
        field = fields.get(name)
        if name == document.kind.label and name == document.kind.kind.spec.name_field:
            found[name] = document.name
        elif field is not None and document.values.get(field.name) is not None:
            value = wanted(names, field, document.values[field.name])
            if not isinstance(value, str | int):  # of another type than any column; the use case says so
                return None
            found[name] = value
        elif name in {"account_id", "domain_id", "parent_id"}:
            owner = _owner(view, document, names, name)
            if owner is None:
                return None
            found[name] = owner
        else:
            return None
    return found


def _owner(view: View, document: Document, names: Names, field: str) -> Uuid | None:
    if field == "parent_id":
        return ROOT_DOMAIN_ID
    if field == "domain_id" and isinstance(domain := document.said.get("domain"), str):
        return names.resolve(_DOMAIN, domain, "domain")
    account = names.prefer or (None if document.owner else view.caller.account_id)
    if field == "account_id" or account is None:
        return account
    owner = view.records.get(Account, account)
    return None if owner is None else owner.domain_id


def _first(view: View, record_type: type[Record], values: Mapping[str, Value]) -> Record | None:
    computed = COMPUTED.get(record_type)
    if computed is None:
        c = columns(record_type)
        return view.records.first(record_type, *(c[name] == value for name, value in values.items()))
    for record in computed(view):
        plain = msgspec.to_builtins(record)
        if all(str(plain[name]).lower() == str(value).lower() for name, value in values.items()):
            return record
    return None
