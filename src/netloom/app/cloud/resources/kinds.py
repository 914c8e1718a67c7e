"""The table of kinds, made from the records' tables and the use cases.

Rule 1: a use case `noun.verb` is an action of the kind whose word is the noun: `create` is POST on the collection,
    `update` and `delete` are PATCH and DELETE on the object, any other verb is POST on a path of its own.
Rule 2: a kind that belongs to nobody is the operator's to read, unless it is declared open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import inspect

from netloom.app.cloud.instances_import import IMPORT
from netloom.app.cloud.resources import machines
from netloom.app.cloud.resources.fields import RequestField, form_of, request_fields, struct_fields
from netloom.app.cloud.resources.irregular import (
    BESIDE,
    INTERNAL,
    LISTS,
    NOUNS,
    OPEN,
    PLACES,
    UNGIVEN,
    UNSEEN,
    USE_CASE_WORDS,
    Place,
)
from netloom.app.cloud.resources.listed import COLUMNS
from netloom.app.cloud.resources.targets import Target, name_field, target_of
from netloom.app.cloud.usecase import AnyUseCase
from netloom.contract.cloud import Action, Form, RecordKind
from netloom.contract.kinds import KINDS
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.record import Owned, Record
from netloom.store.cloud.schema import STORED, Stored

NATIVE_COLLECTIONS: Final = frozenset(schema.collection for schema in KINDS)

CANCEL: Final = Action(
    "cancel",
    "POST",
    "/v1/jobs/{ref}/cancel",
    "job.cancel",
    "queryAsyncJobResult",
    "Cancel a job that has not begun.",
)
"""What may be done with a job; it is no use case, as it is the jobs' own."""

_OURS: Final = frozenset({"id", "number", "created_at", "updated_at", "generation"})
_TELLING: Final = (
    "name", "username", "key", "address", "type", "state", "guest_type", "zone_id", "network_id", "instance_id",
    "public_ip_id", "vpc_id", "physical_network_id", "protocol", "traffic", "cidr", "ipv4", "direction", "level",
    "description", "use_case",
)  # fmt: skip
"""Fields that say most about a thing, those first that lists show first."""
_MANY: Final = 6


