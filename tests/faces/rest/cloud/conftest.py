"""The cloud's routes over real use cases on a real SQLite file, with the REST face around them: `api`, `http`, `who`."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import ASGIApp
from tests.app.cloud.people import People, keys, people
from tests.faces.conftest import TOKEN, every_kind

from netloom.aio.tasks import TaskKit
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity import Identities
from netloom.app.cloud.keys import secret_of
from netloom.app.cloud.resources.acting import Resources
from netloom.app.service import App
from netloom.daemon.cloud import seeded_cloud
from netloom.faces.rest.api import create_api
from netloom.faces.rest.auth import trusted
from netloom.faces.rest.cloud.parts import CloudParts
from netloom.faces.rest.settings import RestSettings
from netloom.model.cloud.identity import Caller
from netloom.store.store import Store


@pytest.fixture
def backends() -> Backends:
    """Test classes that need more replace it."""
    return Backends()


@pytest.fixture
async def cloud(store: Store, backends: Backends) -> AsyncIterator[Cloud]:
    made = await seeded_cloud(store, backends)
    async with TaskKit("cloud") as kit:
        kit.launch(made.run(), "jobs")
        yield made


@pytest.fixture
def api(app: App, cloud: Cloud) -> ASGIApp:
    parts = CloudParts(
        Resources(cloud, every_kind()),
        Identities(cloud).signer,
        lambda: [("store", "system", True), ("rest", "application mainloop", False)],
    )
    return create_api(app, RestSettings(tokens=frozenset({TOKEN})), cloud=parts)


@pytest.fixture
async def http(api: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """The operator, on the Unix socket."""
    transport = httpx.ASGITransport(trusted(api))
    async with httpx.AsyncClient(transport=transport, base_url="http://netloomd") as client:
        yield client


@pytest.fixture
async def who(cloud: Cloud) -> People:
    return await people(cloud)


@pytest.fixture
async def anybody(api: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever comes over TCP."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://netloomd") as client:
        yield client


async def shown_keys(cloud: Cloud, caller: Caller) -> dict[str, str]:
    """The header of a user with keys."""

    key = await keys(cloud, caller)
    secret = await cloud.read_as(caller, lambda view: secret_of(view, key))
    return {"authorization": "Basic " + base64.b64encode(f"{key.key}:{secret}".encode()).decode()}
