"""Everything between netloom and one host: its OVSDB and its OpenFlow connection, under one owner.

    OVSDB up ─ identity ─ schema ─ monitor ─ bridge ready ──┐
                                                            ├─► observe all ─► release to the engine
    OpenFlow up ─ datapath id ─ role ─ capabilities ────────┘

Rule 1: the host counts as reachable when both connections are served, and as lost when either ends.
Rule 2: what the database shows is told while its connection lives, whether or not OpenFlow does.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from netloom.aio.backoff import BackoffPolicy, Jitter
from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.aio.tasks import Group
from netloom.base.errors import Conflict, NetloomError, PeerError, Unavailable
from netloom.base.ids import HostId
from netloom.model.endpoints import Endpoint, Scheme
from netloom.model.status import Finding
from netloom.plan.view import PortSeen, SwitchFacts
from netloom.reconcile.ports import Refusal
from netloom.switches.bridge_setup import setup_steps
from netloom.switches.capabilities import probe
from netloom.switches.claim import Claim, Claims, says_fenced
from netloom.switches.database import SwitchDatabase
from netloom.switches.identity import Identity, Pin, check
from netloom.switches.link import Link, LinkParts, LinkSnapshot
from netloom.switches.observe import Observer
from netloom.switches.openflow_client import OpenFlowClient
from netloom.switches.ovsdb_client import OvsdbClient
from netloom.switches.ownership import Ownership
from netloom.switches.places import Places
from netloom.switches.pump import PumpSettings
from netloom.switches.stream import Dialling, Stream
from netloom.wire import reconnect
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.messages.features import FeaturesReply, FeaturesRequest
from netloom.wire.openflow.messages.form import Message
from netloom.wire.ovsdb.errors import UnknownMethod
from netloom.wire.ovsdb.events import Update
from netloom.wire.ovsdb.requests import get_schema, set_db_change_aware
from netloom.wire.ovsdb.schema import parse_schema
from netloom.wire.ovsdb.vswitch import DATABASE

_log = structlog.get_logger("netloom.switches")


@dataclass(frozen=True, slots=True)
class HostConfig:
    """How a host is reached and who it must be.

    Args:
        host_id: its id; the name of its target.
        name: for people, and in certificates.
        bridge: integration bridge.
        ovsdb: where to dial; None: it dials in.
        openflow: where to dial; None: derived (Unix socket beside the database's), or it dials in.
        pin: the identity it must show.
    """

    host_id: HostId
    name: str
    bridge: str = "br-int"
    ovsdb: Endpoint | None = None
    openflow: Endpoint | None = None
    pin: Pin = field(default_factory=lambda: Pin(None, None))


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What all sessions have in common.

    Args:
        ownership: our marks.
        dialling: TLS and what is permitted.
        pump: bounds of each connection.
        reconnect: backoff; its probe interval is not used, the pump's is.
        probes: flows that tell capabilities, by name.
        controller: what hosts that are not dialled for OpenFlow are told to dial (`ssl:IP:PORT`); None: nothing listens.
        claims: the generation of our controller role; a switch refuses one that is older than it has seen.
        reclaim: waits before a switch that another controller took is taken back.
    """

    ownership: Ownership
    claims: Claims
    dialling: Dialling = field(default_factory=Dialling)
    pump: PumpSettings = field(default_factory=PumpSettings)
    reconnect: reconnect.Settings = field(
        default_factory=lambda: reconnect.Settings(min_backoff=0.5, max_backoff=8.0, connect_timeout=5.0)
    )
    probes: Mapping[str, Flow] = field(default_factory=dict)
    controller: str | None = None
    reclaim: BackoffPolicy = field(default_factory=lambda: BackoffPolicy(first=1.0, limit=64.0))


class SessionEvents(Protocol):
    """Who hears what a session sees: the planner's loop."""

    def observe_all(self, host_id: HostId, facts: SwitchFacts, ports: Iterable[PortSeen]) -> None:
        """All that the switch shows."""
        ...

    def observe(
        self, host_id: HostId, facts: SwitchFacts | None, seen: Iterable[PortSeen], gone: Iterable[str]
    ) -> None:
        """What differs from before."""
        ...

    def release(self, host_id: HostId) -> None:
        """The host can be talked to."""
        ...

    def lost(self, host_id: HostId, refusal: Refusal, next_try: float | None) -> None:
        """The host cannot be talked to."""
        ...


class IdentityBook(Protocol):
    """Who remembers what hosts showed, to pin it."""

    def identified(self, host_id: HostId, identity: Identity) -> None:
        """A host showed this, and it agrees with its pin; returns at once."""
        ...


@dataclass(frozen=True, slots=True)
class SwitchSeen:
    """What a switch says of itself."""

    system_id: str | None
    ovs_version: str | None
    db_version: str | None
    datapath_id: str | None
    datapath_type: str | None
    datapath_types: tuple[str, ...]
    interface_types: tuple[str, ...]
    capabilities: tuple[str, ...]


class HostSession:
    """One host. Start: `run` in a supervised task. Stop: cancel it; the switch keeps forwarding as it is."""

    def __init__(
        self,
        config: HostConfig,
        settings: SessionSettings,
        events: SessionEvents,
        identities: IdentityBook,
        *,
        jitter: Jitter,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.config = config
        self._settings = settings
        self._events = events
        self._identities = identities
        self._database = SwitchDatabase(config.bridge)
        self._observer = Observer(config.host_id, self._database, settings.ownership)
        self._capabilities: frozenset[str] = frozenset()
        self._early: list[Update] | None = None
        self._ovsdb_served: OvsdbClient | None = None
        self._openflow_served: OpenFlowClient | None = None
        self._database_ready = asyncio.Event()
        self._claim = Claim(settings.claims, settings.reclaim, jitter=jitter, clock=clock)
        self._places = Places(clock)
        self._fenced = asyncio.Event()
        self._openflow_ready = asyncio.Event()
        self.ovsdb_link: Link[OvsdbClient] = Link(
            config.name,
            LinkParts(
                "ovsdb",
                lambda: config.ovsdb,
                lambda stream: OvsdbClient(stream, settings.pump, clock=clock),
                self._serve_ovsdb,
                self._ovsdb_up,
                self._ovsdb_down,
                self._places.displaced,
            ),
            settings.reconnect,
            settings.dialling,
            jitter=jitter,
            clock=clock,
        )
        self.openflow_link: Link[OpenFlowClient] = Link(
            config.name,
            LinkParts(
                "openflow",
                self._openflow_endpoint,
                self._openflow_client,
                self._serve_openflow,
                self._both_up,
                self._openflow_down,
                self._places.displaced,
            ),
            settings.reconnect,
            settings.dialling,
            jitter=jitter,
            clock=clock,
        )
        self._clock = clock

    # -- for the target (Links) ------------------------------------------------------------------------------------

    @property
    def database(self) -> SwitchDatabase:
        """What is followed of the host's database."""
        return self._database

    def openflow(self) -> OpenFlowClient:
        """The OpenFlow connection."""
        if self._openflow_served is None:
            raise Unavailable("there is no OpenFlow connection", subject=self.config.name)
        return self._openflow_served

    def ovsdb(self) -> OvsdbClient:
        """The OVSDB connection."""
        if self._ovsdb_served is None:
            raise Unavailable("there is no OVSDB connection", subject=self.config.name)
        return self._ovsdb_served

    def fenced(self) -> None:
        """The switch refuses what we send: another controller is primary."""
        self._fenced.set()

    # -- life ------------------------------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """Whether both connections are served."""
        return self._ovsdb_served is not None and self._openflow_served is not None

    async def run(self) -> None:
        """Keep both connections until cancelled."""
        async with Group() as group:
            group.launch(self.ovsdb_link.run(), f"{self.config.name}/ovsdb")
            group.launch(self._run_openflow(), f"{self.config.name}/openflow")
            group.launch(self._keep_claim(), f"{self.config.name}/claim")

    def reconnect(self) -> None:
        """End both connections and make them anew; returns at once. What the switch forwards stays as it is."""
        self.ovsdb_link.hang_up()
        self.openflow_link.hang_up()

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections came to be of use so far, OVSDB first."""
        return self.ovsdb_link.served, self.openflow_link.served

    def links(self) -> tuple[LinkSnapshot, LinkSnapshot]:
        """Both connections, OVSDB first."""
        return self.ovsdb_link.snapshot(), self.openflow_link.snapshot()

    def seen(self) -> SwitchSeen:
        """What the switch said of itself when it could be asked last."""
        root, bridge = self._database.root, self._database.bridge
        return SwitchSeen(
            root.external_ids.get("system-id") if root is not None else None,
            root.ovs_version if root is not None else None,
            root.db_version if root is not None else None,
            bridge.datapath_id if bridge is not None else None,
            (bridge.datapath_type or "system") if bridge is not None else None,
            tuple(sorted(root.datapath_types)) if root is not None else (),
            tuple(sorted(root.iface_types)) if root is not None else (),
            tuple(sorted(self._capabilities)),
        )

    def findings(self) -> tuple[Finding, ...]:
        """What a person should know of the connections."""
        found = (self._claim.finding(), self._places.finding())
        return tuple(finding for finding in found if finding is not None)

    @property
    def datapath_id(self) -> str | None:
        """The bridge's, 16 hex digits: how a switch that dials in is known."""
        bridge = self._database.bridge
        return bridge.datapath_id if bridge is not None else None

    # -- OVSDB -----------------------------------------------------------------------------------------------------

    async def _serve_ovsdb(self, client: OvsdbClient) -> str | None:
        replica = self._database.replica
        self._early = []
        client.on_update = self._updated
        reply = await client.call(get_schema(DATABASE))
        schema = parse_schema(reply.value(object))
        replica.bind(schema)
        # Older servers do not know it: then they hang up when a database is converted, which is as good.
        await client.call(set_db_change_aware())
        call = replica.monitor()
        while True:
            reply = await client.call(call)
            if isinstance(reply.error, UnknownMethod):
                call = replica.fall_back(reply.error)
                continue
            break
        self._database.note(replica.load(reply))
        early, self._early = self._early, None
        for update in early:
            self._database.note(replica.apply(update))
        self._identify(client)
        await self._prepare(client)
        self._ovsdb_served = client
        return schema.version

    def _identify(self, client: OvsdbClient) -> None:
        root = self._database.root
        if root is None:
            raise PeerError("the database has no row in Open_vSwitch", subject=client.stream.peer)
        shown = Identity(root.external_ids.get("system-id"), client.stream.certificate)
        check(self.config.pin, shown)
        self._identities.identified(self.config.host_id, shown)

    async def _prepare(self, client: OvsdbClient) -> None:
        """Make the bridge ready, and wait until ovs-vswitchd has given it its datapath id."""
        controller = self._settings.controller if self._openflow_endpoint() is None else None
        steps = setup_steps(self._database, controller, self._settings.ownership)
        if steps is not None:
            await client.transact(steps)

    def _updated(self, update: Update) -> None:
        if self._early is not None:
            # It came in the same chunk as the answer to our monitor, which is not loaded yet.
            self._early.append(update)
            return
        affected = self._database.note(self._database.replica.apply(update))
        if self._ovsdb_served is None:
            return
        if self._database.bridge is None:
            raise PeerError(f"the bridge {self.config.bridge} was removed", code="bridge-removed")
        if not affected:
            return
        observation = self._observer.changed(affected)
        if observation:
            self._events.observe(self.config.host_id, observation.facts, observation.seen, observation.gone)

    def _ovsdb_up(self) -> None:
        self._database_ready.set()
        self.openflow_link.retry_now()
        self._both_up()

    def _ovsdb_down(self, refusal: Refusal, next_try: float | None) -> None:
        self._ovsdb_served = None
        self._early = None
        self._database.replica.lost()
        if refusal.code == "ovsdb-protocol-error":
            self._database.replica.forget()
        self._events.lost(self.config.host_id, refusal, next_try)

    # -- OpenFlow --------------------------------------------------------------------------------------------------

    def _openflow_endpoint(self) -> Endpoint | None:
        config = self.config
        if config.openflow is not None:
            return config.openflow
        if config.ovsdb is not None and config.ovsdb.scheme is Scheme.UNIX:
            # ovs-vswitchd serves each bridge on a socket beside the database's (ovs-vswitchd(8), "BRIDGE.mgmt").
            rundir = posixpath.dirname(config.ovsdb.path)
            return Endpoint(Scheme.UNIX, path=posixpath.join(rundir, f"{config.bridge}.mgmt"))
        return None

    def _openflow_client(self, stream: Stream) -> OpenFlowClient:
        return OpenFlowClient(stream, self._settings.pump, clock=self._clock)

    async def _run_openflow(self) -> None:
        # The bridge may have to be made first, and its protocols set.
        await self._database_ready.wait()
        await self.openflow_link.run()

    async def _serve_openflow(self, client: OpenFlowClient) -> str | None:
        version = await client.negotiated()
        features = await client.request(FeaturesRequest(), FeaturesReply)
        self._check_datapath(features.datapath_id)
        client.on_message = self._heard
        self._fenced.clear()
        try:
            await self._claim.make(client)
        except Conflict:
            await self._claim_anew(client)
        self._capabilities = await probe(client, self._settings.probes)
        self._observer.set_capabilities(self._capabilities)
        self._openflow_served = client
        self._openflow_ready.set()
        return f"1.{version - 1}"

    def _heard(self, message: Message) -> None:
        if says_fenced(message):
            self._fenced.set()

    async def _keep_claim(self) -> None:
        """Take the switch back when another controller took it, and read it in full then: the other one wrote there."""
        while True:
            await self._fenced.wait()
            await self._openflow_ready.wait()
            client = self._openflow_served
            if client is None or not self._fenced.is_set():
                continue
            try:
                await self._claim_anew(client)
            except (NetloomError, OSError) as error:
                # The connection has ended, or is good for nothing: the next one claims by itself.
                _log.info("claim given up", host=self.config.name, error=str(error))
                client.stream.writer.transport.abort()
                await client.ended.wait()
            else:
                self._both_up()

    async def _claim_anew(self, client: OpenFlowClient) -> None:
        """Until the switch is ours the host counts as lost. Raises when the connection ends."""
        while True:
            wait = self._claim.lost()
            self._events.lost(self.config.host_id, self._claim.refusal(), self._clock.now() + wait)
            _log.warning("another controller took the switch", host=self.config.name, next_try=round(wait, 3))
            await wait_event(client.ended, wait)
            self._fenced.clear()
            try:
                await self._claim.make_anew(client)
            except Conflict as error:
                _log.warning("the switch is not ours", host=self.config.name, error=str(error))
            else:
                _log.info("the switch is ours again", host=self.config.name)
                return

    def _check_datapath(self, datapath_id: int) -> None:
        expected = self.datapath_id
        if expected is not None and datapath_id != int(expected, 16):
            raise PeerError(
                f"the switch is {datapath_id:016x}, the bridge {self.config.bridge} is {expected}",
                code="datapath-mismatch",
                hint="the OpenFlow address belongs to another bridge",
            )

    def _openflow_down(self, refusal: Refusal, next_try: float | None) -> None:
        self._openflow_served = None
        self._openflow_ready.clear()
        self._events.lost(self.config.host_id, refusal, next_try)

    # -- both ------------------------------------------------------------------------------------------------------

    def _both_up(self) -> None:
        if self._ovsdb_served is None:
            return
        facts, ports = self._observer.everything()
        self._events.observe_all(self.config.host_id, facts, ports)
        if self._openflow_served is not None:
            self._events.release(self.config.host_id)
