"""Hosts that dial in: who is it, do we know it, is it the one that was admitted; then its session gets the connection.

    accepted ─► TLS ─► asked who it is ─► known and right ─► its session
                                      ├─► unknown ─────────► pending, kept until it is admitted
                                      └─► another than pinned ─► refused, told in pending

Rule 1: whoever has not shown who it is costs little: such connections are few, short, and asked one question.
Rule 2: nothing that a peer says of itself admits it: a system-id is its word, a pin is compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.aio.tasks import TaskKit
from netloom.base.errors import Forbidden, NetloomError, PeerError
from netloom.model.endpoints import Endpoint, Scheme
from netloom.switches.host_session import HostSession
from netloom.switches.identity import Identity, Pin, check
from netloom.switches.openflow_client import OpenFlowClient
from netloom.switches.ovsdb_client import OvsdbClient
from netloom.switches.pump import PumpSettings
from netloom.switches.stream import READ_LIMIT, Dialling, Stream, check_scheme, opened
from netloom.wire.openflow.messages.features import FeaturesReply, FeaturesRequest
from netloom.wire.ovsdb.transaction import Transaction
from netloom.wire.ovsdb.vswitch import DATABASE, OpenVSwitch

_log = structlog.get_logger("netloom.switches")

TUNNEL_HINTS = ("netloom-tunnel-ip", "ovn-encap-ip")
"""Keys of external_ids in which a host may propose its tunnel address."""


@dataclass(frozen=True, slots=True)
class PendingPeer:
    """A host that dialled in and has no session. `since` is wall clock; `host` the declared one that it resembles."""

    system_id: str
    peer: str
    since: float
    fingerprint: str | None = None
    reason: str = "unknown"
    host: str | None = None
    tunnel_ip: str | None = None


class SessionDirectory(Protocol):
    """Finds the session of a host that dials in; only of hosts that are declared to dial in with that protocol."""

    def by_system_id(self, system_id: str) -> HostSession | None:
        """The host that has this system-id pinned."""
        ...

    def by_datapath_id(self, datapath_id: str) -> HostSession | None:
        """The host whose bridge has this datapath id (16 hex digits)."""
        ...


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Bounds of dialling in.

    Args:
        dialling: TLS (the server's context) and whether plain TCP is permitted.
        pump: bounds of each connection.
        unidentified: connections at once that have not shown who they are; more are closed.
        identify_seconds: how long one may take to show it.
        pending: hosts kept that are not admitted; more are closed.
        wait_seconds: how long an OpenFlow connection may wait for its host's OVSDB session.
    """

    dialling: Dialling = field(default_factory=Dialling)
    pump: PumpSettings = field(default_factory=PumpSettings)
    unidentified: int = 128
    identify_seconds: float = 10.0
    pending: int = 256
    wait_seconds: float = 15.0


