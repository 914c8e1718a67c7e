"""What use cases take, read off their requests' types: flat fields for people, and requests out of what clients send.

Rule 1: a request's own type is the schema; there is no second description of it. A struct inside it is told as fields
    beside the others; a field that holds an id (`zone_id`) is told without `_id` and takes names.
Rule 2: an unknown field, a text with a NUL, a number that no column holds are refused here, with the field's name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from netloom.app.cloud.infrastructure import zones_seen
from netloom.app.cloud.resources.targets import Names, Target, target_of
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.contract.cloud import Field, Form
from netloom.contract.explain import explain, unknown_field
from netloom.model.kinds import Kind

Q = TypeVar("Q", bound=msgspec.Struct)
Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""What JSON, YAML or a command line can say."""

MOST: Final = 2**63 - 1
MAX_TEXT: Final = 65_536
MAX_DEPTH: Final = 8
_NOTHING: Final[Mapping[str, Value]] = {}


@dataclass(frozen=True, slots=True)
class RequestField:
    """A field as people give it.

    Attributes:
        spec: as the table of kinds tells it.
        path: where it stands in the request.
        type: msgspec's description of its type.
        target: what it names; None: it is a plain value.
        items: the fields of each of a list of things; a text stands for the one that has to be there.
        must: the request needs it; people may leave out what is clear.
    """

    spec: Field
    path: tuple[str, ...]
    type: inspect.Type
    target: Target | None = None
    items: tuple[RequestField, ...] = ()
    must: bool = False

    @property
    def name(self) -> str:
        """As people say it."""
        return self.spec.name


