"""`/v1/unmanaged-instances`: machines that hypervisors have and no instance stands for, which can be imported."""

from __future__ import annotations

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.app.cloud.instances_import import Stray
from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.machines import unmanaged
from netloom.contract.machines import Machines
from netloom.faces.rest import describe
from netloom.faces.rest.auth import caller_of
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import JSON


def add(api: FastAPI, resources: Resources) -> None:
    """The one route."""

    async def list_(request: Request) -> Response:
        found = await unmanaged(resources.cloud, caller_of(request))
        return Response(encode_value({"items": [_row(each) for each in found]}), media_type=JSON)

    extra = describe.operation(
        describe.success("Machines of all hosts that are connected", Machines), errors=(403, 503)
    )
    summary = "List machines that no instance stands for"
    route = describe.Route(
        "GET", "/v1/unmanaged-instances", "list_unmanaged_instances", summary, "instances", extra
    )
    describe.add(api, list_, route)


def _row(found: Stray) -> dict[str, Value]:
    told: dict[str, Value] = msgspec.to_builtins(found.seen)
    return {**told, "hypervisor": found.hypervisor, "host_id": found.host_id}
