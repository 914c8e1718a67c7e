"""What the OpenAPI document says of a route; the routes themselves read and write bytes.

Rule 1: schemas come from `contract`, by reference; nothing is described by hand twice.
Rule 2: FastAPI writes the document and takes no part in serving: handlers take a request and give an answer. What FastAPI
finds out of hundreds of routes took longer than all else at the start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.routing import Route as ServedRoute
from starlette.types import Scope

from netloom.contract.documents import Document
from netloom.contract.kinds import KINDS
from netloom.contract.problems import MEDIA_TYPE, Problem

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
Operation = dict[str, Json]
Endpoint = Callable[[Request], Awaitable[Response]]

_REF_TEMPLATE: Final = "#/components/schemas/{model}"
_STATUS_TEXT: Final = {
    400: "Malformed request or body",
    401: "No token, or one that is not known",
    403: "Whoever asks may not",
    404: "There is no such object",
    408: "The body took too long",
    409: "Clashes with what is there, or a range is exhausted",
    412: "Changed since it was read; `current` is its generation",
    413: "The body is too large",
    415: "The body is of a type that is not read here",
    422: "A field is wrong; `field` and `hint` say which and what would be right",
    429: "Too many requests; come back after Retry-After seconds",
    503: "The store or a peer cannot be reached now",
}

WAIT: Final[Operation] = {
    "name": "wait",
    "in": "query",
    "required": False,
    "description": "Seconds to wait until the status is Done; the answer is the object as it is then, Done or not.",
    "schema": {"type": "number", "minimum": 0, "maximum": 300},
    "example": 30,
}
IF_MATCH: Final[Operation] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "ETag (generation) that was read; refused with 412 when it changed since.",
    "schema": {"type": "string"},
    "example": '"3"',
}
IDEMPOTENCY_KEY: Final[Operation] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of the caller's own; the same request with the same key is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
PREFER: Final[Operation] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`return=minimal` leaves the body out (RFC 7240).",
    "schema": {"type": "string"},
}


def _nothing() -> Mapping[str, Json]:
    """There are no further schemas."""
    return {}


def query(
    name: str, description: str, schema: Operation | None = None, *, required: bool = False
) -> Operation:
    """A query parameter."""
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": schema or {"type": "string"},
    }


def ref_parameter(noun: str) -> Operation:
    """The `{ref}` of a path."""
    return {
        "name": "ref",
        "in": "path",
        "required": True,
        "description": f"Name or id of the {noun}; names percent-encoded.",
        "schema": {"type": "string", "maxLength": 128},
    }


def body(model: type[BaseModel], *, required: bool = True) -> Operation:
    """A JSON body."""
    return {"required": required, "content": {"application/json": {"schema": _ref(model)}}}


def file_body() -> Operation:
    """A file for apply and plan."""
    document: Operation = {"$ref": _REF_TEMPLATE.format(model="Document")}
    items: Operation = {"type": "array", "items": document}
    return {
        "required": True,
        "content": {
            "application/yaml": {"schema": document},
            "application/json": {"schema": {"oneOf": [document, items]}},
        },
    }


@dataclass(frozen=True, slots=True)
class Route:
    """A route as the document tells it.

    Attributes:
        method: of HTTP.
        path: template with `{ref}`.
        name: stable operation id.
        summary: one line.
        tag: the group it is listed under.
        extra: parameters, body and responses, as `operation` makes them.
        description: more than a line, when there is more to say.
    """

    method: str
    path: str
    name: str
    summary: str
    tag: str
    extra: Operation
    description: str | None = None


class _Served(ServedRoute):
    """A route that the request's scope names, for metrics."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it is this one, and what the scope gets then."""
        match, found = super().matches(scope)
        return match, {**found, "route": self}


def add(api: FastAPI, endpoint: Endpoint, route: Route) -> None:
    """Put a route and its description into the application."""
    served = _Served(route.path, endpoint, methods=[route.method], name=route.name)
    served.methods = {
        route.method
    }  # without the HEAD that comes with a GET: it would do all the work for nothing
    api.router.routes.append(served)
    _described(api).append((endpoint, route))


