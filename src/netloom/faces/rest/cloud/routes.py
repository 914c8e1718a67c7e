"""The routes of the cloud's kinds: list, read, and what the table of kinds says may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.app.cloud.resources.acting import Deed, How, Outcome, Resources
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.kinds import CloudAction, CloudKind, plural
from netloom.app.cloud.resources.reading import DEFAULT_LIMIT, MAX_LIMIT, OWNERS, Asked
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.contract.pages import MAX_CURSOR
from netloom.faces.rest import describe
from netloom.faces.rest.auth import caller_of
from netloom.faces.rest.cloud.schemas import Schemas
from netloom.faces.rest.conditions import (
    etag,
    idempotency_key,
    if_match,
    prefers_minimal,
    wait_seconds,
    whole_number,
)
from netloom.faces.rest.decode import decode
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import JSON, Face
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.record import Owned

MAX_VALUE: Final = 512

_values: Final[msgspec.json.Decoder[dict[str, Value]]] = msgspec.json.Decoder(dict[str, Any])
_CHANGES: Final = (400, 403, 404, 408, 409, 412, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Cloud:
    """What the routes share."""

    face: Face
    resources: Resources
    schemas: Schemas


def add(api: FastAPI, face: Face, resources: Resources) -> Schemas:
    """All kinds; gives their schemas for the document."""
    cloud = Cloud(face, resources, Schemas(resources.kinds.every))
    for kind in resources.kinds.every:
        _add_list(api, cloud, kind)
        # Paths of collections' own verbs come before those with a reference: `archive` is no event's name.
        for action in sorted(kind.actions.values(), key=lambda action: action.spec.on_one):
            _add_action(api, cloud, kind, action)
        _add_get(api, cloud, kind)
        if kind.record is Job:
            _add_cancel(api, cloud, kind)
    return cloud.schemas


def _add_list(api: FastAPI, cloud: Cloud, kind: CloudKind) -> None:
    spec = kind.spec

    async def list_(request: Request) -> Response:
        page = await cloud.resources.page(caller_of(request), kind, asked(request))
        body = {"items": page.items, "next_cursor": page.next_cursor}
        return Response(encode_value(body), media_type=JSON)

    owners = OWNERS if issubclass(kind.record, Owned) else ()
    filters = dict.fromkeys((*spec.filters, *owners))
    extra = describe.operation(
        cloud.schemas.page(kind),
        parameters=(
            describe.query(
                "limit", "Items on the page.", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
            ),
            describe.query("cursor", "`next_cursor` of the page before."),
            *(describe.query(name, f"Only those with this {name}; names or ids.") for name in filters),
        ),
        errors=(403, 404, 409, 422),
    )
    name = f"list_{plural(spec.noun.replace('-', '_'))}"
    summary = f"List {spec.collection.replace('-', ' ')}"
    describe.add(
        api, list_, describe.Route("GET", f"/v1/{spec.collection}", name, summary, spec.collection, extra)
    )


def _add_get(api: FastAPI, cloud: Cloud, kind: CloudKind) -> None:
    spec = kind.spec

    async def get(request: Request) -> Response:
        seconds = wait_seconds(request, cloud.face.settings.max_wait)
        found = await cloud.resources.get(caller_of(request), kind, request.path_params["ref"], seconds)
        return _answer(found)

    extra = describe.operation(
        cloud.schemas.answer(kind, "The object"),
        parameters=(describe.ref_parameter(spec.noun), describe.WAIT),
        errors=(403, 404, 409, 422),
    )
    route = describe.Route(
        "GET", f"/v1/{spec.collection}/{{ref}}", f"get_{spec.noun.replace('-', '_')}",
        f"Read one of the {spec.collection.replace('-', ' ')}", spec.collection, extra,
    )  # fmt: skip
    describe.add(api, get, route)


def _add_action(api: FastAPI, cloud: Cloud, kind: CloudKind, action: CloudAction) -> None:
    spec = action.spec
    by_query = spec.method == "DELETE"
    creates = spec.method == "POST" and not spec.on_one

    async def act(request: Request) -> Response:
        how = How(
            generation=if_match(request) if spec.on_one else None,
            key=idempotency_key(request) if spec.method == "POST" else None,
            wait=wait_seconds(request, cloud.face.settings.max_wait),
            texts=by_query,
        )
        values = _query(request) if by_query else await _body(cloud.face, request)
        deed = Deed(kind, action, values, request.path_params.get("ref"))
        done = await cloud.resources.act(caller_of(request), deed, how)
        return _created(request, kind, done) if creates else _answer(done)

    ref = (describe.ref_parameter(kind.spec.noun), describe.IF_MATCH) if spec.on_one else ()
    once = (describe.IDEMPOTENCY_KEY,) if spec.method == "POST" else ()
    more = tuple(cloud.schemas.parameters(action)) if by_query else ()
    text = "Begun and durable; a job goes on with it" if spec.job else "Done and durable"
    extra = describe.operation(
        cloud.schemas.answer(kind, text, status=201 if creates else 200),
        parameters=(*ref, *once, describe.WAIT, *more),
        request=None if by_query else cloud.schemas.body(kind, action),
        errors=_CHANGES,
    )
    name = f"{spec.verb.replace('-', '_')}_{kind.spec.noun.replace('-', '_')}"
    description = f"Roles allow it as `{spec.command}`."
    route = describe.Route(
        spec.method, spec.path, name, spec.about.rstrip("."), kind.spec.collection, extra, description
    )
    describe.add(api, act, route)


def _add_cancel(api: FastAPI, cloud: Cloud, kind: CloudKind) -> None:
    async def cancel(request: Request) -> Response:
        caller = caller_of(request)
        found = await cloud.resources.get(caller, kind, request.path_params["ref"])
        await cloud.resources.cancel(caller, Uuid(str(found.row["id"])))
        return _answer(await cloud.resources.get(caller, kind, str(found.row["id"])))

    extra = describe.operation(
        cloud.schemas.answer(kind, "As it is now"),
        parameters=(describe.ref_parameter("job"),),
        errors=(403, 404, 409, 422),
    )
    route = describe.Route(
        "POST", "/v1/jobs/{ref}/cancel", "cancel_job", "Cancel a job that has not begun", "jobs", extra
    )
    describe.add(api, cancel, route)


def asked(request: Request) -> Asked:
    """What a list is asked for.

    Raises:
        InvalidInput: a parameter that cannot be.
    """
    filters: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in {"limit", "cursor"}:
            continue
        if len(value) > MAX_VALUE or name in filters:
            raise InvalidInput(
                f"{name[:64]} has {len(value)} characters, or stands there twice", subject=name[:64],
                hint=f"once, at most {MAX_VALUE} characters",
            )  # fmt: skip
        filters[name] = value
    cursor = request.query_params.get("cursor")
    if cursor is not None and not 0 < len(cursor) <= MAX_CURSOR:
        raise InvalidInput("the cursor is not one of ours", subject="cursor", hint="as in next_cursor")
    limit = whole_number(request, "limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT)
    return Asked(filters, limit, cursor)


async def _body(face: Face, request: Request) -> Mapping[str, Value]:
    data = await face.json_bytes(request, face.settings.max_body)
    if not data.strip():
        return {}
    found: dict[str, Value] = decode(_values, data)
    return found


def _query(request: Request) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    for name in request.query_params:
        if name != "wait":
            values = request.query_params.getlist(name)
            found[name] = values[0] if len(values) == 1 else values
    return found


def _created(request: Request, kind: CloudKind, done: Outcome) -> Response:
    headers = {
        "location": f"/v1/{kind.spec.collection}/{done.row['id']}",
        "etag": etag(done.generation),
    }
    if prefers_minimal(request) and not done.once:
        return Response(status_code=201, headers={**headers, "preference-applied": "return=minimal"})
    return Response(encode_value(done.row), status_code=201, media_type=JSON, headers=headers)


def _answer(done: Outcome) -> Response:
    return Response(encode_value(done.row), media_type=JSON, headers={"etag": etag(done.generation)})
