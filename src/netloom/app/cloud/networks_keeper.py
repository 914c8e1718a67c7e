"""Looking after tenants' networks: those that are used are up, those that nobody uses go down, those that are stuck go on.

Rule 1: what is found here only asks for a job; the job looks again before it does anything.
Rule 2: levels, not events: being told of a NIC only makes the look at its network sooner, and every network is looked at
    once per `network.gc.interval`. How long a network has been empty is remembered, and counted anew after a restart.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable
from typing import Final

import msgspec
import structlog
from sqlalchemy import Select, and_, or_, select

from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.app.cloud import configuration
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.networks_life import IMPLEMENT, SHUT_DOWN, OneNetwork, in_use
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View
from netloom.base.errors import NetloomError, NotFound
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.states import NetworkState
from netloom.store import tables
from netloom.store.cloud.records import Where, columns
from netloom.store.lookup import chunks
from netloom.store.times import to_microseconds

_log = structlog.get_logger("netloom.networks")

LEASE: Final = 600.0
"""Seconds that a network may be Implementing before it is done again."""
AFTER_ERROR: Final = 2.0
"""Seconds before going on after the store would not answer."""
GATHER: Final = 0.1
"""Seconds in which what is told is gathered into one look."""
AT_ONCE: Final = 500
"""Networks that one look asks jobs for, of each sort; the next look takes more."""

_DOWN = (NetworkState.ALLOCATED.value, NetworkState.SHUTDOWN.value)
_IDLE = (NetworkState.IMPLEMENTED.value, NetworkState.SHUTDOWN.value)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a look found.

    Attributes:
        wanted: networks that are needed and not up, or have been on their way up for too long.
        idle: those that are up, or half down, and not needed.
        interval, wait: the settings, in seconds.
    """

    wanted: list[Uuid]
    idle: list[Uuid]
    interval: float
    wait: float


class NetworkKeeper:
    """Looks and asks. `told` only takes note and may be called from any callback of the loop."""

    def __init__(self, cloud: Cloud, clock: Clock = SYSTEM_CLOCK) -> None:
        self._cloud = cloud
        self._clock = clock
        self._told: dict[Uuid, None] = {}
        self._wake = asyncio.Event()
        self._idle_since: dict[Uuid, float] = {}
        self._asked: dict[Uuid, float] = {}
        self._wait = 0.0
        self._next_look = clock.now()

    def told(self, networks: Iterable[NetworkId]) -> None:
        """NICs of these networks came to a host, or left one."""
        for network_id in networks:
            self._told[Uuid(network_id)] = None
            self._idle_since.pop(Uuid(network_id), None)
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if await wait_event(self._wake, max(0.0, self.due - self._clock.now())):
                await self._clock.sleep(GATHER)
                self._wake.clear()
            try:
                await self.step()
            except NetloomError as error:
                _log.warning("networks not looked after", code=error.stable_code, error=str(error))
                await self._clock.sleep(AFTER_ERROR)

    @property
    def due(self) -> float:
        """When there is something to do next, by the clock."""
        return min([self._next_look, *(since + self._wait for since in self._idle_since.values())])

    async def step(self) -> None:
        """Do what is due."""
        told, self._told = list(self._told), {}
        if told:
            await self._take_in(await self._look(told))
        if self._clock.now() >= self._next_look:
            found = await self._look(None)
            idle = set(found.idle)
            self._idle_since = {each: at for each, at in self._idle_since.items() if each in idle}
            self._next_look = self._clock.now() + found.interval
            await self._take_in(found)
        now = self._clock.now()
        for network_id in [each for each, since in self._idle_since.items() if now - since >= self._wait]:
            await self._ask(SHUT_DOWN, network_id)
            del self._idle_since[network_id]

    async def _look(self, only: list[Uuid] | None) -> Found:
        return await self._cloud.read_as(system_caller(), lambda view: _look(view, only))

    async def _take_in(self, found: Found) -> None:
        now = self._clock.now()
        self._wait = found.wait
        self._asked = {each: at for each, at in self._asked.items() if now - at < LEASE}
        for network_id in found.idle:
            self._idle_since.setdefault(network_id, now)
            self._asked.pop(network_id, None)
        for network_id in found.wanted:
            if network_id not in self._asked:
                self._asked[network_id] = now
                await self._ask(IMPLEMENT, network_id)

    async def _ask(self, use_case: UseCase[OneNetwork, GuestNetwork], network_id: Uuid) -> None:
        try:
            await self._cloud.do(system_caller(), use_case, OneNetwork(id=network_id))
        except NotFound:  # deleted since
            _log.debug("network gone", network=network_id)


def _networks(*where: Where) -> Select[str]:
    """Ids of tenants' networks by conditions on both of their halves."""
    g, n = columns(GuestNetwork), tables.networks
    return (
        select(n.c.id)
        .join_from(n, g.id.table, n.c.id == g.id)
        .where(*where)
        .order_by(n.c.number)
        .limit(AT_ONCE)
    )


def _look(view: View, only: list[Uuid] | None) -> Found:
    g, n = columns(GuestNetwork), tables.networks.c
    lease = dt.timedelta(seconds=LEASE)
    stale, ahead = (
        to_microseconds(view.at - lease),
        to_microseconds(view.at + lease),
    )  # the clock may be set back
    wanted = or_(
        and_(n.state.in_(_DOWN), or_(g.persistent.is_(True), in_use())),
        and_(
            n.state == NetworkState.IMPLEMENTING.value,
            or_(n.state_since < stale, n.state_since > ahead),
        ),
    )
    idle = and_(n.state.in_(_IDLE), g.persistent.is_(False), ~in_use())
    parts: list[list[Where]] = [[]] if only is None else [[n.id.in_(chunk)] for chunk in chunks(only)]
    return Found(
        wanted=[each for part in parts for each in _ids(view, _networks(wanted, *part))],
        idle=[each for part in parts for each in _ids(view, _networks(idle, *part))],
        interval=float(configuration.number(view, "network.gc.interval")),
        wait=float(configuration.number(view, "network.gc.wait")),
    )


def _ids(view: View, statement: Select[str]) -> list[Uuid]:
    return [Uuid(found) for found in view.records.connection.scalars(statement)]
