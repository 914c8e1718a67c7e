"""Requests and answers over one OVSDB connection.

Rule 1: every request has a time limit; when the connection ends, all that wait hear why.
Rule 2: answers and updates come in the order in which the server sent them: an update that is handled before the answer
    to a transaction was sent before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import PeerError, Unavailable
from netloom.switches.patience import answered
from netloom.switches.pump import Pump, PumpCounters, PumpSettings
from netloom.switches.stream import Stream
from netloom.wire.ovsdb import requests
from netloom.wire.ovsdb.connection import Connection
from netloom.wire.ovsdb.events import Event, MonitorCanceled, Reply, Update
from netloom.wire.ovsdb.outcome import Outcome
from netloom.wire.ovsdb.requests import Call
from netloom.wire.ovsdb.transaction import Transaction

CALL_TIMEOUT = 15.0


class OvsdbClient:
    """One OVSDB connection while it lasts. `run` pumps; calls may be made while it runs."""

    def __init__(self, stream: Stream, settings: PumpSettings, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.stream = stream
        self.on_update: Callable[[Update], None] | None = None
        self._connection = Connection()
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._clock = clock
        self._error: Exception | None = None
        self.ended = asyncio.Event()
        self.pump: Pump[Event] = Pump(
            stream,
            self._connection,
            handle=self._handle,
            probe=self._probe,
            settings=settings,
            clock=clock,
        )

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

    async def call(self, call: Call) -> Reply:
        """Send a request and wait for its answer (which may be an error: `Reply.error`).

        Raises:
            Unavailable: the connection is over, or no answer came in time.
        """
        if self._error is not None:
            raise Unavailable(str(self._error), subject=self.stream.peer)
        number = self._connection.request(call)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self.pump.flush()
            return await answered(future, CALL_TIMEOUT, lambda: self.pump.heard_at, self._clock)
        except TimeoutError as error:
            raise Unavailable(
                f"no answer to {call.method} within {CALL_TIMEOUT:g} s", subject=self.stream.peer
            ) from error
        finally:
            self._waiting.pop(number, None)

    async def transact(self, transaction: Transaction) -> Outcome:
        """Do a transaction.

        Raises:
            OvsdbError: it was refused as a whole; nothing was done.
            Unavailable: no answer: it may have been done or not.
        """
        return transaction.outcome(await self.call(transaction.call()))

    def _handle(self, event: Event) -> None:
        match event:
            case Reply():
                future = self._waiting.pop(event.id, None)
                # Only our own probes have no future, and calls that ran out of time.
                if future is not None and not future.done():
                    future.set_result(event)
            case Update():
                if self.on_update is not None:
                    self.on_update(event)
            case MonitorCanceled():
                raise PeerError("the server ended our monitor", subject=self.stream.peer)
            case _:
                pass

    def _probe(self) -> None:
        self._connection.request(requests.echo())

    def _end(self, error: Exception) -> None:
        self._error = error
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Unavailable(str(error), subject=self.stream.peer))
                # The one who asked may be gone too (the session was ended): nobody has to look.
                future.exception()
        self._waiting.clear()
        self.ended.set()
