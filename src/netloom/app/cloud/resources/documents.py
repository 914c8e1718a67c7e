"""Documents of the cloud in files: which kinds there are, what one may say, and in which order they are worked off.

Rule 1: a document says what the kind's `create` takes, and what its `update` takes besides; relations that are no records of
    their own (static NAT, members of a balancer, rules of a security group) are kinds of documents too.
Rule 2: a document has a name, also where the record has none: files know things by it, and find them again.
Rule 3: what a document names comes before it, wherever it stands in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from netloom.app.cloud.resources.fields import RequestField, Value, check_value
from netloom.app.cloud.resources.kinds import CloudAction, CloudKind, CloudKinds
from netloom.app.cloud.resources.reading import OWNERS
from netloom.app.cloud.resources.shown import FACETS
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid, is_uuid
from netloom.contract.explain import unknown_field
from netloom.model.cloud.record import Owned
from netloom.model.cloud.tags import KINDS as TAGGED
from netloom.store.cloud.areas import identity, infrastructure, offerings
from netloom.store.cloud.schema import STORED

MAX_NAME: Final = 255
TAGS: Final = "tags"
LABEL: Final = "name"
ID: Final = "id"
_MAY_BE_SECRET: Final[Mapping[str, frozenset[str]]] = {"user_data": frozenset({"data"})}
_MADE_BY: Final[Mapping[str, str]] = {"ssh_key": "register"}
"""The action that makes what a document declares, where it is not `create`: nobody would be told a new private key."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A kind of document that is an action on another thing: `ref` is the field that names that thing."""

    word: str
    verb: str
    ref: str | None = None
    update: str | None = None


RELATIONS: Final[Mapping[str, Relation]] = {
    "EgressRule": Relation("firewall_rule", "create-egress", update="update-egress"),
    "StaticNat": Relation("public_ip", "enable-static-nat", ref="public_ip"),
    "LbMember": Relation("load_balancer", "assign", ref="load_balancer"),
    "InternalLbMember": Relation("internal_load_balancer", "assign", ref="internal_load_balancer"),
    "IngressRule": Relation("security_group", "authorize-ingress", ref="security_group"),
    "EgressGroupRule": Relation("security_group", "authorize-egress", ref="security_group"),
}


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document.

    Attributes:
        name: as `kind:` says it.
        kind: of the record that it is about.
        create: what makes it; None: it is there, and only changed.
        update: what changes it, if anything does.
        ref: the field that names the thing which `create` is an action on.
    """

    name: str
    kind: CloudKind
    create: CloudAction | None
    update: CloudAction | None
    ref: str | None = None

    @property
    def label(self) -> str:
        """The field that the document is known by."""
        own = self.kind.spec.name_field
        return own if own and own in self.fields and own != "address" else LABEL

    @property
    def fields(self) -> dict[str, RequestField]:
        """What it may say, without owner, tags and a name that is only the document's."""
        actions = [action for action in (self.update, self.create) if action is not None]
        return {field.name: field for action in actions for field in action.fields}

    @property
    def secrets(self) -> frozenset[str]:
        """Fields that are neither kept with the declaration nor told again."""
        return self.kind.hidden | {"password"}

    @property
    def untold(self) -> frozenset[str]:
        """Fields that no export tells; a document of what is there already need not say them."""
        return self.secrets | _MAY_BE_SECRET.get(self.kind.word, frozenset())

    @property
    def tagged(self) -> bool:
        """Whether `tags` are those that people hang on things; some kinds have a field of that name."""
        return self.kind.word in TAGGED.values() and not self.is_relation and TAGS not in self.fields

    @property
    def made_with_intent(self) -> bool:
        """Whether it says more about an object of the switches' intent, whose own document may have made it."""
        return self.kind.record in FACETS

    @property
    def is_relation(self) -> bool:
        """Whether there is no record of its own."""
        return self.name in RELATIONS and self.name != "EgressRule"


