"""`/v1/system/components`: the daemon's parts, the run level of each, and whether it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.contract.components import ComponentReport, Components
from netloom.faces.rest import describe
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import JSON

Component = tuple[str, str, bool]
"""Name, run level, whether it runs."""


def add(api: FastAPI, read: Callable[[], Sequence[Component]]) -> None:
    """The one route."""

    async def components(_request: Request) -> Response:
        items = [dict(zip(ComponentReport.model_fields, part, strict=True)) for part in read()]
        return Response(encode_value({"items": items}), media_type=JSON)

    extra = describe.operation(describe.success("In the order in which they start", Components))
    route = describe.Route(
        "GET",
        "/v1/system/components",
        "report_components",
        "The daemon's parts and their run levels",
        "system",
        extra,
    )
    describe.add(api, components, route)
