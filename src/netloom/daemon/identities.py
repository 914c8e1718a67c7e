"""Learns who a host is the first time it shows itself, and pins that in the store.

Rule 1: only what is not pinned yet is learned; a changed identity is refused by the session, never learned.
Rule 2: learning is written a moment later, and tried again while the store cannot be written; until then the same host may
    show itself again, which changes nothing.
"""

from __future__ import annotations

import asyncio

import structlog
from msgspec import UNSET, UnsetType

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.service import App
from netloom.base.errors import NetloomError, TooMany, Unavailable
from netloom.base.ids import HostId
from netloom.model.kinds import Kind
from netloom.model.objects import Host
from netloom.model.patches import HostPatch
from netloom.switches.identity import Identity

_log = structlog.get_logger("netloom.daemon")


RETRY = 5.0
"""Seconds until a write that failed is tried again."""


class IdentityLearner:
    """`netloom.switches.host_session.IdentityBook`. `run` writes what was learned."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._learned: dict[HostId, Identity] = {}
        self._shown: dict[HostId, Identity] = {}
        self._wake = asyncio.Event()
        self._app: App | None = None

    def write_with(self, app: App) -> None:
        """The use cases to write with; they are made after the sessions."""
        self._app = app

    def identified(self, host_id: HostId, identity: Identity) -> None:
        """A host showed this, and it agrees with its pin; returns at once."""
        self._shown[host_id] = identity
        self._learned[host_id] = identity
        self._wake.set()

    def shown(self, host_id: HostId) -> Identity | None:
        """What a host showed last in this run."""
        return self._shown.get(host_id)

    def forget(self, host_id: HostId) -> None:
        """The host is not declared any more."""
        self._shown.pop(host_id, None)
        self._learned.pop(host_id, None)

    async def run(self) -> None:
        """Pin what was learned, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._pin_all()
            except (Unavailable, TooMany) as error:
                _log.warning("host identities not pinned yet", code=error.stable_code, error=str(error))
                await self._clock.sleep(RETRY)
                self._wake.set()

    async def _pin_all(self) -> None:
        while self._learned:
            host_id, identity = next(iter(self._learned.items()))
            del self._learned[host_id]
            try:
                await self._pin(host_id, identity)
            except BaseException:
                self._learned.setdefault(host_id, identity)  # after the others; what it showed since is newer
                self._wake.set()
                raise

    async def _pin(self, host_id: HostId, identity: Identity) -> None:
        if self._app is None:
            return
        try:
            host = await self._app.get(Kind.HOST, host_id)
            if not isinstance(host, Host):
                return
            patch = HostPatch(
                system_id=_learn(host.system_id, identity.system_id),
                fingerprint=_learn(host.fingerprint, identity.fingerprint),
            )
            if patch != HostPatch():
                await self._app.update(Kind.HOST, host_id, patch)
                _log.info("host identity pinned", host=host.name, system_id=identity.system_id)
        except (Unavailable, TooMany):
            raise
        except NetloomError as error:
            _log.warning("host identity not pinned", host=host_id, error=str(error))


def _learn(pinned: str | None, shown: str | None) -> str | UnsetType:
    return shown if pinned is None and shown is not None else UNSET
