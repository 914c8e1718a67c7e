"""A cloud on a database of its own with the CloudStack face in front of it, in this process."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import (
    administrator_keys,
    face_on,
    http_to,
    running_cloud,
    trusted,
)

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.faces.cloudstack.app import CloudStackFace


@pytest.fixture
async def cloud(tmp_path: pathlib.Path) -> AsyncIterator[Cloud]:
    async with running_cloud(tmp_path / "netloom.db") as cloud:
        yield cloud


@pytest.fixture
def face(cloud: Cloud) -> CloudStackFace:
    return face_on(cloud)


@pytest.fixture
async def admin(cloud: Cloud, face: CloudStackFace) -> AsyncIterator[Client]:
    """Signs as the first administrator."""
    key, secret = await cloud.write_as(system_caller(), "test", administrator_keys)
    async with http_to(face) as http:
        yield Client(http, key, secret)


@pytest.fixture
async def root(face: CloudStackFace) -> AsyncIterator[Client]:
    """Unsigned, through a door that only root can open."""
    async with http_to(trusted(face)) as http:
        yield Client(http)


@pytest.fixture
async def stranger(face: CloudStackFace) -> AsyncIterator[Client]:
    """Unsigned, through an ordinary door."""
    async with http_to(face) as http:
        yield Client(http)
