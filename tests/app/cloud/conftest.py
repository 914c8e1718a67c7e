"""A cloud on a database of its own, as the daemon starts it, without hosts: `cloud`; and netloom itself as a caller."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.clouds import opened

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.model.cloud.identity import Caller


@pytest.fixture
async def cloud(tmp_path: pathlib.Path) -> AsyncIterator[Cloud]:
    async with opened(f"sqlite:///{tmp_path}/cloud.db") as cloud:
        yield cloud


@pytest.fixture
def system() -> Caller:
    return system_caller()
