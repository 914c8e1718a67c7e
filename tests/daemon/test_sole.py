"""A second netloomd on the state of a running one ends before it changes anything; one that was replaced ends too."""

from __future__ import annotations

import functools
import pathlib

import pytest
from tests.daemon.daemons import add_network, running
from tests.testing.sole_owner import never, owner

from netloom.daemon import wiring
from netloom.daemon.wiring import Netloomd
from netloom.model.kinds import Kind
from netloom.store.errors import StoreRefused
from netloom.store.sole import sole
from netloom.store.store import StoreOptions, open_store
from netloom.store.term import StoreTaken


async def test_the_second_is_refused_and_the_first_goes_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "sole", functools.partial(sole, patience=0.0))
    async with running(tmp_path) as first:
        with pytest.raises(StoreRefused) as caught:
            async with running(tmp_path):
                pass
        assert caught.value.stable_code == "store-in-use"
        network = await add_network(first)
    async with running(tmp_path) as again:
        assert (await again.app.get(Kind.NETWORK, network.id)).id == network.id


async def test_the_first_writes_nothing_and_ends_when_another_has_taken_its_store(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when PostgreSQL has ended the session of its lock, and it has not heard of that yet."""
    lost: list[None] = []
    monkeypatch.setattr(Netloomd, "_store_lost", staticmethod(lambda: lost.append(None)))
    async with running(tmp_path) as first:
        await add_network(first, "early")
        async with open_store(StoreOptions(f"sqlite:///{tmp_path}/netloom.db"), alone=owner(never)) as store:
            with pytest.raises(StoreTaken):
                await add_network(first, "late")
            assert "store-taken" in (first._not_ready() or "")
            assert len(lost) == 1
            assert {network.name for network in (await store.load_all()).networks} == {"early"}
