"""One connection that should always be there: dialled again and again, or waited for.

Rule 1: when to try, and what follows a failure, is the machine's (`wire.reconnect`); here its words are done.
Rule 2: a link ends only by being cancelled; whatever else happens to a connection is its last error and the next try.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from netloom.aio.backoff import Jitter
from netloom.aio.clock import SYSTEM_CLOCK, Clock, wait_event
from netloom.aio.tasks import Group
from netloom.base.errors import Forbidden, NetloomError
from netloom.model.endpoints import Endpoint
from netloom.reconcile.engine import refusal_of
from netloom.reconcile.ports import Refusal
from netloom.switches.pump import PumpCounters
from netloom.switches.stream import Dialling, Stream, dial
from netloom.wire import reconnect

_log = structlog.get_logger("netloom.switches")


class LinkPhase(enum.Enum):
    """Where a link is; the words of the host report."""

    DISCONNECTED = "Disconnected"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    BACKOFF = "Backoff"
    REFUSED = "Refused"


@dataclass(frozen=True, slots=True)
class LinkSnapshot:
    """A link at one moment. Times are wall clock; `next_try` only while it backs off."""

    protocol: str
    phase: LinkPhase
    peer: str | None
    since: float
    version: str | None = None
    attempts: int = 0
    next_try: float | None = None
    received: int = 0
    sent: int = 0
    throttled_seconds: float = 0.0
    last_error: Refusal | None = None
    last_error_at: float | None = None


class Client(Protocol):
    """A protocol's client while a connection lasts."""

    stream: Stream
    ended: asyncio.Event

    async def run(self) -> None:
        """Pump until the connection is over; raises why."""
        ...

    async def wait_ended(self) -> None:
        """For a connection that somebody else pumps: the same, and hangs up when cancelled."""
        ...

    @property
    def pump_counters(self) -> PumpCounters:
        """Bytes and messages."""
        ...


C = TypeVar("C", bound=Client)


@dataclass(frozen=True, slots=True)
class LinkParts(Generic[C]):
    """What makes a link one of a protocol.

    Args:
        protocol: `ovsdb` or `openflow`.
        endpoint: where to dial, asked before each try; None: the peer dials in.
        make: a client over a stream.
        serve: what is done with a connection; may return, the connection stays.
        up: serve is through (the link counts as connected from then on).
        down: a connection or a try is over, with the reason and the next try (monotonic).
        displaced: a connection that lives gives way to one that the peer made anew: the peers of both.
    """

    protocol: str
    endpoint: Callable[[], Endpoint | None]
    make: Callable[[Stream], C]
    serve: Callable[[C], Awaitable[str | None]]
    up: Callable[[], None]
    down: Callable[[Refusal, float | None], None]
    displaced: Callable[[str, str], None]


