"""Claims on the switches grow, whatever the clock does."""

from __future__ import annotations

import asyncio

import pytest

from netloom.base.errors import Conflict
from netloom.store.claims import claim, claim_again
from netloom.store.store import StoreOptions, open_store


class Wall:
    def __init__(self, wall: float) -> None:
        self._wall = wall

    def now(self) -> float:
        return 0.0

    def wall(self) -> float:
        return self._wall

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def test_a_clock_that_was_set_back_does_not_lock_us_out(url: str) -> None:
    claims = []
    for wall in (1_700_000_000.0, 1_600_000_000.0, 1_600_000_000.0, 1_800_000_000.0):
        async with open_store(StoreOptions(url), clock=Wall(wall)) as store:
            claims.append(await store.write(claim))
    first = 1_700_000_000_000
    assert claims == [first, first + 1, first + 2, 1_800_000_000_000]


async def test_only_the_latest_claimant_claims_again(url: str) -> None:
    async with open_store(StoreOptions(url), clock=Wall(1_000.0)) as store:
        first = await store.write(claim)
        assert await store.write(lambda unit: claim_again(unit, first, 5_000_000)) == 5_000_001
        with pytest.raises(Conflict, match="same store") as refused:
            await store.write(lambda unit: claim_again(unit, first, 6_000_000))
        assert refused.value.stable_code == "claim-replaced"
        assert await store.write(lambda unit: claim_again(unit, 5_000_001, 7)) == 5_000_002