@dataclass(frozen=True, slots=True)
class Document:
    """One document.

    Attributes:
        index: where it stands in the file.
        kind: what it declares.
        name: what it is known by.
        owner: whose it is, as it says: `DOMAIN/ACCOUNT`; empty: the caller's.
        values: fields of the actions.
        said: all fields but `kind` and tags, to look up owners and references.
        tags: None: it says nothing of them.
        id: of the record that it was exported from: it is that one where it is there, and others of the file may name it so.
    """

    index: int
    kind: DocumentKind
    name: str
    owner: str
    values: Mapping[str, Value]
    said: Mapping[str, Value]
    tags: Mapping[str, str] | None = None
    id: Uuid | None = None

    @property
    def word(self) -> str:
        """Of its record."""
        return self.kind.kind.word


def document_kinds(kinds: CloudKinds) -> Mapping[str, DocumentKind]:
    """All kinds of documents, by name."""
    found: dict[str, DocumentKind] = {}
    for kind in kinds.every:
        create, update = kind.actions.get(_MADE_BY.get(kind.word, "create")), kind.actions.get("update")
        if create is not None or (update is not None and update.spec.on_one):
            found[kind.spec.kind] = DocumentKind(kind.spec.kind, kind, create, update)
    for name, relation in RELATIONS.items():
        of = kinds.by_word[relation.word]
        action = of.actions.get(relation.verb)
        if action is not None:
            update = of.actions.get(relation.update) if relation.update else None
            found[name] = DocumentKind(name, of, action, update, relation.ref)
    return found


def parse(index: int, kind: DocumentKind, said: Mapping[str, Value]) -> Document:
    """A document out of what it says, checked as far as it can be alone.

    Raises:
        InvalidInput: a field is unknown, missing, or cannot be.
    """
    fields = kind.fields
    owned = OWNERS if issubclass(kind.kind.record, Owned) else ()
    tagged = (TAGS,) if kind.tagged else ()
    marked = () if kind.is_relation or ID in fields else (ID,)
    own = (kind.label, *marked, *((kind.ref,) if kind.ref else ()), *owned, *tagged)
    for name, value in said.items():
        if name not in fields and name not in own:
            raise unknown_field("", name, tuple(dict.fromkeys((*own, *fields))))
        check_value(value, name)
    label = said.get(kind.label)
    if not isinstance(label, str) or not 0 < len(label) <= MAX_NAME:
        raise InvalidInput(
            f"{kind.label} is missing" if label is None else f"{kind.label} is {str(label)[:64]!r}",
            subject=kind.label,
            hint="a text that this document is known by",
            code="missing-field" if label is None else None,
        )
    ident = said.get(ID) if marked else None
    if ident is not None and not (isinstance(ident, str) and is_uuid(ident)):
        raise InvalidInput(f"id is {str(ident)[:64]!r}", subject=ID, hint="as an export says it, or none")
    must = [field.name for field in fields.values() if field.spec.required]
    if kind.create is not None:
        must = [field.name for field in kind.create.fields if field.spec.required]
    if (
        kind.made_with_intent or ident is not None
    ):  # what is there already; if it is not, its making says what is missing
        must = []
    for name in (*((kind.ref,) if kind.ref else ()), *must):
        if said.get(name) is None:
            raise InvalidInput(f"{name} is missing", subject=name, hint=f"add {name}", code="missing-field")
    for name in OWNERS:
        if not isinstance(said.get(name, ""), str):
            raise InvalidInput(f"{name} is no name", subject=name, hint="a text")
    tags = said.get(TAGS) if kind.tagged else None
    if tags is not None and not _is_tags(tags):
        raise InvalidInput("tags are pairs of texts", subject=TAGS, hint="for example tags: {team: net}")
    values = {name: value for name, value in said.items() if name in fields}
    rest = {
        name: value
        for name, value in said.items()
        if (name != TAGS or not kind.tagged) and (name != ID or not marked)
    }
    return Document(
        index,
        kind,
        label,
        _owner(said),
        values,
        rest,
        tags if isinstance(tags, Mapping) else None,  # type: ignore[arg-type]
        Uuid(ident.lower()) if isinstance(ident, str) else None,
    )