class Link(Generic[C]):
    """Keeps one connection of a host."""

    def __init__(
        self,
        name: str,
        parts: LinkParts[C],
        settings: reconnect.Settings,
        dialling: Dialling,
        *,
        jitter: Jitter,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._name = name
        self._parts = parts
        self._settings = settings
        self._dialling = dialling
        self._jitter = jitter
        self._clock = clock
        self._machine: reconnect.Reconnect | None = None
        self._wake = asyncio.Event()
        self._accepted: C | None = None
        self._refused = False
        self._served = False
        self._version: str | None = None
        self._since = clock.wall()
        self._complained: str | None = None
        """Code of the error that was logged since the connection was served last: the same one is not logged again."""
        self._last_error: Refusal | None = None
        self._last_error_at: float | None = None
        self.client: C | None = None
        self.served = 0
        """How many connections came to be of use so far."""

    def accept(self, client: C) -> None:
        """Take a connection that the peer made and somebody pumps; one that is there already is dropped for it.

        A host that lost its connection notices before we do and dials again: the newer one is the true one.
        """
        self._accepted = client
        if self.client is not None:
            self._parts.displaced(self.client.stream.peer, client.stream.peer)
            self.client.stream.writer.transport.abort()
        self._wake.set()

    def retry_now(self) -> None:
        """Something changed that may let a try succeed: do not wait."""
        self._wake.set()

    def hang_up(self) -> None:
        """End the connection that is there; the next one is made as after any other end, or at once if none is there."""
        if self.client is not None:
            self.client.stream.writer.transport.abort()
        self._wake.set()

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        passive = self._parts.endpoint() is None
        now = self._clock.now()
        machine = self._machine = reconnect.Reconnect(
            reconnect.Settings(
                min_backoff=self._settings.min_backoff,
                max_backoff=self._settings.max_backoff,
                connect_timeout=self._settings.connect_timeout,
                probe_interval=None,  # the pump probes
                passive=passive,
                spread=self._settings.spread,
            ),
            jitter=self._jitter,
            now=now,
        )
        machine.enable(now)
        while True:
            self._wake.clear()
            if passive:
                client, self._accepted = self._accepted, None
                if client is not None:
                    await self._attempt(machine, client)
                    continue
            elif machine.tick(self._clock.now()) is reconnect.Action.CONNECT:
                await self._attempt(machine, None)
                continue
            deadline = machine.deadline()
            woken = await wait_event(
                self._wake, None if deadline is None else max(0.0, deadline - self._clock.now())
            )
            if woken and not passive and machine.state is reconnect.State.BACKOFF:
                machine.disable(self._clock.now())
                machine.enable(self._clock.now())

    async def _attempt(self, machine: reconnect.Reconnect, accepted: C | None) -> None:
        self._since = self._clock.wall()
        try:
            client = await self._dial() if accepted is None else accepted
            machine.connected(self._clock.now())
            self.client = client
            await self._use(client, pumped=accepted is not None)
        except* Exception as group:  # noqa: BLE001 - the connection door: told, counted, tried again
            error = first_error(group)
        else:
            error = NetloomError("the connection ended")
        finally:
            self.client = None
        self._ended(machine, error)

    async def _dial(self) -> C:
        endpoint = self._parts.endpoint()
        if endpoint is None:
            raise Forbidden("there is nowhere to dial")
        return self._parts.make(await dial(endpoint, self._dialling))

    async def _use(self, client: C, *, pumped: bool) -> None:
        async with Group() as group:
            group.launch(client.wait_ended() if pumped else client.run(), f"{self._name}/pump")
            self._version = await self._parts.serve(client)
            self._served = True
            self.served += 1
            self._refused = False
            self._complained = None
            self._since = self._clock.wall()
            _log.info("connected", host=self._name, protocol=self._parts.protocol, peer=client.stream.peer)
            self._parts.up()

    def _ended(self, machine: reconnect.Reconnect, error: BaseException) -> None:
        now = self._clock.now()
        was = self._complained
        refusal = refusal_of(error)
        if self._served:
            machine.received(now)  # it was good until now
        self._served = False
        machine.disconnected(now, refusal.reason)
        self._refused = isinstance(error, Forbidden)
        self._complained = refusal.code
        self._last_error, self._last_error_at = refusal, self._clock.wall()
        self._since = self._clock.wall()
        unexpected = not isinstance(error, NetloomError | OSError | TimeoutError)
        if was != refusal.code or unexpected:
            _log.log(
                40 if unexpected else 30,
                "connection ended",
                host=self._name,
                protocol=self._parts.protocol,
                error=refusal.reason,
                exc_info=error if unexpected else None,
            )
        self._parts.down(refusal, machine.deadline())

    def snapshot(self) -> LinkSnapshot:
        """The link now."""
        client, machine = self.client, self._machine
        counters = client.pump_counters if client is not None else PumpCounters()
        next_try = None
        if machine is not None and machine.state is reconnect.State.BACKOFF:
            due = machine.deadline()
            next_try = None if due is None else self._clock.wall() + due - self._clock.now()
        return LinkSnapshot(
            self._parts.protocol,
            self._phase(),
            client.stream.peer if client is not None else _text(self._parts.endpoint()),
            self._since,
            self._version if self._served else None,
            machine.failures if machine is not None else 0,
            next_try,
            counters.received_bytes,
            counters.sent_bytes,
            counters.throttled_seconds,
            self._last_error,
            self._last_error_at,
        )

    def _phase(self) -> LinkPhase:
        if self._served:
            return LinkPhase.CONNECTED
        if self._refused:
            return LinkPhase.REFUSED
        if self.client is not None:
            return LinkPhase.CONNECTING
        state = self._machine.state if self._machine is not None else reconnect.State.VOID
        if state is reconnect.State.BACKOFF:
            return LinkPhase.BACKOFF
        return LinkPhase.CONNECTING if state is reconnect.State.CONNECTING else LinkPhase.DISCONNECTED


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that came first in a group, however deep: the one that ended the others."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _text(endpoint: Endpoint | None) -> str | None:
    return None if endpoint is None else str(endpoint)
