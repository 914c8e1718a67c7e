"""Real servers for the tests here; each has a directory of its own with short socket paths."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Iterator

import pytest
from tests.sandbox.ovsdb import BlockingClient, OvsdbServer


@pytest.fixture
def directory() -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix="nl-ovsdb-") as path:
        yield pathlib.Path(path)


@pytest.fixture
def server(directory: pathlib.Path) -> Iterator[OvsdbServer]:
    with OvsdbServer(directory) as running:
        yield running


@pytest.fixture
def client(server: OvsdbServer) -> Iterator[BlockingClient]:
    with server.connect() as connected:
        yield connected
