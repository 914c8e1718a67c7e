"""Requests and answers over one OpenFlow connection, bundles among them.

Rule 1: every request has a time limit; when the connection ends, all that wait hear why.
Rule 2: a refusal is told to whom it belongs: the request, or the change of a bundle, that has its transaction id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import PeerError, Unavailable
from netloom.switches.patience import answered
from netloom.switches.pump import Pump, PumpCounters, PumpSettings
from netloom.switches.stream import Stream
from netloom.wire.openflow.bundle import ComposedBundle
from netloom.wire.openflow.connection import Connection, Delivery, Event, Negotiated, Received, Role
from netloom.wire.openflow.limits import Limits
from netloom.wire.openflow.messages.bundle import BundleControl, BundleStep
from netloom.wire.openflow.messages.echo import EchoRequest
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.versions import OF13, OF14

VERSIONS = frozenset({OF13, OF14})
"""What we offer. Open vSwitch has had 1.4 on by default since 2.8; 1.5 would bring nothing but longer flow dumps."""

LIMITS = Limits(max_multipart_bytes=192 << 20, max_open_multiparts=8)
"""A dump of a million flows fits; a switch that sends more ends its session."""

REQUEST_TIMEOUT = 15.0
BUNDLE_TIMEOUT = 60.0
_STALE_ECHO = b"netloom"

M = TypeVar("M", bound=Message)
T = TypeVar("T")


class RequestRefused(PeerError):
    """The switch answered a request with an error."""

    code = "openflow-refused"

    def __init__(self, error: ErrorMessage, what: str) -> None:
        super().__init__(f"the switch refused {what}: {error}")
        self.error = error


@dataclass(slots=True)
class BundleResult:
    """What came of a bundle: refused changes by their place; `closed`: it was committed, or discarded, as asked."""

    closed: bool = False
    refused: dict[int, ErrorMessage] = field(default_factory=dict)
    error: ErrorMessage | None = None
    """Of the opening or the end itself."""


@dataclass(slots=True)
class _Bundle:
    composed: ComposedBundle
    done: asyncio.Future[None]
    result: BundleResult = field(default_factory=BundleResult)


class OpenFlowClient:
    """One OpenFlow connection while it lasts. `run` pumps; requests may be made once `negotiated`."""

    def __init__(self, stream: Stream, settings: PumpSettings, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.stream = stream
        self.on_message: Callable[[Message], None] | None = None
        self._connection = Connection(role=Role.CONTROLLER, versions=VERSIONS, limits=LIMITS)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._bundle: _Bundle | None = None
        self._bundle_lock = asyncio.Lock()
        self._next_bundle = 0
        self._clock = clock
        self._error: Exception | None = None
        self._negotiated = False
        self._hello: asyncio.Future[None] | None = None
        self.ended = asyncio.Event()
        self.pump: Pump[Event] = Pump(
            stream,
            self._connection,
            handle=self._handle,
            probe=self._probe,
            settings=settings,
            clock=clock,
        )

    @property
    def version(self) -> int:
        """The wire version that was agreed."""
        version = self._connection.version
        if version is None:
            raise Unavailable("no OpenFlow version is agreed yet", subject=self.stream.peer)
        return version

    async def run(self) -> None:
        """Pump until the connection is over; raises why."""
        try:
            await self.pump.run()
        except BaseException as error:
            self._end(error if isinstance(error, Exception) else Unavailable("the session was ended"))
            raise

    async def wait_ended(self) -> None:
        """For a connection that somebody else pumps: wait until it is over, raise why; hang up when cancelled."""
        try:
            await self.ended.wait()
        finally:
            self.pump.abort()
        raise self._error or Unavailable("the connection ended", subject=self.stream.peer)

    @property
    def pump_counters(self) -> PumpCounters:
        """Bytes and messages."""
        return self.pump.counters

    async def negotiated(self) -> int:
        """Wait for the peer's hello; the version.

        Raises:
            Unavailable: it did not come in time, or the connection is over.
        """
        if not self._negotiated:
            self._hello = asyncio.get_running_loop().create_future()
            try:
                await self._answered(self._hello, REQUEST_TIMEOUT)
            except TimeoutError as error:
                raise Unavailable(
                    f"no hello within {REQUEST_TIMEOUT:g} s", subject=self.stream.peer
                ) from error
        self._check()
        return self.version

    async def request(
        self,
        message: Message,
        answer: type[M],
        *,
        delivery: Delivery = Delivery.DECODED,
    ) -> M:
        """Send a request and wait for its answer, of the type given.

        Raises:
            RequestRefused: the switch answered with an error.
            PeerError: it answered with something else.
            Unavailable: the connection is over, or no answer came in time.
        """
        self._check()
        xid = self._connection.send(message, delivery=delivery)
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[xid] = future
        what = type(message).__name__
        try:
            self.pump.flush()
            found = await self._answered(future, REQUEST_TIMEOUT)
        except TimeoutError as error:
            raise Unavailable(
                f"no answer to {what} within {REQUEST_TIMEOUT:g} s", subject=self.stream.peer
            ) from error
        finally:
            self._waiting.pop(xid, None)
        if isinstance(found, ErrorMessage):
            raise RequestRefused(found, what)
        if not isinstance(found, answer):
            raise PeerError(f"{type(found).__name__} in answer to {what}", subject=self.stream.peer)
        return found

    def send(self, message: Message) -> None:
        """Send what has no answer."""
        self._check()
        self._connection.send(message)
        self.pump.flush()

    async def bundle(
        self, compose: Callable[[int, int, Callable[[int], int]], ComposedBundle]
    ) -> BundleResult:
        """Send a bundle and wait until it is committed or refused.

        Args:
            compose: makes it from the version, the bundle's number, and the way to reserve transaction ids.

        Raises:
            Unavailable: the connection is over, or no answer came in time: it may have been done or not.
        """
        async with self._bundle_lock:
            self._check()
            self._next_bundle = self._next_bundle % 0xFFFFFFFE + 1
            composed = compose(self.version, self._next_bundle, self._connection.new_xids)
            bundle = _Bundle(composed, asyncio.get_running_loop().create_future())
            self._bundle = bundle
            try:
                self._connection.send_raw(composed.data)
                self.pump.flush()
                await self.pump.drain()
                await self._answered(bundle.done, BUNDLE_TIMEOUT)
            except TimeoutError as error:
                raise Unavailable(
                    f"no answer to a bundle within {BUNDLE_TIMEOUT:g} s", subject=self.stream.peer
                ) from error
            finally:
                self._bundle = None
            return bundle.result

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _answered(self, future: asyncio.Future[T], limit: float) -> T:
        return await answered(future, limit, lambda: self.pump.heard_at, self._clock)

    def _check(self) -> None:
        if self._error is not None:
            raise Unavailable(str(self._error), subject=self.stream.peer)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Negotiated):
            self._greeted()
            return
        if not isinstance(event, Received):
            return
        if self._bundle is not None and self._of_bundle(self._bundle, event.xid, event.message):
            return
        future = self._waiting.pop(event.xid, None)
        if future is not None:
            if not future.done():
                future.set_result(event.message)
        elif self.on_message is not None:
            self.on_message(event.message)

    def _greeted(self) -> None:
        """The version is agreed, or never will be."""
        self._negotiated = True
        if self._hello is not None and not self._hello.done():
            self._hello.set_result(None)

    def _of_bundle(self, bundle: _Bundle, xid: int, message: Message) -> bool:
        composed, result = bundle.composed, bundle.result
        if isinstance(message, BundleControl) and message.bundle_id == composed.bundle_id:
            if message.step in (BundleStep.COMMIT_REPLY, BundleStep.DISCARD_REPLY):
                result.closed = True
                self._done(bundle)
            return True
        if not isinstance(message, ErrorMessage) or not composed.open_xid <= xid <= composed.commit_xid:
            return False
        place = composed.place_of(xid)
        if place is not None:
            result.refused[place] = message
        else:
            result.error = message
            if xid == composed.commit_xid:
                self._done(bundle)
        return True

    @staticmethod
    def _done(bundle: _Bundle) -> None:
        if not bundle.done.done():
            bundle.done.set_result(None)

    def _probe(self) -> None:
        if self._negotiated:
            self._connection.send(EchoRequest(_STALE_ECHO))

    def _end(self, error: Exception) -> None:
        self._error = error
        failure = Unavailable(str(error), subject=self.stream.peer)
        waiting: list[asyncio.Future[Message] | asyncio.Future[None]] = [*self._waiting.values()]
        if self._bundle is not None:
            waiting.append(self._bundle.done)
        for future in waiting:
            if not future.done():
                future.set_exception(failure)
                future.exception()  # the one who asked may be gone too: nobody has to look
        self._waiting.clear()
        self._greeted()
        self.ended.set()
