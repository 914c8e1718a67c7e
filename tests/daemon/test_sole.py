"""A second netloomd on the state of a running one ends before it changes anything."""

from __future__ import annotations

import functools
import pathlib

import pytest
from tests.daemon.daemons import add_network, running

from netloom.daemon import wiring
from netloom.model.kinds import Kind
from netloom.store.errors import StoreRefused
from netloom.store.sole import sole


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
