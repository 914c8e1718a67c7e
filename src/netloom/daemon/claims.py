"""The generation of our claims on switches, kept in the store.

Rule 1: all sessions claim with one number; a session that has to claim higher raises it for all.
Rule 2: a number is stored before it is used: the next start is above it.
"""

from __future__ import annotations

import asyncio
from typing import Self

from netloom.store.claims import claim, claim_again
from netloom.store.store import Store


class StoredClaims:
    """`netloom.switches.claim.Claims` over the store."""

    def __init__(self, store: Store, generation: int) -> None:
        self._store = store
        self._generation = generation
        self._lock = asyncio.Lock()

    @classmethod
    async def begin(cls, store: Store) -> Self:
        """Claim with more than any start before."""
        return cls(store, await store.write(claim))

    @property
    def generation(self) -> int:
        """What to claim with now."""
        return self._generation

    async def renew(self, above: int) -> int:
        """A higher one. Raises `Conflict` when another netloomd with this store has claimed since."""
        async with self._lock:
            if self._generation <= above:  # another session may have raised it already
                ours = self._generation
                self._generation = await self._store.write(lambda unit: claim_again(unit, ours, above))
            return self._generation
