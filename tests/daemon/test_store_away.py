"""netloomd whose store cannot be written: it says so in its readiness, and goes on by itself."""

from __future__ import annotations

import asyncio
import pathlib
import sqlite3

import msgspec
import pytest
from tests.daemon.daemons import settings_in

from netloom.base.errors import Unavailable
from netloom.daemon.settings import JobSettings
from netloom.daemon.wiring import Netloomd
from netloom.model.kinds import Kind
from netloom.model.specs import NetworkSpec
from netloom.store import health


async def test_a_store_that_is_away_makes_netloomd_not_ready_until_it_is_back(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LOOK_EVERY", 0.01)
    settings = settings_in(tmp_path)
    store = msgspec.structs.replace(settings.store, lock_timeout=0.05)
    jobs = JobSettings(time_limit=7.0, provider_timeout=3.0, hypervisor_timeout=5.0)
    daemon = Netloomd(msgspec.structs.replace(settings, store=store, jobs=jobs))
    await daemon.levels.start()
    try:
        patience = daemon.cloud.backends.patience
        assert (patience.job, patience.provider, patience.hypervisor) == (7.0, 3.0, 5.0)
        await until_ready(daemon)
        other = sqlite3.connect(tmp_path / "netloom.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await daemon.app.create(Kind.NETWORK, NetworkSpec(name="blue", cidr="10.0.0.0/24"))
        assert "store-busy" in (daemon._not_ready() or "")
        other.execute("ROLLBACK")
        other.close()
        await until_ready(daemon)
    finally:
        await daemon.levels.stop()


async def until_ready(daemon: Netloomd) -> None:
    async with asyncio.timeout(30):
        while daemon._not_ready() is not None:  # noqa: ASYNC110 - nothing tells when it is so
            await asyncio.sleep(0.01)