@dataclass(frozen=True, slots=True)
class CloudAction:
    """An action and its use case.

    Attributes:
        spec: as the table tells it.
        use_case: what it does.
        fields: what it takes.
        place: which field of the request the object of its path fills (`ref`), and from what; without: a whole collection.
    """

    spec: Action
    use_case: AnyUseCase
    fields: tuple[RequestField, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class CloudKind:
    """A kind, its record and its actions.

    Attributes:
        spec: as the table tells it.
        record: the type.
        readable: whether callers other than root may read it at all.
        hidden: fields that answers leave out.
        targets: fields that name other things, by the record's field: the name for people, and what is named.
        actions: by verb.
    """

    spec: RecordKind
    record: type[Record]
    readable: bool
    hidden: frozenset[str]
    targets: Mapping[str, tuple[str, Target]]
    actions: Mapping[str, CloudAction]

    @property
    def word(self) -> str:
        """As in subjects."""
        return self.spec.word


@dataclass(frozen=True, slots=True)
class CloudKinds:
    """All kinds, found by what they are called in paths, documents and records."""

    every: tuple[CloudKind, ...]
    by_word: Mapping[str, CloudKind]
    by_kind: Mapping[str, CloudKind]
    unplaced: tuple[str, ...] = ()
    """Use cases that are about no record, or whose place another has: they are not served, and a test fails."""

    @property
    def specs(self) -> tuple[RecordKind, ...]:
        """The table as it is told."""
        return tuple(kind.spec for kind in self.every)


def cloud_kinds(use_cases: Mapping[str, AnyUseCase]) -> CloudKinds:
    """The table, by noun.

    Raises:
        RuntimeError: a collection has the name of another.
    """
    of: dict[str, list[AnyUseCase]] = {}
    for use_case in use_cases.values():
        if use_case.name in INTERNAL:
            continue
        noun = use_case.name.partition(".")[0]
        word = PLACES.get(use_case.name, Place()).word or USE_CASE_WORDS.get(noun, noun)
        of.setdefault(word, []).append(use_case)
    every = [_kind(stored, of.pop(stored.spec.word, [])) for stored in STORED.values()]
    served = {action.use_case.name for kind in every for action in kind.actions.values()}
    every.sort(key=lambda kind: kind.spec.noun)
    return CloudKinds(
        tuple(every),
        {kind.spec.word: kind for kind in every},
        {kind.spec.kind: kind for kind in every},
        tuple(sorted(use_cases.keys() - served - INTERNAL)),
    )


def _kind(stored: Stored, use_cases: list[AnyUseCase]) -> CloudKind:
    word, record = stored.spec.word, stored.spec.record
    noun = NOUNS.get(word, word)
    collection = plural(noun).replace("_", "-")
    if collection in NATIVE_COLLECTIONS:
        raise RuntimeError(f"{collection} is a collection of the switches' intent: give {word} another noun")
    hidden = frozenset({*stored.spec.secrets, *UNSEEN.get(word, ())})
    fields = [field for field in struct_fields(record) if field.name not in hidden]
    targets = _targets(word, [field.name for field in fields])
    shown = {field.name: targets[field.name][0] if field.name in targets else field.name for field in fields}
    plain = [field.name for field in fields if form_of(field.type)[0] in {Form.TEXT, Form.NUMBER, Form.FLAG}]
    actions = _actions(word, collection, use_cases)
    owned = issubclass(record, Owned)
    facet = word.endswith("_facet")  # named as the object of intent that it says more about
    named = "name" if facet else name_field(record)
    spec = RecordKind(
        word=word,
        kind="".join(part.capitalize() for part in noun.split("_")),
        noun=noun.replace("_", "-"),
        collection=collection,
        list_command=LISTS.get(word) or f"list{_camel(plural(word))}",
        name_field=named,
        columns=(
            *(("name",) if facet else ()),
            *(COLUMNS.get(word) or columns_of(plain, shown)),
            *BESIDE.get(word, ()),
            *(("account",) if "account_id" in shown else ()),
            *(("domain",) if "domain_id" in shown and not owned else ()),
            "id",
        ),
        filters=tuple(shown[name] for name in plain if not owned or name not in {"account_id", "domain_id"}),
        owned=owned,
        actions=(*(action.spec for action in actions.values()), *((CANCEL,) if record is Job else ())),
    )
    readable = owned or word in OPEN
    return CloudKind(spec, record, readable, hidden, targets, actions)


def columns_of(plain: list[str], shown: Mapping[str, str]) -> tuple[str, ...]:
    """What a list shows where nothing else is said: of the plain fields those that tell most, then the others."""
    told = [name for name in _TELLING if name in plain]
    rest = [
        name for name in plain
        if name not in {*told, *_OURS, "account_id", "domain_id"} and shown[name] == name
    ]  # fmt: skip
    return tuple(shown[name] for name in (*told, *rest)[:_MANY])


def _targets(word: str, names: list[str]) -> dict[str, tuple[str, Target]]:
    found: dict[str, tuple[str, Target]] = {}
    for name in names:
        target = target_of(word, name)
        if target is not None and target[0] not in names:
            found[name] = target
    return found


def _actions(word: str, collection: str, use_cases: list[AnyUseCase]) -> dict[str, CloudAction]:
    found: dict[str, CloudAction] = {}
    for use_case in use_cases:
        action = _action(word, collection, use_case)
        found.setdefault(action.spec.verb, action)
    return found


def _action(word: str, collection: str, use_case: AnyUseCase) -> CloudAction:
    place = PLACES.get(use_case.name, Place())
    verb = place.verb or use_case.name.partition(".")[2].replace("_", "-")
    names = use_case.request.__struct_fields__
    ref = place.ref or ("id" if "id" in names and verb != "create" else None)
    owned = ("account", "domain_id", "project_id") if place.owner else ()
    fills = (ref.partition(".")[0],) if ref else ()
    without = {*UNGIVEN.get(use_case.name, ()), *fills, *owned}
    fields = request_fields(word, use_case.request, NOUNS, without)
    if use_case.name == IMPORT.name:
        said = (
            RequestField(each, (each.name,), inspect.StrType(), must=each.required)
            for each in machines.FIELDS
        )
        fields = (*said, *fields)
    path, method = f"/v1/{collection}", "POST"
    if ref is not None:
        path += "/{ref}"
        method = {"update": "PATCH", "delete": "DELETE"}.get(verb, "POST")
    if method == "POST" and verb != "create":
        path += f"/{verb}"
    about = (use_case.request.__doc__ or use_case.name).strip().partition("\n")[0]
    spec = Action(
        verb,
        method,
        path,
        use_case.name,
        use_case.command,
        about,
        tuple(field.spec for field in fields),
        job=use_case.apply is not None,
    )
    return CloudAction(spec, use_case, fields, place._replace(verb=verb, ref=ref))


def plural(noun: str) -> str:
    """More than one of it."""
    if noun.endswith("data"):
        return noun
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def _camel(word: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in word.split("_"))
