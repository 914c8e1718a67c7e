"""One session and one target for each declared host, for as long as it is declared.

Rule 1: what decides how a host is reached makes a new session; a change of anything else keeps the connection.
Rule 2: a host that is removed is swept of what is ours while it can be reached, then let go.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from netloom.aio.backoff import Backoff, BackoffPolicy, Jitter
from netloom.aio.tasks import TaskKit, end_task, supervise
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId, Uuid
from netloom.daemon.identities import IdentityLearner
from netloom.model.endpoints import OPENFLOW_PORT, OVSDB_PORT, Endpoint, parse_endpoint
from netloom.model.objects import Host
from netloom.plan.switch import Fragment, FragmentKey, SwitchDesired
from netloom.reconcile.engine import Engine
from netloom.reconcile.ports import Refusal
from netloom.switches.flows import RawCache
from netloom.switches.host_session import (
    HostConfig,
    HostSession,
    SessionEvents,
    SessionSettings,
)
from netloom.switches.identity import Pin, check
from netloom.switches.target import SwitchActual, SwitchSteps, SwitchTarget

SwitchEngine = Engine[FragmentKey, Fragment, SwitchDesired, SwitchActual, SwitchSteps]

SWEEP_SECONDS = 10.0
"""How long a removed host is waited for while it is swept."""

_log = structlog.get_logger("netloom.daemon")


@dataclass(slots=True)
class KeptHost:
    """A declared host's session and target."""

    config: HostConfig
    session: HostSession
    target: SwitchTarget
    task: asyncio.Task[None]


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What every session is made with."""

    settings: SessionSettings
    events: SessionEvents
    identities: IdentityLearner
    jitter: Jitter


class HostKeeper:
    """Follows the declared hosts. Start it before the store's feed; `close` ends all sessions."""

    def __init__(self, parts: SessionParts, engine: SwitchEngine, cache: RawCache) -> None:
        self._parts = parts
        self._engine = engine
        self._cache = cache
        self._kit = TaskKit("hosts")
        self._hosts: dict[HostId, KeptHost] = {}
        self._wanted: dict[HostId, HostConfig | None] = {}
        self._leaving: dict[asyncio.Task[None], HostConfig] = {}
        self._waiting: dict[HostId, HostConfig] = {}
        """Hosts whose switch is still being swept for its last owner."""
        self._wake = asyncio.Event()
        self.followed: Callable[[], None] = _nobody
        """Called after changes were followed: hosts that dialled in may be known now."""

    def get(self, host_id: Uuid) -> KeptHost | None:
        """A host's session and target."""
        return self._hosts.get(HostId(host_id))

    def all(self) -> Iterable[KeptHost]:
        """All of them."""
        return self._hosts.values()

    def changed(self, hosts: Mapping[Uuid, Host | None]) -> None:
        """Hosts were declared, changed or (None) removed; returns at once."""
        for host_id, host in hosts.items():
            self._wanted[HostId(host_id)] = None if host is None else config_of(host)
        self._wake.set()

    async def run(self) -> None:
        """Make sessions what was declared, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._wanted:
                host_id = next(iter(self._wanted))
                config = self._wanted.pop(host_id)
                try:
                    await self._follow(host_id, config)
                except BaseException:
                    # It is tried again when this is run again, after the others; a newer wish goes before.
                    self._wanted.setdefault(host_id, config)
                    self._wake.set()
                    raise
            self.followed()

    async def close(self) -> None:
        """End all sessions; the switches keep forwarding as they are."""
        await self._kit.close()
        self._hosts.clear()

    async def _follow(self, host_id: HostId, config: HostConfig | None) -> None:
        self._waiting.pop(host_id, None)  # a newer wish goes before
        kept = self._hosts.get(host_id)
        if kept is not None and kept.config == config:
            return
        if config is None:
            if kept is not None:
                del self._hosts[host_id]
                self._parts.identities.forget(host_id)
                leaving = self._kit.start(self._let_go(kept), f"let-go/{kept.config.name}")
                self._leaving[leaving] = kept.config
                leaving.add_done_callback(self._left)
            return
        if kept is not None:
            if _same_way(kept.config, config) and self._agrees(config):
                kept.config = kept.session.config = config  # only what it must show is known better now
                return
            del self._hosts[host_id]
            await self._end(kept)
        if any(_same_switch(left, config) for left in self._leaving.values()):
            # The sweep of a switch must not take what its next owner puts there. The other hosts do not wait for that.
            self._waiting[host_id] = config
            return
        self._hosts[host_id] = self._begin(config)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._leaving.pop(task, None)
        waiting, self._waiting = self._waiting, {}
        for host_id, config in waiting.items():
            self._wanted.setdefault(host_id, config)
        self._wake.set()

    def _agrees(self, config: HostConfig) -> bool:
        shown = self._parts.identities.shown(config.host_id)
        if shown is None:
            return False
        try:
            check(config.pin, shown)
        except NetloomError:
            return False
        return True

    def _begin(self, config: HostConfig) -> KeptHost:
        parts = self._parts
        session = HostSession(config, parts.settings, parts.events, parts.identities, jitter=parts.jitter)
        target = SwitchTarget(config.host_id, session, parts.settings.ownership, self._cache)
        self._engine.add(target)
        backoff = Backoff(BackoffPolicy(), parts.jitter)
        task = self._kit.start(supervise(session.run, backoff, name=config.name), config.name)
        return KeptHost(config, session, target, task)

    async def _end(self, kept: KeptHost) -> None:
        await self._engine.remove(kept.target.name)
        await end_task(kept.task)
        # A session that is ended tells nobody; until the next one is connected nobody may believe that the host is in sync.
        refusal = Refusal("session-changed", "how it is reached or who it must be was changed")
        self._parts.events.lost(kept.config.host_id, refusal, None)

    async def _let_go(self, kept: KeptHost) -> None:
        await self._engine.remove(kept.target.name)
        try:
            if kept.session.is_up:
                async with asyncio.timeout(SWEEP_SECONDS):
                    removed = await kept.target.sweep()
                _log.info("host let go", host=kept.config.name, flows_removed=removed)
            else:
                _log.warning("host let go unswept: it cannot be reached", host=kept.config.name)
        except (NetloomError, OSError, TimeoutError) as error:
            _log.warning("host let go unswept", host=kept.config.name, error=str(error))
        await end_task(kept.task)


def _nobody() -> None:
    """Nothing listens for hosts."""


def _same_switch(one: HostConfig, other: HostConfig) -> bool:
    """Whether two declarations may mean the same machine."""
    if one.ovsdb is not None and other.ovsdb is not None:
        return one.ovsdb == other.ovsdb
    return one.pin.system_id is None or one.pin.system_id == other.pin.system_id


def _same_way(one: HostConfig, other: HostConfig) -> bool:
    return dataclasses.replace(one, pin=other.pin) == other


def config_of(host: Host) -> HostConfig:
    """How a declared host is reached and who it must be."""
    return HostConfig(
        host_id=HostId(host.id),
        name=host.name,
        bridge=host.bridge,
        ovsdb=_endpoint(host.ovsdb, OVSDB_PORT, "ovsdb"),
        openflow=_endpoint(host.openflow, OPENFLOW_PORT, "openflow"),
        pin=Pin(host.system_id, host.fingerprint, frozenset({host.name, str(host.id)})),
    )


def _endpoint(text: str | None, port: int, subject: str) -> Endpoint | None:
    return None if text is None else parse_endpoint(text, port, subject)
