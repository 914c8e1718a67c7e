"""What is done to NICs and hosts besides changing their fields: attach, detach, drain, admit."""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.contract.hosts import DrainRequest, Host, HostSpec
from netloom.contract.nics import AttachmentSpec, Nic
from netloom.contract.reports import PendingHosts
from netloom.faces.rest import describe
from netloom.faces.rest.decode import decode
from netloom.faces.rest.encode import encode_value
from netloom.faces.rest.face import JSON, Face, answer
from netloom.model import specs


class _Drain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: bool = True


_attachment: Final = msgspec.json.Decoder(specs.AttachmentSpec)
_drain: Final = msgspec.json.Decoder(_Drain)
_host: Final = msgspec.json.Decoder(specs.HostSpec)


def add_nics(api: FastAPI, face: Face) -> None:
    """Attach and detach."""
    app = face.app

    async def attach(request: Request) -> Response:
        where = await face.json_body(request, _attachment)
        nic = await app.attach(request.path_params["ref"], where.host, where.device)
        return answer(await face.settle(request, nic))

    async def detach(request: Request) -> Response:
        nic = await app.detach(request.path_params["ref"])
        return answer(await face.settle(request, nic))

    ref = describe.ref_parameter("NIC")
    describe.add(
        api,
        attach,
        describe.Route(
            "POST",
            "/v1/nics/{ref}/attach",
            "attach_nic",
            "Plug a NIC into a device of a host",
            "nics",
            describe.operation(
                describe.success("As it is now", Nic),
                parameters=(ref, describe.WAIT),
                request=describe.body(AttachmentSpec),
                errors=(404, 409, 413, 415, 422),
            ),
        ),
    )
    describe.add(
        api,
        detach,
        describe.Route(
            "POST",
            "/v1/nics/{ref}/detach",
            "detach_nic",
            "Unplug a NIC",
            "nics",
            describe.operation(
                describe.success("As it is now", Nic), parameters=(ref, describe.WAIT), errors=(404, 409)
            ),
        ),
    )


def add_hosts(api: FastAPI, face: Face) -> None:
    """Drain, admit and who waits to be admitted. Before the generic routes: `pending` is not a host's name there."""
    app = face.app

    async def pending(request: Request) -> Response:
        return Response(b'{"items":' + encode_value(app.pending_hosts()) + b"}", media_type=JSON)

    async def drain(request: Request) -> Response:
        body = await face.json_bytes(request, face.settings.max_body)
        asked = decode(_drain, body) if body.strip() else _Drain()
        host = await app.drain(request.path_params["ref"], on=asked.on)
        return answer(await face.settle(request, host))

    async def admit(request: Request) -> Response:
        body = await face.json_bytes(request, face.settings.max_body)
        spec = decode(_host, body) if body.strip() else None
        host = await app.admit(request.path_params["ref"], spec)
        return answer(await face.settle(request, host))

    describe.add(
        api,
        pending,
        describe.Route(
            "GET",
            "/v1/hosts/pending",
            "pending_hosts",
            "Hosts that dialled in and wait to be admitted, or were refused for their identity",
            "hosts",
            describe.operation(describe.success("All of them", PendingHosts)),
        ),
    )
    describe.add(
        api,
        drain,
        describe.Route(
            "POST",
            "/v1/hosts/{ref}/drain",
            "drain_host",
            "Let a host take no more NICs (or take them again)",
            "hosts",
            describe.operation(
                describe.success("As it is now", Host),
                parameters=(describe.ref_parameter("host"), describe.WAIT),
                request=describe.body(DrainRequest, required=False),
                errors=(404, 409, 413, 415, 422),
            ),
        ),
    )
    describe.add(
        api,
        admit,
        describe.Route(
            "POST",
            "/v1/hosts/{ref}/admit",
            "admit_host",
            "Admit a host that dialled in; its identity is pinned",
            "hosts",
            describe.operation(
                describe.success("The host", Host),
                parameters=(describe.ref_parameter("pending host"), describe.WAIT),
                request=describe.body(HostSpec, required=False),
                errors=(404, 409, 413, 415, 422),
            ),
            description="`ref` is its system-id or fingerprint. Without a body it is named by its system-id.",
        ),
    )
