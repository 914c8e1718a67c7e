"""The lives of NICs and networks, driven by what is seen on hosts.

Rule 1: states follow observation, they never lead it: flows are compiled from places observed, whatever stands here. So
this may be late, and nothing waits for it.
Rule 2: what is kept in memory is a level (who is placed, what is realised), not a list of events: told twice, late, or again
after a restart, it comes to the same states.

    NIC      seen on a host: Reserving; its network realised everywhere since: Reserved;
             seen nowhere: Releasing; realised since: Allocated
    network  its first NIC seen: Implementing; realised: Implemented;
             no NIC seen for `shutdown_wait`: Shutdown; realised: Allocated
             A tenant's network (one with a record of the cloud) has its states from its services (`cloud/networks_life`);
             who looks after it is told that NICs came or went.

A state change moves the revision, not the generation: nobody asked for anything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlalchemy import Connection, exists, select

from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.app.states import Moved, write_states
from netloom.base.errors import NetloomError
from netloom.base.ids import NetworkId, NicId, Uuid
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.kinds import Kind
from netloom.model.states import (
    NetworkEvent,
    NetworkState,
    NicEvent,
    NicState,
    next_network_state,
    next_nic_state,
)
from netloom.store import tables
from netloom.store.cloud.records import columns
from netloom.store.lookup import chunks
from netloom.store.store import Store
from netloom.store.transaction import Transaction

_log = structlog.get_logger("netloom.lifecycle")

Place = tuple[NicId, NetworkId]
"""A NIC and the network it is of."""

_ACTIVE = (NetworkState.IMPLEMENTING, NetworkState.IMPLEMENTED, NetworkState.SHUTDOWN)
_UNFINISHED = (NicState.RESERVING, NicState.RELEASING)


@dataclass(frozen=True, slots=True)
class LifecycleOptions:
    """Waits, in seconds: before an empty network is shut down; to gather changes into one write; after a failed write."""

    shutdown_wait: float = 60.0
    gather: float = 0.25
    retry: float = 2.0


@dataclass(slots=True)
class _Work:
    """One write: the objects to look at, and the levels they are held against."""

    nics: dict[NicId, tuple[bool, bool]] = field(default_factory=dict)  # placed, realised
    networks: dict[NetworkId, tuple[bool, bool, bool]] = field(default_factory=dict)  # placed, realised, over


def _nobody(_networks: Iterable[NetworkId]) -> None:
    """Nobody wants to know."""


class Lifecycle:
    """Moves states. `run` writes; the other methods only take note and may be called from any callback of the loop."""

    def __init__(
        self, store: Store, options: LifecycleOptions = LifecycleOptions(), *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._store = store
        self._options = options
        self._clock = clock
        self._placed: dict[NetworkId, set[NicId]] = {}
        self._unfinished: dict[NetworkId, set[NicId]] = {}
        self._realised: set[NetworkId] = set()
        self._empty_since: dict[NetworkId, float] = {}
        self._touched: dict[NetworkId, None] = {}
        self._unknown: dict[
            NetworkId, None
        ] = {}  # networks whose unfinished NICs of an earlier run are to be found
        self._known: set[NetworkId] = set()
        self._first_whole: frozenset[NicId] | None = None
        self._wake = asyncio.Event()
        self.told: Callable[[Iterable[NetworkId]], None] = _nobody
        """Who is told of networks whose NICs came to a host or left one, once that is written."""

    def placed(self, nics: Iterable[Place]) -> None:
        """These NICs are seen on a host."""
        for nic_id, network_id in nics:
            seen = self._placed.setdefault(network_id, set())
            if nic_id not in seen:
                seen.add(nic_id)
                self._empty_since.pop(network_id, None)
                self._changed(nic_id, network_id)

    def unplaced(self, nics: Iterable[Place]) -> None:
        """These NICs are seen nowhere any more, or are deleted."""
        for nic_id, network_id in nics:
            seen = self._placed.get(network_id, set())
            seen.discard(nic_id)
            if not seen:
                self._placed.pop(network_id, None)
                self._empty_since.setdefault(network_id, self._clock.now())
            self._changed(nic_id, network_id)

    def realised(self, networks: Iterable[NetworkId]) -> None:
        """Every host concerned has what these networks and their NICs need, as of all that was told before."""
        for network_id in networks:
            if network_id not in self._realised:
                self._realised.add(network_id)
                self._touch(network_id)

    def seen_whole(self) -> None:
        """All hosts have been read since the start: what was not placed by now is nowhere."""
        self._first_whole = frozenset(nic for nics in self._placed.values() for nic in nics)
        self._wake.set()

    async def run(self) -> None:
        """Write states as they change, until cancelled."""
        while True:
            await wait_event(self._wake, self._next_deadline())
            await self._clock.sleep(self._options.gather)
            self._wake.clear()
            try:
                await self.step()
            except NetloomError as error:
                _log.warning("states not kept yet", code=error.stable_code, error=str(error))
                self._wake.set()
                await self._clock.sleep(self._options.retry)

    async def step(self) -> int:
        """Write what is due now; how many objects moved."""
        whole, unknown = self._first_whole, list(self._unknown)
        if whole is not None:
            await self._take_stock(whole)
            self._first_whole = None
        if unknown:
            await self._find_unfinished(unknown)
            for network_id in unknown:
                self._unknown.pop(network_id, None)
        touched, self._touched = self._touched, {}
        work = self._collect(touched)
        if not work.nics and not work.networks:
            return 0
        try:
            moved, finished = await self._move(work)
        except NetloomError:
            self._touched = touched | self._touched
            raise
        for network_id, waiting in list(self._unfinished.items()):
            seen = self._placed.get(network_id, set())
            # A NIC that moved again while its last state was being written is not through.
            waiting -= {nic for nic in waiting & finished if work.nics[nic][0] is (nic in seen)}
            if not waiting:
                del self._unfinished[network_id]
        self.told(touched)
        for network_id, (_placed, _realised, over) in work.networks.items():
            if over and network_id not in self._placed:
                self._forget(network_id)
        return moved

    async def _move(self, work: _Work) -> tuple[int, set[NicId]]:
        """Write the moves that are due; nothing for networks of tenants, most there are: the cloud moves their states."""
        if not work.nics and not await self._store.read(lambda connection: _moves(connection, work)[0]):
            return 0, set()
        return await self._store.write(lambda tx: _advance(tx, work))

    def _changed(self, nic_id: NicId, network_id: NetworkId) -> None:
        self._unfinished.setdefault(network_id, set()).add(nic_id)
        self._realised.discard(network_id)
        self._touch(network_id)

    def _touch(self, network_id: NetworkId) -> None:
        if network_id not in self._known:
            self._known.add(network_id)
            self._unknown[network_id] = None
        self._touched[network_id] = None
        self._wake.set()

    def _forget(self, network_id: NetworkId) -> None:
        self._empty_since.pop(network_id, None)
        self._realised.discard(network_id)
        self._known.discard(network_id)

    def _next_deadline(self) -> float | None:
        if not self._empty_since:
            return None
        due = min(self._empty_since.values()) + self._options.shutdown_wait
        return max(0.0, due - self._clock.now())

    def _collect(self, touched: dict[NetworkId, None]) -> _Work:
        work = _Work()
        due = self._clock.now() - self._options.shutdown_wait
        over = {network_id for network_id, since in self._empty_since.items() if since <= due}
        for network_id in touched | dict.fromkeys(over):
            seen = self._placed.get(network_id, set())
            # An empty network asks for nothing anywhere; a host that is away is swept when it comes back.
            realised = network_id in self._realised or (network_id in over and not seen)
            for nic_id in self._unfinished.get(network_id, ()):
                work.nics[nic_id] = (nic_id in seen, realised)
            work.networks[network_id] = (bool(seen), realised, network_id in over)
        return work

    async def _find_unfinished(self, networks: list[NetworkId]) -> None:
        """NICs whose move an earlier run did not finish."""
        for chunk in chunks(networks):
            rows = await self._store.read(partial(_unfinished, networks=chunk))
            for nic_id, network_id in rows:
                self._unfinished.setdefault(NetworkId(Uuid(network_id)), set()).add(NicId(Uuid(nic_id)))

    async def _take_stock(self, placed: frozenset[NicId]) -> None:
        """What the store believes to be somewhere and is nowhere is released; empty networks begin their wait."""
        i, n = tables.nics.c, tables.networks.c
        lost = await self._store.read(
            lambda c: c.execute(select(i.id, i.network_id).where(i.state != NicState.ALLOCATED.value)).all()
        )
        for row in lost:
            nic_id, network_id = NicId(Uuid(row[0])), NetworkId(Uuid(row[1]))
            if nic_id not in placed and nic_id not in self._placed.get(network_id, ()):
                # Nothing was ever compiled for it in this run: what is realised already is realised without it.
                self._unfinished.setdefault(network_id, set()).add(nic_id)
                self._touch(network_id)
        active = await self._store.read(
            lambda c: c.execute(select(n.id).where(n.state.in_([s.value for s in _ACTIVE]))).all()
        )
        for row in active:
            network_id = NetworkId(Uuid(row[0]))
            if network_id not in self._placed:
                self._empty_since.setdefault(network_id, self._clock.now())


def _advance(tx: Transaction, work: _Work) -> tuple[int, set[NicId]]:
    """Move states through their tables; how many moved, and which NICs need no more."""
    moved, finished = _moves(tx.connection, work)
    write_states(tx, moved)
    return len(moved), finished


def _moves(connection: Connection, work: _Work) -> tuple[list[Moved], set[NicId]]:
    """The moves that are due, and which NICs need no more."""
    i, n = tables.nics.c, tables.networks.c
    moved: list[Moved] = []
    finished = set(work.nics)
    for chunk in chunks(list(work.nics)):
        rows = connection.execute(select(i.id, i.name, i.generation, i.state).where(i.id.in_(chunk)))
        for nic_id, name, generation, text in rows:
            state = NicState(text)
            after = nic_after(state, *work.nics[nic_id])
            if after in _UNFINISHED:
                finished.discard(nic_id)
            if after is not state:
                moved.append((Kind.NIC, nic_id, name, generation, after.value))
    tenants = exists().where(columns(GuestNetwork).id == n.id)
    for networks in chunks(list(work.networks)):
        statement = select(n.id, n.name, n.generation, n.state).where(n.id.in_(networks), ~tenants)
        rows = connection.execute(statement)
        for network_id, name, generation, text in rows:
            before = NetworkState(text)
            now = network_after(before, *work.networks[network_id])
            if now is not before:
                moved.append((Kind.NETWORK, network_id, name, generation, now.value))
    return moved, finished


def nic_after(state: NicState, placed: bool, realised: bool) -> NicState:
    """The state that a NIC comes to at these levels, by steps of its table."""
    if placed and state in (NicState.ALLOCATED, NicState.RELEASING):
        state = next_nic_state(state, NicEvent.RESERVE)
    elif not placed and state in (NicState.RESERVING, NicState.RESERVED):
        state = next_nic_state(state, NicEvent.RELEASE)
    if realised and state in _UNFINISHED:
        state = next_nic_state(state, NicEvent.SUCCEED)
    return state


def network_after(state: NetworkState, placed: bool, realised: bool, over: bool) -> NetworkState:
    """The state that a network comes to at these levels; `over`: it has been empty long enough."""
    if placed and state in (NetworkState.ALLOCATED, NetworkState.SHUTDOWN):
        state = next_network_state(state, NetworkEvent.IMPLEMENT)
    elif not placed and over and state in (NetworkState.IMPLEMENTING, NetworkState.IMPLEMENTED):
        state = next_network_state(state, NetworkEvent.SHUTDOWN)
    if realised and placed and state is NetworkState.IMPLEMENTING:
        state = next_network_state(state, NetworkEvent.SUCCEED)
    if realised and not placed and state is NetworkState.SHUTDOWN:
        state = next_network_state(state, NetworkEvent.SUCCEED)
    return state


def _unfinished(connection: Connection, networks: Iterable[NetworkId]) -> list[tuple[str, str]]:
    """NICs of these networks that are on their way, each with its network."""
    i = tables.nics.c
    states = [state.value for state in _UNFINISHED]
    found = connection.execute(
        select(i.id, i.network_id).where(i.network_id.in_(list(networks)), i.state.in_(states))
    )
    return [(nic_id, network_id) for nic_id, network_id in found]
