"""Clouds for tests."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from tests.testing import templates

from netloom.aio.tasks import TaskKit
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.seed import seed_all
from netloom.app.cloud.usecase import AnyUseCase
from netloom.app.cloud.visibility import system_caller
from netloom.store.store import StoreOptions, open_store

FIRST_START: Final = "first start"


@asynccontextmanager
async def opened(
    url: str, backends: Backends | None = None, use_cases: Mapping[str, AnyUseCase] | None = None
) -> AsyncIterator[Cloud]:
    """A cloud that runs its jobs, with what a first start makes (a copy of it, where nothing is there yet)."""
    known = None if backends is not None else templates.begin_with(FIRST_START, url)
    if url.startswith(templates.SQLITE):
        templates.migrated(pathlib.Path(url.removeprefix(templates.SQLITE)))
    async with open_store(StoreOptions(url)) as store:
        cloud = Cloud(store, backends or Backends(), by_name() if use_cases is None else use_cases)
        await cloud.write_as(system_caller(), "seed", seed_all)
        if known is None and backends is None:
            templates.keep(FIRST_START, url, FIRST_START)
        async with TaskKit("cloud") as kit:
            kit.launch(cloud.run(), "jobs")
            yield cloud
