"""Planner, engine and sessions together, over real switches, for tests: what the daemon wires, without store and faces."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Self

from netloom.aio.backoff import BackoffPolicy
from netloom.aio.queues import BoundedQueue, WhenFull
from netloom.aio.tasks import TaskKit
from netloom.base.ids import HostId, NetworkId, NicId, Uuid
from netloom.model.endpoints import Endpoint, Scheme
from netloom.model.isolation import Isolation
from netloom.plan.graph import Planner
from netloom.plan.switch import Fragment, FragmentKey, SwitchDesired
from netloom.plan.view import Edit, HostView, NetworkView, NicView, PortSeen
from netloom.providers.ovs.capabilities import PROBES
from netloom.providers.ovs.compile.compiler import OvsCompiler
from netloom.providers.ovs.compile.ports import OWNER_KEY
from netloom.providers.ovs.pipeline.cookies import OWNER, OWNER_MASK
from netloom.reconcile.engine import Engine, EngineSettings
from netloom.reconcile.inputs import IntentBatch, PlanInputs
from netloom.reconcile.planner import PlannerLoop
from netloom.reconcile.source import PlanSource
from netloom.reconcile.status import StatusBook
from netloom.switches.flows import RawCache
from netloom.switches.host_session import HostConfig, HostSession, SessionSettings
from netloom.switches.identity import Identity
from netloom.switches.ownership import Ownership
from netloom.switches.pump import PumpSettings
from netloom.switches.stream import Dialling
from netloom.switches.target import SwitchActual, SwitchSteps, SwitchTarget
from netloom.wire import reconnect

LIMIT = 20.0
OWNERSHIP = Ownership(OWNER, OWNER_MASK, OWNER_KEY)


def host_id(number: int) -> HostId:
    return HostId(Uuid(f"00000000-0000-4000-8000-{number:012x}"))


def network_id(number: int) -> NetworkId:
    return NetworkId(Uuid(f"00000000-0000-4000-9000-{number:012x}"))


def nic_id(number: int) -> NicId:
    return NicId(Uuid(f"00000000-0000-4000-a000-{number:012x}"))


def host_view(number: int) -> HostView:
    return HostView(host_id(number), number, f"h{number}", tunnel_ip=IPv4Address(f"192.0.2.{number}"))


def network_view(number: int, isolation: Isolation = Isolation.GENEVE) -> NetworkView:
    return NetworkView(
        network_id(number),
        number,
        f"n{number}",
        isolation,
        segment=1000 + number,
        cidr4=IPv4Network("10.0.0.0/16"),
    )


def nic_view(number: int, network: int = 1) -> NicView:
    return NicView(
        nic_id(number),
        number,
        f"nic{number}",
        network_id(network),
        mac=0x020000000000 + number,
        ipv4=IPv4Address("10.0.0.0") + number + 1,
        identity=f"vif-{number}",
    )


class Feed:
    def __init__(self) -> None:
        self.queue: BoundedQueue[IntentBatch] = BoundedQueue("feed", 100000, WhenFull.REFUSE)
        self.revision = 0

    def put(self, *edits: Edit, complete: bool = True) -> None:
        self.revision += 1
        generations = {edit.id: self.revision for edit in edits}
        self.queue.offer(IntentBatch(self.revision, edits, generations, complete))

    async def follow(self) -> AsyncIterator[IntentBatch]:
        while True:
            yield await self.queue.get()


class Memory:
    def __init__(self) -> None:
        self.ports: dict[HostId, list[PortSeen]] = {}

    def recall(self) -> Mapping[HostId, Sequence[PortSeen]]:
        return self.ports

    def remember(self, host_id: HostId, ports: Collection[PortSeen]) -> None:
        self.ports[host_id] = list(ports)

    def forget(self, host_id: HostId) -> None:
        self.ports.pop(host_id, None)


class Identities:
    def __init__(self) -> None:
        self.shown: dict[HostId, Identity] = {}

    def identified(self, host_id: HostId, identity: Identity) -> None:
        self.shown[host_id] = identity


class Counted:
    """Claims that only this process remembers."""

    def __init__(self, generation: int) -> None:
        self.generation = generation

    async def renew(self, above: int) -> int:
        self.generation = above + 1
        return self.generation


class Stack:
    """One netloom without store and faces."""

    def __init__(
        self,
        memory: Memory | None = None,
        *,
        refresh: float = 300.0,
        probe: float = 5.0,
        slowest: float = 0.2,
        generation: int = 1,
    ) -> None:
        self.feed = Feed()
        self.memory = memory or Memory()
        self.identities = Identities()
        self.planner = Planner(OvsCompiler())
        self.source = PlanSource(self.planner)
        self.book: StatusBook[FragmentKey] = StatusBook(self.source.why)
        self.engine: Engine[FragmentKey, Fragment, SwitchDesired, SwitchActual, SwitchSteps] = Engine(
            self.source,
            self.book,
            settings=EngineSettings(retry=BackoffPolicy(0.05, 1.0), refresh=refresh, turn_limit=10.0),
            jitter=random.random,
        )
        self.loop = PlannerLoop(
            self.source, self.book, self.engine, PlanInputs(self.feed, self.memory, grace=2.0)
        )
        self.settings = SessionSettings(
            OWNERSHIP,
            Counted(generation),
            Dialling(allow_tcp=True),
            PumpSettings(probe_interval=probe),
            reconnect.Settings(min_backoff=0.05, max_backoff=slowest, connect_timeout=2.0),
            PROBES,
            reclaim=BackoffPolicy(0.05, 0.5),
        )
        self.cache = RawCache()
        self.sessions: dict[HostId, HostSession] = {}
        self.targets: dict[HostId, SwitchTarget] = {}
        self.kit = TaskKit("stack")

    async def __aenter__(self) -> Self:
        self.kit.start(self.loop.run(), "planner")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kit.close()
        await self.engine.close()

    def add_host(self, number: int, config: HostConfig) -> HostSession:
        session = HostSession(config, self.settings, self.loop, self.identities, jitter=random.random)
        target = SwitchTarget(config.host_id, session, OWNERSHIP, self.cache)
        self.engine.add(target)
        self.sessions[config.host_id] = session
        self.targets[config.host_id] = target
        self.kit.start(session.run(), f"session/{number}")
        return session

    def add_sandbox(self, number: int, directory: Path, bridge: str = "br-int") -> HostSession:
        return self.add_host(number, config_of(number, directory, bridge))

    async def in_sync(self, *numbers: int) -> None:
        await eventually(lambda: all(self.book.in_sync(host_id(n)) for n in numbers), self._why)

    async def done(self, item: Uuid, generation: int = 0) -> None:
        async with asyncio.timeout(LIMIT):
            await self.book.settled(item, generation)

    def _why(self) -> str:
        return str([(s.config.name, s.links(), self.book.host_status(i)) for i, s in self.sessions.items()])


def config_of(number: int, directory: Path, bridge: str = "br-int") -> HostConfig:
    return HostConfig(
        host_id(number),
        f"h{number}",
        bridge,
        Endpoint(Scheme.UNIX, path=str(directory / "db.sock")),
    )


async def eventually(condition: Callable[[], bool], why: Callable[[], str] = lambda: "") -> None:
    """Until a fact of another process or task holds."""
    try:
        async with asyncio.timeout(LIMIT):
            while not condition():  # noqa: ASYNC110 - a fact of another process
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"it did not come to be: {why()}") from None
