"""What the OpenAPI document says of the cloud's kinds, made from the types of requests and records.

Rule 1: msgspec describes the types that parse and the types that are kept; here they are only rearranged as people see them.
Rule 2: nothing is described before somebody asks for the document; routes only refer to schemas by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from netloom.app.cloud.resources.kinds import CloudAction, CloudKind
from netloom.app.cloud.resources.shown import FACETS
from netloom.contract.cloud import Form
from netloom.contract.hints import hint_of
from netloom.faces.rest.describe import Json, Operation
from netloom.model.cloud.record import Owned

_TEMPLATE: Final = "#/components/schemas/{name}"
_REF: Final = re.compile(r"#/components/schemas/([^\"]+)")
_MOST: Final = 2**63 - 1

Schema = dict[str, Any]

STATUS: Final[Schema] = {
    "type": "object",
    "description": "How far it is; `job_id` is the job that is about it.",
    "properties": {
        "phase": {"type": "string", "enum": ["Pending", "Done", "Error"]},
        "reason": {"type": "string"},
        "code": {"type": "string"},
        "error": {"type": ["string", "null"], "description": "The class of the error, when the job failed."},
        "job_id": {"type": ["string", "null"]},
    },
    "required": ["phase"],
}


class Schemas:
    """The schemas of kinds and their requests, collected by name while routes are made."""

    def __init__(self, kinds: Iterable[CloudKind]) -> None:
        self._kinds = tuple(kinds)
        self._bodies: dict[str, CloudAction] = {}

    def components(self) -> Mapping[str, Json]:
        """All schemas that the routes refer to."""
        return _Described(self._kinds).components(self._bodies)

    def answer(self, kind: CloudKind, text: str, *, status: int = 200) -> Operation:
        """The response with one object."""
        return {str(status): _content(text, _ref(kind.spec.kind))}

    def page(self, kind: CloudKind) -> Operation:
        """The response with a page."""
        schema: Schema = {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": _ref(kind.spec.kind)},
                "next_cursor": {"type": ["string", "null"]},
            },
            "required": ["items", "next_cursor"],
        }
        return {"200": _content("One page, in order of creation", schema)}

    def body(self, kind: CloudKind, action: CloudAction) -> Operation | None:
        """What an action takes; None: nothing."""
        if not action.fields:
            return None
        name = f"{kind.spec.kind}{''.join(part.capitalize() for part in action.spec.verb.split('-'))}"
        self._bodies[name] = action
        needed = any(field.spec.required for field in action.fields)
        return {"required": needed, "content": {"application/json": {"schema": _ref(name)}}}

    def parameters(self, action: CloudAction) -> Sequence[Operation]:
        """The same as parameters of a query."""
        return [
            {
                "name": field.name,
                "in": "query",
                "required": field.spec.required,
                "schema": {"type": "boolean"} if field.spec.form is Form.FLAG else {"type": "string"},
            }
            for field in action.fields
        ]


class _Described:
    """What msgspec says of the kinds' types, rearranged."""

    def __init__(self, kinds: Sequence[CloudKind]) -> None:
        self._kinds = kinds
        requests = [action.use_case.request for kind in kinds for action in kind.actions.values()]
        types = list(dict.fromkeys([*(kind.record for kind in kinds), *requests]))
        refs, self._parts = msgspec.json.schema_components(types, ref_template=_TEMPLATE)
        self._nouns = {kind.spec.collection: kind.spec.noun for kind in kinds}
        self._of = {found: self._resolved(ref) for found, ref in zip(types, refs, strict=True)}

    def components(self, bodies: Mapping[str, CloudAction]) -> Mapping[str, Json]:
        """The kinds, bodies of requests, and what these refer to."""
        found: dict[str, Schema] = {"CloudStatus": STATUS}
        found |= {kind.spec.kind: self._record(kind) for kind in self._kinds}
        found |= {name: self._request(action) for name, action in bodies.items()}
        todo = list(found.values())
        while todo:
            for name in _REF.findall(msgspec.json.encode(todo.pop()).decode()):
                if name not in found:
                    found[name] = self._parts[name]
                    todo.append(self._parts[name])
        return found

    def _request(self, action: CloudAction) -> Schema:
        properties: Schema = {}
        for field in action.fields:
            schema = self._of[action.use_case.request]
            if field.path[0] in self._inner(schema)["properties"]:
                for step in field.path:
                    schema = self._inner(schema)["properties"][step]
            else:  # said in place of what the request has: a machine's name
                schema = {"type": "string", "maxLength": 255}
            schema = {key: value for key, value in schema.items() if key != "default"}
            if field.target is not None:
                names: Schema = {"type": "string", "maxLength": 255}
                schema = {"type": "array", "items": names} if field.spec.form is Form.TEXTS else names
                schema["description"] = f"Name or id of the {field.spec.refers}."
            elif schema.get("type") == "integer":
                schema = {"minimum": -_MOST, "maximum": _MOST, **schema}
            hint = hint_of(self._nouns[action.spec.path.split("/")[2]], field.name)
            if hint and field.target is None and not field.spec.choices:
                schema = {**schema, "description": hint}
            properties[field.name] = schema
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": properties,
            "required": [field.name for field in action.fields if field.spec.required],
        }

    def _record(self, kind: CloudKind) -> Schema:
        record = self._of[kind.record]
        properties: Schema = {"kind": {"const": kind.spec.kind}}
        if kind.record in FACETS:
            properties["name"] = {"type": "string"}
        for name, schema in record["properties"].items():
            if name in kind.hidden:
                continue
            properties[name] = schema
            if name in kind.targets:
                shown, target = kind.targets[name]
                named: Schema = {"description": f"Name of the {target.word.replace('_', ' ')}."}
                properties[shown] = named
        if issubclass(kind.record, Owned):
            properties |= {"account": {"type": "string"}, "domain": {"type": "string"}}
        properties |= {"tags": {"type": "object"}, "status": _ref("CloudStatus")}
        text = record.get("description", "")
        return {
            "type": "object",
            "description": text,
            "properties": properties,
            "required": ["kind", "id", "status"],
        }

    def _inner(self, schema: Schema) -> Schema:
        """The struct that a schema stands for, by reference or not, optional or not."""
        for part in (schema, *schema.get("anyOf", ())):
            if "$ref" in part:
                return self._resolved(part)
        return schema

    def _resolved(self, schema: Schema) -> Schema:
        found = _REF.fullmatch(schema.get("$ref", ""))
        return schema if found is None else self._parts[found[1]]


def _ref(name: str) -> Schema:
    return {"$ref": _TEMPLATE.format(name=name)}


def _content(text: str, schema: Schema) -> Operation:
    return {"description": text, "content": {"application/json": {"schema": schema}}}
