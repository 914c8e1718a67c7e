"""Create, list, read, change and delete, the same for every kind; and NICs by the thousand."""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.contract.kinds import KINDS, AnyKind
from netloom.contract.nics import MAX_BATCH, BatchCreated, NicBatch
from netloom.faces.rest import describe
from netloom.faces.rest.conditions import idempotency_key, if_match, paging, prefers_minimal
from netloom.faces.rest.decode import decode
from netloom.faces.rest.encode import encode_items, encode_page, encode_value
from netloom.faces.rest.face import JSON, Face, answer, created
from netloom.faces.rest.problems import Mistake, Mistakes
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.model.patches import PATCH_TYPES
from netloom.model.specs import SPEC_TYPES, NicSpec
from netloom.model.status import Phase, Status


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: tuple[NicSpec, ...]


class _Minimal(msgspec.Struct, frozen=True):
    count: int
    ids: list[str]


_DELETED: Final = Status(phase=Phase.PENDING, code="deleted", reason="deleted; hosts follow")
_batch: Final = msgspec.json.Decoder(_Batch)


def add(api: FastAPI, face: Face) -> None:
    """All kinds, the hot one first: routes are matched in order."""
    for schema in KINDS:
        _add_kind(api, face, schema)


def _add_kind(api: FastAPI, face: Face, schema: AnyKind) -> None:
    kind = Kind(schema.kind)
    spec_decoder = msgspec.json.Decoder(SPEC_TYPES[kind])
    patch_decoder = msgspec.json.Decoder(PATCH_TYPES[kind])
    app = face.app
    path = f"/v1/{schema.collection}"
    noun = schema.noun

    async def create(request: Request) -> Response:
        key = idempotency_key(request)
        spec = await face.json_body(request, spec_decoder)
        item = await app.create(kind, spec, idempotency_key=key)
        return created(request, kind, await face.settle(request, item))

    async def list_(request: Request) -> Response:
        asked = paging(request, schema.filters)
        filters = asked.filters | {f"label.{key}": value for key, value in asked.labels.items()}
        page = await app.list(kind, filters=filters, limit=asked.limit, cursor=asked.cursor)
        return Response(encode_page(page.items, page.next_cursor, page.revision), media_type=JSON)

    async def get(request: Request) -> Response:
        item = await app.get(kind, request.path_params["ref"])
        return answer(await face.settle(request, item))

    async def change(request: Request) -> Response:
        generation = if_match(request)
        patch = await face.json_body(request, patch_decoder)
        item = await app.update(kind, request.path_params["ref"], patch, if_generation=generation)
        return answer(await face.settle(request, item))

    async def delete(request: Request) -> Response:
        item = await app.delete(kind, request.path_params["ref"], if_generation=if_match(request))
        return answer(msgspec.structs.replace(item, status=_DELETED))

    ref = describe.ref_parameter(noun)
    made = describe.operation(
        describe.success("Created and durable", schema.answer, status=201),
        parameters=(describe.IDEMPOTENCY_KEY, describe.PREFER, describe.WAIT),
        request=describe.body(schema.spec),
        errors=(404, 408, 409, 413, 415, 422),
    )
    listed = describe.operation(
        describe.success("One page, in order of creation", schema.page),
        parameters=(
            describe.query("limit", "Items on the page.", {"type": "integer", "minimum": 1, "maximum": 1000}),
            describe.query("cursor", "`next_cursor` of the page before."),
            describe.query("label", "KEY=VALUE; may be given several times."),
            *(describe.query(name, f"Only those with this {name}.") for name in schema.filters),
        ),
        errors=(422,),
    )
    read = describe.operation(
        describe.success("The object", schema.answer), parameters=(ref, describe.WAIT), errors=(404,)
    )
    changed = describe.operation(
        describe.success("As it is now", schema.answer),
        parameters=(ref, describe.IF_MATCH, describe.WAIT),
        request=describe.body(schema.patch),
        errors=(404, 408, 409, 412, 413, 415, 422),
    )
    deleted = describe.operation(
        describe.success("As it was last", schema.answer),
        parameters=(ref, describe.IF_MATCH),
        errors=(404, 409, 412),
    )
    one = "an" if noun == "NIC" else "a"
    if kind is Kind.NIC:
        _add_batch(api, face)
    describe.add(
        api,
        create,
        describe.Route("POST", path, f"create_{kind.word}", f"Create {one} {noun}", schema.collection, made),
    )
    describe.add(
        api,
        list_,
        describe.Route("GET", path, f"list_{kind.word}s", f"List {noun}s", schema.collection, listed),
    )
    describe.add(
        api,
        get,
        describe.Route(
            "GET", f"{path}/{{ref}}", f"get_{kind.word}", f"Read {one} {noun}", schema.collection, read
        ),
    )
    describe.add(
        api,
        change,
        describe.Route(
            "PATCH",
            f"{path}/{{ref}}",
            f"update_{kind.word}",
            f"Change {one} {noun}",
            schema.collection,
            changed,
            description="Fields that are given replace the object's; those left out stay.",
        ),
    )
    describe.add(
        api,
        delete,
        describe.Route(
            "DELETE",
            f"{path}/{{ref}}",
            f"delete_{kind.word}",
            f"Delete {one} {noun}",
            schema.collection,
            deleted,
        ),
    )


def _add_batch(api: FastAPI, face: Face) -> None:
    async def batch(request: Request) -> Response:
        key = idempotency_key(request)
        specs = decode(_batch, await face.json_bytes(request, face.settings.max_file)).items
        if not 1 <= len(specs) <= MAX_BATCH:
            raise Mistakes(
                (Mistake(f"{len(specs)} items", "items", f"1 to {MAX_BATCH}"),), total=1, code="invalid-input"
            )
        try:
            items = await face.app.create_many(Kind.NIC, specs, idempotency_key=key)
        except InvalidDocuments as error:
            raise _items(error) from error
        if prefers_minimal(request):
            body = encode_value(_Minimal(len(items), [item.id for item in items]))
            headers = {"preference-applied": "return=minimal"}
            return Response(body, status_code=201, media_type=JSON, headers=headers)
        return Response(encode_items(items), status_code=201, media_type=JSON)

    describe.add(
        api,
        batch,
        describe.Route(
            "POST",
            "/v1/nics/batch",
            "create_nics",
            "Create many NICs, all or none",
            "nics",
            describe.operation(
                describe.success(
                    "Created and durable; `{items: [...]}` of whole NICs without `Prefer: return=minimal`",
                    BatchCreated,
                    status=201,
                ),
                parameters=(describe.IDEMPOTENCY_KEY, describe.PREFER),
                request=describe.body(NicBatch),
                errors=(404, 408, 409, 413, 415, 422),
            ),
        ),
    )


def _items(error: InvalidDocuments) -> Mistakes:
    """Mistakes of a batch with the path of the item."""
    found = tuple(
        Mistake(
            detail=mistake.error.message,
            field=f"items[{mistake.index}]" + (f".{mistake.error.subject}" if mistake.error.subject else ""),
            hint=mistake.error.hint,
        )
        for mistake in error.mistakes
    )
    return Mistakes(found, total=len(found) + error.omitted, code=error.stable_code)
