"""`/v1/guest-networks/{ref}/explain`, and under `/v1/networks`: who designed a network, who serves it, why no one else.

A network of a guest and the intent below it have one id, and people know it by either name.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.app.cloud.networks_explain import NetworkExplanation, explain
from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.resources.reading import one
from netloom.app.cloud.work import View
from netloom.app.service import App
from netloom.base.errors import NotFound
from netloom.contract.networks_explained import NetworkExplained
from netloom.faces.rest import describe
from netloom.faces.rest.auth import caller_of
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import JSON, Face
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.kinds import Kind

_COMMAND = "listNetworks"


def add(api: FastAPI, face: Face, resources: Resources) -> None:
    """The routes."""
    kind = resources.kinds.by_word["network"]

    async def told(caller: Caller, ref: str) -> NetworkExplanation:
        def read(view: View) -> NetworkExplanation:
            found = one(view, kind, ref)
            return explain(view, view.get(GuestNetwork, found.id))

        return await resources.cloud.read(caller, _COMMAND, read)

    async def guest(request: Request) -> Response:
        return _answer(await told(caller_of(request), request.path_params["ref"]))

    async def network(request: Request) -> Response:
        caller, ref = caller_of(request), request.path_params["ref"]
        try:
            return _answer(await told(caller, ref))
        except NotFound as error:
            below = await _below(face.app, ref)
            if below is None:
                raise
            try:
                return _answer(await told(caller, below))
            except NotFound:
                raise NotFound(
                    f"network {ref!r} was declared as intent: nobody designed it, and it has no services",
                    code="not-a-guest-network", subject="ref", hint="/v1/networks/{ref}/report tells where it is",
                ) from error  # fmt: skip

    extra = describe.operation(
        describe.success("The guru, what each says, and who gives each service", NetworkExplained),
        parameters=(describe.ref_parameter("network"),),
        errors=(403, 404, 409),
    )
    for collection, endpoint in (("guest-networks", guest), ("networks", network)):
        route = describe.Route(
            "GET", f"/v1/{collection}/{{ref}}/explain", f"explain_{collection[:-1].replace('-', '_')}",
            "Why a network is as it is: its guru and elements, and why no others", collection, extra,
        )  # fmt: skip
        describe.add(api, endpoint, route)


async def _below(app: App, ref: str) -> str | None:
    """The id of the intent of this name."""
    try:
        return (await app.get(Kind.NETWORK, ref)).id
    except NotFound:
        return None


def _answer(found: NetworkExplanation) -> Response:
    return Response(encode_value(found), media_type=JSON)
