"""Which face gets a request: the longest prefix of whole path segments, else the REST face."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from netloom.daemon.mounts import Mounts


def face(name: str, seen: list[str]) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(name)

    return serve


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/client/api", "cloudstack"),
        ("/client/api/", "cloudstack"),
        ("/client/api/v2/x", "second"),
        ("/client/apis", "rest"),
        ("/client", "rest"),
        ("/v1/networks", "rest"),
        ("", "rest"),
    ],
)
async def test_a_path_goes_to_its_face(path: str, served: str) -> None:
    seen: list[str] = []
    mounts = Mounts(
        face("rest", seen),
        {"/client/api": face("cloudstack", seen), "/client/api/v2": face("second", seen)},
    )

    async def receive() -> dict[str, object]:
        raise AssertionError

    async def send(message: object) -> None:
        raise AssertionError

    await mounts({"type": "http", "path": path}, receive, send)
    assert seen == [served]
