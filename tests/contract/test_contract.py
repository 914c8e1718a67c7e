"""The public schema: bounded everywhere, with examples that are valid, and the same fields as the model behind it."""

from __future__ import annotations

import msgspec
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from netloom.contract.documents import Document
from netloom.contract.kinds import KINDS, AnyKind
from netloom.contract.nics import NicBatch
from netloom.model.kinds import Kind
from netloom.model.objects import OBJECT_TYPES
from netloom.model.patches import PATCH_TYPES
from netloom.model.specs import SPEC_TYPES

each_kind = pytest.mark.parametrize("schema", KINDS, ids=lambda schema: schema.kind)


def fields_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


@each_kind
def test_same_fields_as_the_model(schema: AnyKind) -> None:
    kind = Kind(schema.kind)
    assert schema.collection == kind.plural
    assert fields_of(schema.spec) == set(SPEC_TYPES[kind].__struct_fields__)
    assert fields_of(schema.patch) == set(PATCH_TYPES[kind].__struct_fields__)
    assert fields_of(schema.answer) - {"kind"} == set(OBJECT_TYPES[kind].__struct_fields__)


@each_kind
def test_examples_are_valid_and_checked_by_the_model(schema: AnyKind) -> None:
    examples = schema.spec.model_json_schema()["examples"]
    assert examples
    for example in examples:
        spec = schema.spec.model_validate(example)
        sent = spec.model_dump_json(exclude_unset=True).encode()
        msgspec.json.decode(sent, type=SPEC_TYPES[Kind(schema.kind)]).checked()
        TypeAdapter(Document).validate_python({"kind": schema.kind, **example})


@each_kind
def test_everything_that_comes_in_is_bounded(schema: AnyKind) -> None:
    for model in (schema.spec, schema.patch):
        for path, node in unbounded(model.model_json_schema()):
            pytest.fail(f"{model.__name__}{path} has no bound: {node}")


def unbounded(node: object, path: str = "") -> list[tuple[str, object]]:
    """Strings without a length or pattern, arrays and maps without a size, numbers without limits."""
    found: list[tuple[str, object]] = []
    if isinstance(node, dict):
        kind = node.get("type")
        bounds = {
            "string": {"maxLength", "pattern", "enum", "const"},
            "array": {"maxItems"},
            "integer": {"maximum"},
            "number": {"maximum"},
        }
        if kind in bounds and not bounds[kind] & node.keys():
            found.append((path, node))
        if kind == "object" and "additionalProperties" in node and node["additionalProperties"] is not False:
            found += [] if "maxProperties" in node else [(path, node)]
        for key, value in node.items():
            if key not in {"examples", "default"}:
                found += unbounded(value, f"{path}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            found += unbounded(value, f"{path}[{index}]")
    return found


@each_kind
def test_unknown_fields_are_refused_coming_in(schema: AnyKind) -> None:
    with pytest.raises(ValidationError):
        schema.spec.model_validate({"name": "x", "surprise": 1})


def test_batches_are_bounded() -> None:
    assert unbounded(NicBatch.model_json_schema()) == []
