"""Moves bytes between a stream and a protocol that does no I/O, and notices when the peer is gone.

Rule 1: one task per connection reads; what is to be sent is written at once by whoever caused it.
Rule 2: every wait on the peer has a bound: silence is probed, then ended (half-open connections); a peer that does not read
    is ended when too much waits for it; one that floods is read more slowly, which is its own loss.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import PeerError, Unavailable
from netloom.switches.stream import READ_LIMIT, Stream
from netloom.wire import reconnect

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Wire(Protocol[E_co]):
    """What a pump needs of a protocol."""

    def receive_data(self, data: bytes) -> Sequence[E_co]:
        """Take bytes of the peer; none means the end of its stream."""
        ...

    def data_to_send(self) -> bytes:
        """Bytes for the peer."""
        ...


@dataclass(frozen=True, slots=True)
class PumpSettings:
    """Bounds of one connection.

    Args:
        probe_interval: seconds of silence before a probe, and for its answer.
        unread_limit: bytes written that the peer did not take, above which it is given up.
        events_per_second: messages that a peer may send at length; more are read later.
        events_burst: messages on top of that at once (an initial dump, a storm after a restart).
    """

    probe_interval: float = 5.0
    unread_limit: int = 256 * 1024 * 1024
    events_per_second: float = 5_000.0
    events_burst: float = 50_000.0


@dataclass(slots=True)
class PumpCounters:
    """One connection, for metrics."""

    received_bytes: int = 0
    sent_bytes: int = 0
    events: int = 0
    probes: int = 0
    throttled_seconds: float = 0.0


class Pump(Generic[E]):
    """One connection while it lasts.

    Args:
        stream: open; the pump closes it.
        wire: the protocol.
        handle: called for each event, in order; may raise `PeerError` to end the connection.
        probe: sends the protocol's echo request.
    """

    def __init__(
        self,
        stream: Stream,
        wire: Wire[E],
        *,
        handle: Callable[[E], None],
        probe: Callable[[], None],
        settings: PumpSettings,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._stream = stream
        self._wire = wire
        self._handle = handle
        self._probe = probe
        self._settings = settings
        self._clock = clock
        self._alive = reconnect.Reconnect(
            reconnect.Settings(passive=True, probe_interval=settings.probe_interval),
            jitter=lambda: 0.0,
            now=clock.now(),
        )
        self._budget = settings.events_burst
        self._budget_at = clock.now()
        self.heard_at = clock.now()
        """When bytes came last (monotonic)."""
        self.counters = PumpCounters()

    @property
    def connected_since(self) -> float | None:
        """Monotonic time since which the connection is up."""
        return self._alive.connected_since

    def flush(self) -> None:
        """Write what the protocol wants to say.

        Raises:
            PeerError: the peer does not read.
        """
        data = self._wire.data_to_send()
        if not data:
            return
        writer = self._stream.writer
        if writer.transport.is_closing():
            return  # another connection took its place: who reads hears of the end
        if writer.transport.get_write_buffer_size() > self._settings.unread_limit:
            self.abort()
            raise PeerError(
                f"{self._settings.unread_limit} bytes wait for the peer, which does not read",
                subject=self._stream.peer,
                code="peer-stalled",
            )
        self.counters.sent_bytes += len(data)
        writer.write(data)

    async def drain(self) -> None:
        """Wait until the peer took most of what was written: back-pressure for senders of much.

        Raises:
            Unavailable: the connection broke.
        """
        try:
            await self._stream.writer.drain()
        except OSError as error:
            raise Unavailable(error.strerror or str(error), subject=self._stream.peer) from error

    def abort(self) -> None:
        """Hang up without ado."""
        self._stream.writer.transport.abort()

    async def run(self) -> None:
        """Pump until the connection is over.

        Raises:
            Unavailable: the peer closed it, was silent too long, or the network broke it.
            PeerError: the peer broke the protocol; what the protocol asks to be answered was sent.
        """
        now = self._clock.now()
        self._alive.enable(now)
        self._alive.connected(now)
        try:
            self.flush()
            while True:
                data = await self._read()
                self.counters.received_bytes += len(data)
                self._take(data)
                await self._throttle()
        finally:
            await self._close()

    def _take(self, data: bytes) -> None:
        try:
            events = self._wire.receive_data(data)
            for event in events:
                self._handle(event)
        finally:
            # Also after a violation: the protocol may owe the peer an error message.
            self.flush()
        self.counters.events += len(events)
        self._budget -= len(events)
        if not data:
            raise Unavailable("the peer closed the connection", subject=self._stream.peer)

    async def _read(self) -> bytes:
        reader = self._stream.reader
        while True:
            deadline = self._alive.deadline()
            wait = None if deadline is None else max(0.0, deadline - self._clock.now())
            try:
                async with asyncio.timeout(wait):
                    data = await reader.read(READ_LIMIT)
            except TimeoutError:
                self._tick()
                continue
            except ssl.SSLError as error:
                raise Unavailable(f"TLS: {error.reason or error}", subject=self._stream.peer) from error
            except OSError as error:
                raise Unavailable(error.strerror or str(error), subject=self._stream.peer) from error
            except RuntimeError as error:
                # uvloop's word for reading on at a transport that was aborted while nobody read.
                if not self._stream.writer.transport.is_closing():
                    raise
                raise Unavailable("the connection was given up", subject=self._stream.peer) from error
            self.heard_at = self._clock.now()
            self._alive.received(self.heard_at)
            return data

    def _tick(self) -> None:
        action = self._alive.tick(self._clock.now())
        if action is reconnect.Action.PROBE:
            self.counters.probes += 1
            self._probe()
            self.flush()
        elif action is reconnect.Action.DISCONNECT:
            raise Unavailable(
                f"silent: no answer to a probe within {self._settings.probe_interval:g} s",
                subject=self._stream.peer,
                code="peer-silent",
            )

    async def _throttle(self) -> None:
        """A bucket of messages that fills with time; when it is empty the peer waits."""
        now = self._clock.now()
        rate = self._settings.events_per_second
        self._budget = min(self._settings.events_burst, self._budget + (now - self._budget_at) * rate)
        self._budget_at = now
        if self._budget < 0:
            wait = min(1.0, -self._budget / rate)
            self.counters.throttled_seconds += wait
            await self._clock.sleep(wait)

    async def _close(self) -> None:
        writer = self._stream.writer
        writer.close()
        # What was written last (an error message) gets a moment; a stalled peer gets no more than that.
        with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(0.5):
                await writer.wait_closed()
        writer.transport.abort()