def struct_fields(struct: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    """The fields of a struct as msgspec describes them."""
    info = inspect.type_info(struct)
    return info.fields if isinstance(info, inspect.StructType) else ()


def request_fields(
    word: str, request: type[msgspec.Struct], nouns: Mapping[str, str], without: Collection[str] = ()
) -> tuple[RequestField, ...]:
    """The fields of a kind's request, in their order; `nouns`: what people call the words of records."""
    fields = struct_fields(request)
    taken = {field.name for field in fields}
    found: list[RequestField] = []
    for field in fields:
        if field.name in without:
            continue
        inner = _inner(field.type)
        if inner is None:
            found.append(_field(word, field, (field.name,), nouns, taken))
            continue
        names = {each.name for each in inner.fields}
        for each in inner.fields:
            required = each.required and field.required
            found.append(_field(word, each, (field.name, each.name), nouns, taken | names, required=required))
    return tuple(found)


def _inner(found: inspect.Type) -> inspect.StructType | None:
    """The struct that a field's value is, optional or not."""
    if isinstance(found, inspect.UnionType):
        parts = [part for part in found.types if not isinstance(part, inspect.NoneType)]
        return _inner(parts[0]) if len(parts) == 1 else None
    return found if isinstance(found, inspect.StructType) else None


def _field(
    word: str,
    field: inspect.Field,
    path: tuple[str, ...],
    nouns: Mapping[str, str],
    taken: Collection[str],
    *,
    required: bool | None = None,
) -> RequestField:
    form, choices = form_of(field.type)
    name, target = field.name, None
    if form in {Form.TEXT, Form.TEXTS} and (found := target_of(word, field.name)) is not None:
        shown, target = found
        name = name if shown in taken else shown
    refers = "" if target is None else nouns.get(target.word, target.word).replace("_", "-")
    must = field.required if required is None else required
    # The only zone need not be named.
    said = must and not (target is not None and target.native is Kind.ZONE)
    items: tuple[RequestField, ...] = ()
    if (each := _item(field.type)) is not None:
        names = {found.name for found in each.fields}
        items = tuple(_field(word, found, (found.name,), nouns, names) for found in each.fields)
    return RequestField(Field(name, form, said, choices, refers), path, field.type, target, items, must)


def _item(found: inspect.Type) -> inspect.StructType | None:
    """The struct that each of a list is, optional or not."""
    if isinstance(found, inspect.UnionType):
        parts = [part for part in found.types if not isinstance(part, inspect.NoneType)]
        return _item(parts[0]) if len(parts) == 1 else None
    if isinstance(found, inspect.VarTupleType | inspect.ListType) and isinstance(
        found.item_type, inspect.StructType
    ):
        return found.item_type
    return None


def request_of(
    names: Names,
    request: type[Q],
    fields: Sequence[RequestField],
    values: Mapping[str, Value],
    *,
    texts: bool = False,
    fixed: Mapping[str, Value] = _NOTHING,
) -> Q:
    """A request out of plain values, with names resolved.

    Args:
        names: finds what texts name.
        request: the type.
        fields: what may be given.
        values: what was given.
        texts: numbers and flags are written as text, as in a query.
        fixed: further fields of the request that are not the caller's to give.

    Raises:
        InvalidInput: a field is unknown, missing, or of another type.
        NotFound, Conflict: a name leads nowhere, or to several things.
    """
    built = _build(names, fields, values, "", dict(fixed))
    try:
        return msgspec.convert(built, request, strict=not texts)
    except msgspec.ValidationError as error:
        raise _told(explain(error), fields) from error


def _build(
    names: Names, fields: Sequence[RequestField], values: Mapping[str, Value], at: str, built: dict[str, Any]
) -> dict[str, Any]:
    """The values where the request has them, names resolved; `at`: the path that mistakes begin with."""
    by_name = {field.name: field for field in fields}
    for name, value in values.items():
        field = by_name.get(name)
        if field is None:
            raise unknown_field(at.removesuffix("."), name, tuple(by_name))
        check_value(value, at + name)
        if value is None:
            continue
        place = built
        for step in field.path[:-1]:
            place = place.setdefault(step, {})
        place[field.path[-1]] = _value(names, field, value, at + name)
    for missing in (field for field in fields if field.must and values.get(field.name) is None):
        if missing.target is not None and (only := _only_one(names.view, missing.target)) is not None:
            built[missing.path[-1]] = only
            continue
        raise InvalidInput(
            f"{missing.name} is missing",
            subject=at + missing.name,
            hint=f"add {missing.name}",
            code="missing-field",
        )
    return built


def _choice(field: Field, text: str, at: str) -> str:
    """The text that is meant, whatever its case."""
    for choice in field.choices:
        if choice.lower() == text.lower():
            return choice
    raise InvalidInput(f"{at} is {text[:64]!r}", subject=at, hint=f"one of {', '.join(field.choices)}")


def _only_one(view: View, target: Target) -> Uuid | None:
    """The zone that is meant when none is named: the only one there is."""
    if target.native is not Kind.ZONE:
        return None
    zones = zones_seen(view)
    return zones[0][0].id if len(zones) == 1 else None


def _value(names: Names, field: RequestField, value: Value, at: str) -> Value:
    if field.target is not None:
        return _resolved(names, field.target, value, at)
    if field.spec.choices and isinstance(value, str):
        return _choice(field.spec, value, at)
    if not field.items:
        return value
    must = [each.name for each in field.items if each.spec.required]
    texts = isinstance(value, str) and len(must) == 1
    things = [value] if texts or isinstance(value, Mapping) else value
    if not isinstance(things, Sequence) or isinstance(things, str):
        return value
    found: list[Value] = []
    for index, thing in enumerate(things):
        if isinstance(thing, str) and len(must) == 1:
            thing = {must[0]: thing}  # noqa: PLW2901 - the short way to say the same
        found.append(
            _build(names, field.items, thing, f"{at}[{index}].", {}) if isinstance(thing, Mapping) else thing
        )
    return found


def _resolved(names: Names, target: Target, value: Value, name: str) -> Value:
    if isinstance(value, str):
        return names.resolve(target, value, name)
    if isinstance(value, Sequence):
        return [
            names.resolve(target, each, f"{name}[{index}]") if isinstance(each, str) else each
            for index, each in enumerate(value)
        ]
    return value


def _told(error: InvalidInput, fields: Sequence[RequestField]) -> InvalidInput:
    """The error with the field's name as people say it."""
    subject = error.subject or ""
    for field in fields:
        path = ".".join(field.path)
        if subject == path or subject.startswith((f"{path}.", f"{path}[")):
            subject = field.name + subject[len(path) :]
            break
    return InvalidInput(error.message, subject=subject or None, hint=error.hint, code=error.stable_code)


def check_value(value: Value, path: str, depth: int = 0) -> None:
    """Let a value pass that can be kept.

    Raises:
        InvalidInput: a text with a NUL or too long, a number too large, a value nested too deep.
    """
    if depth > MAX_DEPTH:
        raise InvalidInput("nested too deep", subject=path, hint=f"at most {MAX_DEPTH} levels")
    match value:
        case str():
            if "\x00" in value or len(value) > MAX_TEXT or not _is_unicode(value):
                raise InvalidInput(
                    "a text that cannot be kept",
                    subject=path[:256],
                    hint=f"no NUL, at most {MAX_TEXT} characters",
                )
        case bool():
            return
        case int() | float():
            if not abs(value) <= MOST:  # also what is no number
                raise InvalidInput("a number that cannot be kept", subject=path, hint=f"at most {MOST}")
        case Mapping():
            for name, item in value.items():
                check_value(name, path, depth + 1)
                check_value(item, f"{path}.{name}", depth + 1)
        case Sequence():
            for index, item in enumerate(value):
                check_value(item, f"{path}[{index}]", depth + 1)
        case _:
            return


def _is_unicode(text: str) -> bool:
    """Whether no half of a surrogate pair stands alone in it: JSON can say that, UTF-8 and databases cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def form_of(found: inspect.Type) -> tuple[Form, tuple[str, ...]]:
    """How a value of a type is written, and which texts there are."""
    match found:
        case inspect.UnionType(types=types):
            parts = [part for part in types if not isinstance(part, inspect.NoneType)]
            return form_of(parts[0]) if len(parts) == 1 else (Form.JSON, ())
        case inspect.BoolType():
            return Form.FLAG, ()
        case inspect.IntType():
            return Form.NUMBER, ()
        case inspect.StrType():
            return Form.TEXT, ()
        case inspect.DateTimeType():
            return Form.TIME, ()
        case inspect.EnumType(cls=cls):
            return Form.TEXT, tuple(str(item.value) for item in cls)
        case inspect.LiteralType(values=values) if all(isinstance(value, str) for value in values):
            return Form.TEXT, tuple(str(value) for value in values)
        case (
            inspect.VarTupleType(item_type=item)
            | inspect.ListType(item_type=item)
            | inspect.FrozenSetType(item_type=item)
            | inspect.SetType(item_type=item)
        ):
            form, choices = form_of(item)
            return (Form.TEXTS, choices) if form is Form.TEXT else (Form.JSON, ())
        case inspect.DictType(value_type=inspect.StrType()):
            return Form.MAP, ()
        case _:
            return Form.JSON, ()
