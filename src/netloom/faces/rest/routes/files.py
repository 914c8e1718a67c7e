"""Files: apply, plan, export."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import TypeVar

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.resources.applying import Applying, Became
from netloom.app.cloud.resources.applying import Result as Planned
from netloom.app.cloud.resources.documents import document_kinds
from netloom.app.cloud.resources.exporting import Exported, everything, exported
from netloom.app.cloud.resources.fields import Value
from netloom.app.declared import ApplyResult, apply_documents
from netloom.app.reports import Action, FieldChange, ObjectChange
from netloom.base.ids import Uuid
from netloom.contract.documents import YAML_MEDIA_TYPE, Applied
from netloom.contract.reports import PlanReport
from netloom.faces.rest import describe
from netloom.faces.rest.auth import caller_of
from netloom.faces.rest.body import media_type, read_body
from netloom.faces.rest.conditions import flag, wait_seconds
from netloom.faces.rest.documents import File, read_file
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import Face, report
from netloom.faces.rest.yaml_out import builtins_of, document, fields_text
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.model.specs import Spec, kind_of
from netloom.store.transaction import Transaction

MAX_BEHIND = 100
HIDDEN = "***"
"""What a plan shows of a password or key."""
T = TypeVar("T")
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


def add(api: FastAPI, face: Face, resources: Resources | None = None) -> None:
    """Apply, plan and export; with the cloud's resources files may declare these too."""
    app = face.app
    kinds = {} if resources is None else document_kinds(resources.kinds)

    async def read(request: Request) -> File:
        body = await read_body(request, limit=face.settings.max_file, seconds=face.settings.body_seconds)
        # In a thread: ten thousand documents take about half a second, in which others want to be served.
        return await asyncio.to_thread(read_file, body, media_type(request), kinds)

    async def planned(request: Request, file: File) -> tuple[Planned, ...]:
        if resources is None or not file.documents:
            return ()
        applying = Applying(resources, caller_of(request))
        return await applying.plan(file.documents, lambda tx: _intent(tx, file))

    async def apply(request: Request) -> Response:
        seconds = wait_seconds(request, face.settings.max_wait)
        file = await read(request)
        try:
            await planned(request, file)
            results = await _placed(file, app.apply(file.specs)) if file.specs else ()
            made: tuple[Planned, ...] = ()
            if resources is not None and file.documents:
                made = await Applying(resources, caller_of(request)).make(file.documents)
        except InvalidDocuments as error:
            raise await asyncio.to_thread(file.explain, error) from error
        behind = await app.settle(results, seconds) if seconds else None
        return report(_applied(file, results, made, behind))

    async def plan(request: Request) -> Response:
        file = await read(request)
        try:
            found = await _placed(file, app.plan(file.specs))
            cloud = await planned(request, file)
        except InvalidDocuments as error:
            raise await asyncio.to_thread(file.explain, error) from error
        changes = tuple(_change(each) for each in cloud if each.became is not Became.UNCHANGED)
        unchanged = found.unchanged + len(cloud) - len(changes)
        return report(dataclasses.replace(found, objects=(*found.objects, *changes), unchanged=unchanged))

    async def export(request: Request) -> Response:
        told = Exported((), frozenset())
        tell = everything if flag(request, "all") else exported
        if resources is not None:
            kinds_ = resources.kinds
            told = await resources.cloud.read_as(caller_of(request), lambda view: tell(view, kinds_))
        if "json" in request.headers.get("accept", ""):
            body = _json(app.export(told.halves), told)
            return StreamingResponse(_chunked(body), media_type="application/json")
        body = _yaml(app.export(told.halves), told)
        return StreamingResponse(_chunked(body), media_type=YAML_MEDIA_TYPE)

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
            describe.operation(
                describe.success("Documents in an order in which they can be applied"),
                parameters=(
                    describe.query(
                        "all",
                        "Also what was made by calls, and what had to be left out.",
                        {"type": "boolean"},
                    ),
                ),
                errors=(422,),
            ),
        ),
    )


def _applied(
    file: File,
    results: tuple[ApplyResult, ...],
    made: tuple[Planned, ...],
    behind: tuple[ApplyResult, ...] | None,
) -> _Applied:
    placed = [
        (place, _Result(result.kind.value, result.name, result.action.value, result.id, result.generation))
        for place, result in zip(file.places, results, strict=True)
    ]
    for each in made:
        kind, document = each.document.kind.name, each.document
        result = _Result(kind, document.name, each.became.value, each.id, each.generation)
        placed.append((document.index, result))
    items = tuple(result for _, result in sorted(placed, key=lambda each: each[0]))
    actions = [item.action for item in items]
    return _Applied(
        items=items,
        created=actions.count("created"),
        updated=actions.count("updated"),
        unchanged=actions.count("unchanged"),
        done=None if behind is None else not behind,
        behind=tuple(f"{item.kind.value}/{item.name}" for item in (behind or ())[:MAX_BEHIND]),
    )


def _change(found: Planned) -> ObjectChange:
    """A document of the cloud in a plan."""
    values = found.document.values
    secrets = found.document.kind.secrets
    created = found.became is Became.CREATED
    return ObjectChange(
        kind=found.document.kind.name,
        name=found.document.name,
        action=Action.ADD if created else Action.CHANGE,
        id=None if created else Uuid(found.id),
        fields=tuple(
            FieldChange(name, None, HIDDEN if name in secrets else _text(values[name]))
            for name in (values if created else found.fields)
            if name in values
        ),
    )


def _text(value: Value) -> str:
    return value if isinstance(value, str) else encode_value(value).decode()


def _intent(tx: Transaction, file: File) -> None:
    """What the file says of the switches' intent, in the transaction in which the rest is tried."""
    try:
        apply_documents(tx, file.specs)
    except InvalidDocuments as error:
        raise file.placed(error) from error


async def _placed(file: File, work: Awaitable[T]) -> T:
    try:
        return await work
    except InvalidDocuments as error:
        raise file.placed(error) from error


async def _yaml(specs: AsyncIterator[Spec], told: Exported) -> AsyncIterator[bytes]:
    async for spec in specs:
        yield document(spec).encode()
    for said in told.documents:
        yield fields_text(said).encode()
    for each in told.left_out:
        line = f"left out: {each.kind} {each.name} ({each.id}): {each.reason}"
        yield f"# {' '.join(line.split())}\n".encode()


async def _json(specs: AsyncIterator[Spec], told: Exported) -> AsyncIterator[bytes]:
    yield b'{"items":['
    first = True
    async for spec in specs:
        kind: Kind = kind_of(spec)
        yield (b"" if first else b",") + encode_value({"kind": kind.value, **builtins_of(spec)})
        first = False
    for said in told.documents:
        yield (b"" if first else b",") + encode_value(said)
        first = False
    yield b"]"
    if told.left_out:
        yield b',"left_out":' + encode_value([dataclasses.asdict(each) for each in told.left_out])
    yield b"}"


async def _chunked(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    buffer = bytearray()
    async for part in parts:
        buffer += part
        if len(buffer) >= _CHUNK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)
