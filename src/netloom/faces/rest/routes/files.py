"""Files: apply, plan, export."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from netloom.app.declared import ApplyResult
from netloom.contract.documents import YAML_MEDIA_TYPE, Applied
from netloom.contract.reports import PlanReport
from netloom.faces.rest import describe
from netloom.faces.rest.body import media_type, read_body
from netloom.faces.rest.conditions import wait_seconds
from netloom.faces.rest.documents import File, read_file
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import Face, report
from netloom.faces.rest.yaml_out import builtins_of, document
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.model.specs import Spec, kind_of

MAX_BEHIND = 100
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Result:
    kind: str
    name: str
    action: str
    id: str
    generation: int


@dataclass(frozen=True, slots=True)
class _Applied:
    items: tuple[_Result, ...]
    created: int
    updated: int
    unchanged: int
    done: bool | None
    behind: tuple[str, ...]


def add(api: FastAPI, face: Face) -> None:
    """Apply, plan and export."""
    app = face.app

    async def read(request: Request) -> File:
        body = await read_body(request, limit=face.settings.max_file, seconds=face.settings.body_seconds)
        # In a thread: ten thousand documents take about half a second, in which others want to be served.
        return await asyncio.to_thread(read_file, body, media_type(request))

    async def apply(request: Request) -> Response:
        seconds = wait_seconds(request, face.settings.max_wait)
        file = await read(request)
        try:
            results = await app.apply(file.specs)
        except InvalidDocuments as error:
            raise await asyncio.to_thread(file.explain, error) from error
        behind = await app.settle(results, seconds) if seconds else None
        return report(_applied(results, behind))

    async def plan(request: Request) -> Response:
        file = await read(request)
        try:
            return report(await app.plan(file.specs))
        except InvalidDocuments as error:
            raise await asyncio.to_thread(file.explain, error) from error

    async def export(request: Request) -> Response:
        if "json" in request.headers.get("accept", ""):
            return StreamingResponse(_chunked(_json(app.export())), media_type="application/json")
        return StreamingResponse(_chunked(_yaml(app.export())), media_type=YAML_MEDIA_TYPE)

    errors = (404, 408, 409, 413, 415, 422)
    describe.add(
        api,
        apply,
        describe.Route(
            "POST",
            "/v1/apply",
            "apply",
            "Make everything in a file so; all or nothing",
            "files",
            describe.operation(
                describe.success("What became of each document", Applied),
                parameters=(describe.WAIT,),
                request=describe.file_body(),
                errors=errors,
            ),
        ),
    )
    describe.add(
        api,
        plan,
        describe.Route(
            "POST",
            "/v1/plan",
            "plan",
            "What applying a file would change, down to ports and flows; touches nothing",
            "files",
            describe.operation(
                describe.success("The plan", PlanReport), request=describe.file_body(), errors=errors
            ),
        ),
    )
    describe.add(
        api,
        export,
        describe.Route(
            "GET",
            "/v1/export",
            "export",
            "Everything declared, as a file that apply takes (YAML; JSON with Accept: application/json)",
            "files",
            describe.operation(describe.success("Documents in an order in which they can be applied")),
        ),
    )


def _applied(results: tuple[ApplyResult, ...], behind: tuple[ApplyResult, ...] | None) -> _Applied:
    items = tuple(
        _Result(result.kind.value, result.name, result.action.value, result.id, result.generation)
        for result in results
    )
    actions = [item.action for item in items]
    return _Applied(
        items=items,
        created=actions.count("created"),
        updated=actions.count("updated"),
        unchanged=actions.count("unchanged"),
        done=None if behind is None else not behind,
        behind=tuple(f"{item.kind.value}/{item.name}" for item in (behind or ())[:MAX_BEHIND]),
    )


async def _yaml(specs: AsyncIterator[Spec]) -> AsyncIterator[bytes]:
    async for spec in specs:
        yield document(spec).encode()


async def _json(specs: AsyncIterator[Spec]) -> AsyncIterator[bytes]:
    yield b'{"items":['
    first = True
    async for spec in specs:
        kind: Kind = kind_of(spec)
        yield (b"" if first else b",") + encode_value({"kind": kind.value, **builtins_of(spec)})
        first = False
    yield b"]}"


async def _chunked(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    buffer = bytearray()
    async for part in parts:
        buffer += part
        if len(buffer) >= _CHUNK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)
