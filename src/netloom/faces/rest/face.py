"""What every route shares: the use cases, the settings, and the small steps around a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from netloom.app.service import App
from netloom.faces.rest.body import JSON_TYPES, media_type, read_body
from netloom.faces.rest.conditions import etag, prefers_minimal, wait_seconds
from netloom.faces.rest.decode import decode
from netloom.faces.rest.encode import encode_object, encode_value
from netloom.faces.rest.problems import HttpProblem
from netloom.faces.rest.settings import RestSettings
from netloom.model.kinds import Kind
from netloom.model.objects import Object, kind_of_object

T = TypeVar("T")
Item = TypeVar("Item", bound=Object)

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Face:
    """Handed to every route; holds no state of its own."""

    app: App
    settings: RestSettings

    async def json_body(self, request: Request, decoder: msgspec.json.Decoder[T]) -> T:
        """The body as what the decoder reads; see `body.read_body` and `decode.decode` for errors."""
        return decode(decoder, await self.json_bytes(request, self.settings.max_body))

    async def json_bytes(self, request: Request, limit: int) -> bytes:
        """The body, which has to be JSON."""
        kind = media_type(request)
        if kind not in JSON_TYPES:
            raise HttpProblem(415, f"a body of type {kind[:64]!r}", hint=JSON)
        return await read_body(request, limit=limit, seconds=self.settings.body_seconds)

    async def settle(self, request: Request, item: Item) -> Item:
        """The object after `?wait=`: as it is when its status is Done, or when the time is over."""
        seconds = wait_seconds(request, self.settings.max_wait)
        if not seconds:
            return item
        waited = await self.app.wait(kind_of_object(item), item.id, item.generation, seconds)
        if type(waited) is not type(item):  # the store's own rule; said here for the type checker
            raise TypeError(f"{type(item).__name__} became {type(waited).__name__}")
        return waited


def created(request: Request, kind: Kind, item: Object) -> Response:
    """201 with Location and ETag; without a body when the caller prefers none."""
    headers = {"location": f"/v1/{kind.plural}/{item.id}", "etag": etag(item.generation)}
    if prefers_minimal(request):
        return Response(status_code=201, headers={**headers, "preference-applied": "return=minimal"})
    return Response(encode_object(item), status_code=201, media_type=JSON, headers=headers)


def answer(item: Object) -> Response:
    """200 with the object as it is now."""
    return Response(encode_object(item), media_type=JSON, headers={"etag": etag(item.generation)})


def report(value: object) -> Response:
    """200 with a report."""
    return Response(encode_value(value), media_type=JSON)