def _described(api: FastAPI) -> list[tuple[Endpoint, Route]]:
    """What `add` put there, in order."""
    if not hasattr(api.state, "described"):
        api.state.described = []
    found: list[tuple[Endpoint, Route]] = api.state.described
    return found


def success(
    text: str, answer: type[BaseModel] | None = None, *, status: int = 200, media: str = "application/json"
) -> Operation:
    """The response that is no error, by its status."""
    found: dict[str, Json] = {"description": text}
    if answer is not None:
        found["content"] = {media: {"schema": _ref(answer)}}
    return {str(status): found}


def operation(
    responds: Operation,
    *,
    parameters: Sequence[Operation] = (),
    request: Operation | None = None,
    errors: Sequence[int] = (),
) -> Operation:
    """The `openapi_extra` of a route; `errors` are statuses besides those that every route may answer with."""
    responses: dict[str, Json] = dict(responds)
    for code in sorted({400, 401, 429, 503, *errors}):
        responses[str(code)] = {
            "description": _STATUS_TEXT[code],
            "content": {MEDIA_TYPE: {"schema": _ref(Problem)}},
        }
    found: Operation = {"responses": responses}
    if parameters:
        found["parameters"] = list(parameters)
    if request is not None:
        found["requestBody"] = request
    return found


def install(
    api: FastAPI, models: Sequence[type[BaseModel]], more: Callable[[], Mapping[str, Json]] = _nothing
) -> None:
    """Give the application its OpenAPI document, made once when first asked for.

    Args:
        api: whose routes are described.
        models: schemas that `operation` referred to besides those of the kinds.
        more: further schemas by name.

    Raises:
        RuntimeError: when it is made, two schemas have one name.
    """
    made: dict[str, Json] = {}

    def openapi() -> dict[str, Json]:
        if not made:
            made.update(_document(api, models, more()))
        return made

    api.openapi = openapi  # type: ignore[method-assign]


def _document(api: FastAPI, models: Sequence[type[BaseModel]], more: Mapping[str, Json]) -> dict[str, Json]:
    from fastapi.openapi.utils import get_openapi  # noqa: PLC0415 - only when somebody asks for it

    writer = FastAPI()
    for endpoint, route in _described(api):
        writer.add_api_route(
            route.path,
            endpoint,
            methods=[route.method],
            operation_id=route.name,
            summary=route.summary,
            description=route.description,
            tags=[route.tag],
            openapi_extra=dict(route.extra),
            response_class=Response,
        )
    found: dict[str, Json] = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=writer.routes,
        tags=api.openapi_tags,
    )
    wanted: set[type[BaseModel]] = {Problem, *models}
    for kind in KINDS:
        wanted |= {kind.spec, kind.patch, kind.answer, kind.page}
    ordered: list[type[BaseModel]] = sorted(wanted, key=schema_name)
    schema_mode = [(model, "validation") for model in ordered]
    _, definitions = models_json_schema(schema_mode, ref_template=_REF_TEMPLATE)  # type: ignore[arg-type]
    schemas: dict[str, Json] = dict(definitions["$defs"])
    document = TypeAdapter(Document).json_schema(ref_template=_REF_TEMPLATE)
    schemas.update(document.pop("$defs"))
    schemas["Document"] = document
    if twice := schemas.keys() & more.keys():
        raise RuntimeError(f"two schemas are called {', '.join(sorted(twice))}")
    schemas.update(more)
    found["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "keys": {"type": "http", "scheme": "basic", "description": "API key and secret key of a user."},
        },
    }
    found["security"] = [{"token": []}, {"keys": []}]
    return found


def _ref(model: type[BaseModel]) -> Operation:
    return {"$ref": _REF_TEMPLATE.format(model=schema_name(model))}


def schema_name(model: type[BaseModel]) -> str:
    """The name that pydantic gives a schema: brackets of generic models become underscores."""
    return model.__name__.replace("[", "_").replace("]", "_")