class DialIn:
    """Accepts both protocols.

    Start: `listen_*` for each address. `recheck` when hosts are declared, admitted or removed. Stop: `close`.
    """

    def __init__(
        self, settings: ListenSettings, directory: SessionDirectory, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._clock = clock
        self._kit = TaskKit("dial-in")
        self._servers: list[asyncio.Server] = []
        self._unidentified = 0
        self._pending: dict[str, PendingPeer] = {}
        self._changed = asyncio.Event()
        self.refused_connections = 0

    # -- life ------------------------------------------------------------------------------------------------------

    async def listen_ovsdb(self, endpoint: Endpoint) -> int:
        """Accept managers (`ovs-vsctl set-manager ssl:…`); the port."""
        return await self._listen(endpoint, self._ovsdb)

    async def listen_openflow(self, endpoint: Endpoint) -> int:
        """Accept controllers (`Controller` rows); the port."""
        return await self._listen(endpoint, self._openflow)

    async def close(self) -> None:
        """Close the doors and what waits behind them; sessions that have a connection lose it."""
        for server in self._servers:
            server.close()
        await self._kit.close()

    def recheck(self) -> None:
        """Hosts changed: look again whether those that wait are known."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def pending(self) -> tuple[PendingPeer, ...]:
        """Hosts that dialled in and are not admitted."""
        return tuple(self._pending.values())

    # -- accepting -------------------------------------------------------------------------------------------------

    async def _listen(self, endpoint: Endpoint, identify: Callable[[Stream], Awaitable[None]]) -> int:
        if endpoint.scheme is Scheme.UNIX:
            raise Forbidden("hosts dial in over the network", subject=str(endpoint))
        tls = check_scheme(endpoint.scheme, self._settings.dialling)

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            name = writer.get_extra_info("peername")
            if name is None:  # it hung up before we looked
                writer.transport.abort()
                return
            if self._unidentified >= self._settings.unidentified:
                self.refused_connections += 1
                writer.transport.abort()
                return
            host, port = name[:2]
            address = f"[{host}]" if ":" in host else host
            try:
                stream = opened(reader, writer, f"{endpoint.scheme.value}:{address}:{port}")
            except OSError:  # the same, a moment later
                writer.transport.abort()
                return
            # From here on it holds a place among the unknown, which `identify` gives back.
            self._unidentified += 1
            self._kit.launch(self._identify(stream, identify), stream.peer)

        server = await asyncio.start_server(
            accept,
            endpoint.address,
            endpoint.port,
            ssl=tls,
            ssl_handshake_timeout=self._settings.identify_seconds if tls is not None else None,
            limit=READ_LIMIT,
        )
        self._servers.append(server)
        port = int(server.sockets[0].getsockname()[1])
        _log.info("listening for hosts", endpoint=str(endpoint), port=port)
        return port

    async def _identify(self, stream: Stream, identify: Callable[[Stream], Awaitable[None]]) -> None:
        try:
            await identify(stream)
        except (NetloomError, OSError, TimeoutError) as error:
            _log.warning("a host that dialled in was not taken", peer=stream.peer, error=str(error))
        finally:
            stream.writer.transport.abort()

    # -- OVSDB -----------------------------------------------------------------------------------------------------

    async def _ovsdb(self, stream: Stream) -> None:
        client = OvsdbClient(stream, self._settings.pump, clock=self._clock)
        async with TaskKit(stream.peer) as kit:
            kit.launch(_quietly(client.run), "pump")
            try:
                async with asyncio.timeout(self._settings.identify_seconds):
                    ids = await _external_ids(client)
            finally:
                self._unidentified -= 1
            system_id = ids.get("system-id")
            if not system_id:
                raise PeerError("the host has no system-id", subject=stream.peer, hint="ovs-ctl sets one")
            try:
                session = await self._admitted(client, system_id, ids)
                if session is not None:
                    self._pending.pop(system_id, None)
                    session.ovsdb_link.accept(client)
                    await client.ended.wait()
            finally:
                self._pending.pop(system_id, None)

    async def _admitted(self, client: OvsdbClient, system_id: str, ids: dict[str, str]) -> HostSession | None:
        """The host's session, as soon as it is admitted; None when the connection ended before."""
        shown = Identity(system_id, client.stream.certificate)
        since = self._clock.wall()
        while not client.ended.is_set():
            changed = self._changed
            session = self._directory.by_system_id(system_id)
            if session is not None and self._is_right(session, shown, since, client.stream.peer, ids):
                return session
            if session is None:
                if system_id not in self._pending and len(self._pending) >= self._settings.pending:
                    raise Forbidden("too many hosts wait to be admitted", subject=client.stream.peer)
                self._pending[system_id] = PendingPeer(
                    system_id, client.stream.peer, since, shown.fingerprint, tunnel_ip=_tunnel_ip(ids)
                )
            # A change of the hosts or the end of the connection, whichever comes first; the second is looked for rarely.
            await wait_event(changed, 1.0)
        return None

    def _is_right(
        self, session: HostSession, shown: Identity, since: float, peer: str, ids: dict[str, str]
    ) -> bool:
        try:
            check(session.config.pin, shown)
        except Forbidden as error:
            self._pending[shown.system_id or ""] = PendingPeer(
                shown.system_id or "",
                peer,
                since,
                shown.fingerprint,
                error.message,
                session.config.name,
                _tunnel_ip(ids),
            )
            return False
        return True

    # -- OpenFlow --------------------------------------------------------------------------------------------------

    async def _openflow(self, stream: Stream) -> None:
        client = OpenFlowClient(stream, self._settings.pump, clock=self._clock)
        async with TaskKit(stream.peer) as kit:
            kit.launch(_quietly(client.run), "pump")
            try:
                async with asyncio.timeout(self._settings.identify_seconds):
                    await client.negotiated()
                    features = await client.request(FeaturesRequest(), FeaturesReply)
            finally:
                self._unidentified -= 1
            session = await self._of_datapath(f"{features.datapath_id:016x}", client)
            pin = session.config.pin
            # The system-id is OVSDB's to show; here the certificate counts.
            check(Pin(None, pin.fingerprint, pin.names), Identity(None, stream.certificate))
            session.openflow_link.accept(client)
            await client.ended.wait()

    async def _of_datapath(self, datapath_id: str, client: OpenFlowClient) -> HostSession:
        ends = self._clock.now() + self._settings.wait_seconds
        while not client.ended.is_set():
            session = self._directory.by_datapath_id(datapath_id)
            if session is not None:
                return session
            if self._clock.now() >= ends:
                break
            await wait_event(client.ended, 0.25)
        raise Forbidden(f"no host with datapath {datapath_id} is known", subject=client.stream.peer)


async def _external_ids(client: OvsdbClient) -> dict[str, str]:
    transaction = Transaction(DATABASE)
    selection = transaction.select(OpenVSwitch, [], ["external_ids"])
    outcome = await client.transact(transaction)
    rows = outcome.rows(selection, OpenVSwitch)
    return dict(rows[0].external_ids) if rows else {}


def _tunnel_ip(ids: dict[str, str]) -> str | None:
    return next((ids[key] for key in TUNNEL_HINTS if key in ids), None)


async def _quietly(run: Callable[[], Awaitable[None]]) -> None:
    """Pump a connection; why it ended is told to those who wait for its answers."""
    try:
        await run()
    except (NetloomError, OSError):
        return