@dataclass(frozen=True, slots=True)
class Order:
    """How documents are worked off: stage after stage; what those of a stage need is done by then.

    Attributes:
        stages: each in the file's order.
        needs: indexes of the documents that one needs, by its own.
    """

    stages: Sequence[Sequence[Document]]
    needs: Mapping[int, frozenset[int]]


def ordered(documents: Iterable[Document]) -> Order:
    """The documents in stages: owners, then what the cloud is made of, then what is in it, and each after what it needs.

    Raises:
        InvalidInput: documents need each other in a circle.
    """
    every = sorted(documents, key=lambda each: (_RANK.get(each.word, 0), each.index))
    known = _known(every)
    needs = {each.index: frozenset(_needs(each, known)) for each in every}
    stages: list[list[Document]] = []
    done: set[int] = set()
    for level in _LEVELS:
        waiting = [
            each for each in every if each.word in level or (level is _LEVELS[-1] and each.index not in done)
        ]
        while waiting:
            ready = [each for each in waiting if needs[each.index] <= done]
            if not ready and level is not _LEVELS[-1]:
                break  # it needs something of a later level, and comes with that
            if not ready:
                names = ", ".join(f"{each.kind.name}/{each.name}" for each in waiting[:5])
                raise InvalidInput(
                    f"documents need each other in a circle: {names}", subject="documents", code="circle"
                )
            stages.append(ready)
            done.update(each.index for each in ready)
            waiting = [each for each in waiting if each.index not in done]
    return Order(stages, needs)


Known = Mapping[tuple[str, str], Sequence[Document]]
_LEVELS: Final = (
    frozenset(spec.word for spec in (*identity.TABLES,)),
    frozenset(spec.word for spec in (*infrastructure.TABLES, *offerings.TABLES)) | {"template"},
    frozenset[str](),
)
_FACETS: Final = {"zone_facet": "zone", "host_facet": "host", "physical_network_facet": "physical_network"}
_RANK: Final = {stored.spec.word: rank for rank, stored in enumerate(STORED.values())}


def _known(documents: Sequence[Document]) -> dict[tuple[str, str], list[Document]]:
    found: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        if document.kind.is_relation:
            continue
        for word in (document.word, _FACETS.get(document.word, document.word)):
            found.setdefault((word, document.name), []).append(document)
            if document.id is not None:
                found.setdefault((word, document.id), []).append(document)
    return found


def chosen(found: Sequence[Document], owner: str) -> Sequence[Document]:
    """Those of documents with one name that an owner means: its own, else all."""
    return [each for each in found if each.owner == owner] or found


def _needs(document: Document, known: Known) -> set[int]:
    needed: set[int] = set()
    fields = dict(document.kind.fields)
    for name, value in document.said.items():
        word = document.kind.kind.word if name == document.kind.ref else None
        field = fields.get(name)
        if field is not None and field.target is not None:
            word = field.target.word
        elif name in OWNERS:
            word = name
        if word is not None:
            for text in _texts(value):
                needed.update(each.index for each in chosen(known.get((word, text), ()), document.owner))
        elif field is not None and field.items:
            needed.update(_of_items(field, value, known, document.owner))
        if name == "domain":
            needed.update(_above(value, known))
    return needed - {document.index}


def _of_items(field: RequestField, value: Value, known: Known, owner: str) -> Iterable[int]:
    things = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    for thing in things:
        for item in field.items:
            if item.target is None:
                continue
            text = thing.get(item.name) if isinstance(thing, Mapping) else thing
            if isinstance(text, str):
                yield from (each.index for each in chosen(known.get((item.target.word, text), ()), owner))


def _above(value: Value, known: Known) -> Iterable[int]:
    """Domains that a path goes through."""
    for part in str(value).split("/"):
        yield from (each.index for each in known.get(("domain", part), ()))


def _texts(value: Value) -> Sequence[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, Sequence) else []


def _owner(said: Mapping[str, Value]) -> str:
    account, domain, project = (said.get(name) for name in OWNERS)
    if account is None and project is None:
        return ""
    path = "/".join(part for part in str(domain or "").split("/") if part and part.upper() != "ROOT")
    return f"{path}/{account}" if project is None else f"{path}/project {project}"


def _is_tags(value: Value) -> bool:
    return isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())
