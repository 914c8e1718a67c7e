"""A CloudStack face on a store of its own, in this process: everything but hosts and sockets is real."""

from __future__ import annotations

import contextlib
import pathlib
import secrets
import tempfile
from collections.abc import AsyncIterator

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.faces.cloudstack.replay.client import Client
from tests.testing import templates
from tests.testing.memory_hypervisor import with_machines
from tests.testing.rule_keeper import keeper_backends

from netloom.aio.tasks import TaskKit
from netloom.app import intent
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity import Identities
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.daemon.cloud import seeded_cloud
from netloom.faces.cloudstack.app import TRUSTED, CloudStackFace
from netloom.faces.cloudstack.settings import FaceSettings
from netloom.model.cloud.identity import ADMIN_USER_ID, ApiKey
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.patches import PhysicalNetworkPatch
from netloom.model.specs import DEFAULT_PHYSICAL_NETWORK, HostSpec
from netloom.store.store import StoreOptions, open_store


def trusted(app: ASGIApp) -> ASGIApp:
    """The application behind a door that only root can open."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, TRUSTED: True}, receive, send)

    return serve


def http_to(app: ASGIApp) -> httpx.AsyncClient:
    """A client of an application in this process."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://localhost", timeout=60.0
    )


@contextlib.asynccontextmanager
async def running_cloud(path: pathlib.Path, backends: Backends | None = None) -> AsyncIterator[Cloud]:
    """The use cases on a SQLite file, doing jobs."""
    async with open_store(StoreOptions(templates.migrated(path))) as store, TaskKit("cloud") as kit:
        cloud = await seeded_cloud(store, backends or Backends())
        task = kit.start(cloud.run(), "jobs")
        try:
            yield cloud
        finally:
            task.cancel()


def face_on(cloud: Cloud, settings: FaceSettings | None = None) -> CloudStackFace:
    """The face of a cloud."""
    return CloudStackFace(cloud, Identities(cloud), settings)


@contextlib.asynccontextmanager
async def in_process(backends: Backends | None = None) -> AsyncIterator[Client]:
    """A client that signs as the first administrator, of a server made for it, where a test provider keeps rules, and a test
    hypervisor runs instances on two hosts.
    """
    with tempfile.TemporaryDirectory(prefix="netloom-replay-") as folder:
        async with running_cloud(pathlib.Path(folder) / "netloom.db", backends or stand_ins()) as cloud:
            face = face_on(cloud)
            await cloud.write_as(system_caller(), "test", vlans_only)
            await cloud.write_as(system_caller(), "test", two_hosts)
            key, secret = await cloud.write_as(system_caller(), "test", administrator_keys)
            async with http_to(face) as http:
                yield Client(http, key, secret)


def administrator_keys(work: Work) -> tuple[str, str]:
    """Keys of the first administrator."""
    key, secret = secrets.token_hex(32), secrets.token_hex(32)
    birth = work.birth()
    sealed = work.backends.vault.seal(secret, f"api_key/{birth['id']}")
    work.insert(ApiKey(**birth, user_id=ADMIN_USER_ID, key=key, secret=sealed))
    return key, secret


def stand_ins() -> Backends:
    """Backends that keep rules and instances in memory."""
    return with_machines(keeper_backends())


def two_hosts(work: Work) -> None:
    """Hosts for the test hypervisor."""
    specs = [
        HostSpec(
            name=f"simulated-{n}", ovsdb=f"ssl:192.0.2.{n}:6640", openflow=f"ssl:192.0.2.{n}:6653",
            tunnel_ip=f"192.0.2.{n}",
        )
        for n in (1, 2)
    ]  # fmt: skip
    intent.create_many(work.tx, Kind.HOST, specs)


def vlans_only(work: Work) -> None:
    """Have the wires carry VLANs and no tunnels, as the recorded server's do."""
    patch = PhysicalNetworkPatch(isolations=(Isolation.VLAN,), segments=("1-4094",))
    intent.patch(work.tx, Kind.PHYSICAL_NETWORK, DEFAULT_PHYSICAL_NETWORK, patch, None)
