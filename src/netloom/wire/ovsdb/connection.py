"""One OVSDB connection without its I/O: bytes in, events and bytes out (RFC 7047 section 4).

The owner moves bytes: what the socket gave goes into `receive_data`, what `data_to_send` gives goes to the socket. Echo
requests are answered here. Either role works over a stream that either side opened: a switch that dials in is the server.

Rule 1: every input either yields events or raises `RemoteProtocolError` once; after that the connection takes nothing more.
Rule 2: whether something is allowed now is asked of the tables in `state`, never decided here.
"""

from __future__ import annotations

import enum

import msgspec

from netloom.wire.ovsdb import state
from netloom.wire.ovsdb.errors import LocalProtocolError, OvsdbError, RemoteProtocolError, reply_error
from netloom.wire.ovsdb.events import (
    Event,
    Locked,
    MonitorCanceled,
    Notification,
    PeerClosed,
    Reply,
    Request,
    Stolen,
    TableUpdates,
    Update,
    decode,
)
from netloom.wire.ovsdb.framing import Framer
from netloom.wire.ovsdb.limits import DEFAULT_LIMITS, Limits
from netloom.wire.ovsdb.requests import Call
from netloom.wire.ovsdb.state import Lock, LockSignal, Monitor, MonitorSignal, Phase, Signal

_NULL = msgspec.Raw(b"null")
_MONITORS = frozenset({"monitor", "monitor_cond", "monitor_cond_since"})
_UPDATES = {"update": 1, "update2": 2, "update3": 3}


class Role(enum.Enum):
    """Which side of RFC 7047 we are."""

    CLIENT = "client"
    SERVER = "server"


class _Envelope(msgspec.Struct):
    """Any JSON-RPC 1.0 message (RFC 7047 section 4)."""

    id: msgspec.Raw = _NULL
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"[]")
    result: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


_decoder = msgspec.json.Decoder(_Envelope)
_update = msgspec.json.Decoder(tuple[str, TableUpdates])
_update3 = msgspec.json.Decoder(tuple[str, str, TableUpdates])
_encoder = msgspec.json.Encoder()

_SMALL = 16_384
"""Bytes up to which a chunk is tried as one message before it is cut."""


class Connection:
    """The protocol state of one connection.

    Args:
        role: CLIENT asks and monitors; SERVER answers (`reply`, `refuse`, `notify`).
        limits: bounds of everything the peer can make grow.
    """

    def __init__(self, *, role: Role = Role.CLIENT, limits: Limits = DEFAULT_LIMITS) -> None:
        self._role = role
        self._limits = limits
        self._framer = Framer(limits)
        self._phase = Phase.OPEN
        self._out: list[bytes] = []
        self._backlog = 0
        self._next_id = 0
        self._pending: dict[int, Call] = {}
        self._cancelled: dict[int, Call] = {}  # their replies may come or not
        self._monitors: dict[str, Monitor] = {}
        self._locks: dict[str, Lock] = {}

    # -- what an owner may ask ---------------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """Open, or why not."""
        return self._phase

    @property
    def outstanding(self) -> int:
        """Requests of ours that have no reply yet."""
        return len(self._pending)

    @property
    def backlog(self) -> int:
        """Bytes that wait in `data_to_send`."""
        return self._backlog

    def monitor_state(self, monitor_id: str) -> Monitor:
        """State of one of our monitors."""
        return self._monitors.get(monitor_id, Monitor.ABSENT)

    def lock_state(self, name: str) -> Lock:
        """State of one of our locks."""
        return self._locks.get(name, Lock.ABSENT)

    # -- sending -----------------------------------------------------------------------------------------------------

    def request(self, call: Call) -> int:
        """Sends a request; its id comes back in `Reply.id`.

        Raises:
            LocalProtocolError: not in this state, or too many requests have no reply yet.
        """
        self._move(Signal.SEND)
        if len(self._pending) >= self._limits.outstanding:
            raise LocalProtocolError(
                f"{len(self._pending)} requests have no reply yet",
                hint=f"the limit is {self._limits.outstanding}",
            )
        number = self._next_id
        data = _encoder.encode({"id": number, "method": call.method, "params": call.params})
        self._note_call(call)
        self._next_id += 1
        self._pending[number] = call
        self._queue(data)
        return number

    def cancel(self, request_id: int) -> None:
        """Asks the server to give up a transaction that waits (RFC 7047 4.1.4).

        The request is not outstanding any more. Its `Reply` may still come: the RFC says `canceled`, a commit may have been
        faster, and ovsdb-server 3.1 sends nothing.
        """
        self._move(Signal.SEND)
        call = self._pending.get(request_id)
        if call is None or call.method != "transact":
            raise LocalProtocolError(f"request {request_id} is no transaction without a reply")
        self._send({"id": None, "method": "cancel", "params": [request_id]})
        del self._pending[request_id]
        self._cancelled[request_id] = call
        if len(self._cancelled) > self._limits.outstanding:
            del self._cancelled[next(iter(self._cancelled))]

    def reply(self, request_id: object, result: object) -> None:
        """Answers a request of the peer's."""
        self._move(Signal.SEND)
        self._send({"id": request_id, "result": result, "error": None})

    def refuse(self, request_id: object, error: object) -> None:
        """Answers a request of the peer's with an error (a string, or {"error": …, "details": …})."""
        self._move(Signal.SEND)
        self._send({"id": request_id, "result": None, "error": error})

    def notify(self, method: str, params: object) -> None:
        """Sends what has no reply: `update3` and its kin, in the server role."""
        self._move(Signal.SEND)
        self._send({"id": None, "method": method, "params": params})

    def data_to_send(self) -> bytes:
        """The bytes for the peer since the last call."""
        if not self._out:
            return b""
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self._backlog = 0
        return data

    def close(self) -> None:
        """No more sending and receiving."""
        self._move(Signal.CLOSE)

    # -- receiving ---------------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes) -> list[Event]:
        """Takes bytes of the peer; empty bytes mean the end of its stream.

        Raises:
            RemoteProtocolError: the peer broke the protocol; events of the messages before it are lost, as the session is.
            LocalProtocolError: the connection is closed already.
        """
        if not data:
            return self._end()
        self._move(Signal.RECEIVE)
        try:
            whole = self._whole_message(data)
            if whole is not None:
                event = self._receive(whole)
                return [] if event is None else [event]
            return self._receive_frames(data)
        except RemoteProtocolError:
            self._move(Signal.BREACH)
            self._out.clear()
            raise

    def _whole_message(self, data: bytes) -> _Envelope | None:
        """The message, if these bytes are just one: how most small ones come. The decoder is the cheapest judge of that."""
        if self._framer.pending or len(data) > min(_SMALL, self._limits.message_bytes):
            return None
        try:
            return _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # Part of a message, several, or nonsense: the framer tells which.
            return None

    def _receive_frames(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        for frame in self._framer.feed(data):
            try:
                envelope = _decoder.decode(frame)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise RemoteProtocolError(
                    f"not a JSON-RPC message: {error}", subject=repr(frame[:60])
                ) from error
            event = self._receive(envelope)
            if event is not None:
                events.append(event)
        return events

    def _end(self) -> list[Event]:
        self._move(Signal.END)
        if self._phase is not Phase.PEER_CLOSED:
            return []
        outstanding = len(self._pending)
        self._pending.clear()
        if self._framer.pending:
            self._phase = Phase.FAILED
            raise RemoteProtocolError("the stream ended inside a message")
        return [PeerClosed(outstanding)]

    def _receive(self, envelope: _Envelope) -> Event | None:
        if envelope.method is None:
            return self._receive_reply(envelope)
        if bytes(envelope.id) == b"null":
            return self._receive_notification(envelope.method, envelope.params)
        return self._receive_request(envelope.id, envelope.method, envelope.params)

    def _receive_reply(self, envelope: _Envelope) -> Reply:
        number = decode(envelope.id, int, "id of a reply")
        call = self._pending.pop(number, None) or self._cancelled.pop(number, None)
        if call is None:
            raise RemoteProtocolError(
                f"a reply to request {number}, which was not asked or has its reply already"
            )
        error = None
        if bytes(envelope.error) != b"null":
            error = reply_error(decode(envelope.error, object, "error"))
        reply = Reply(number, call.method, envelope.result, error)
        self._note_reply(call, reply)
        return reply

    def _receive_request(self, raw_id: msgspec.Raw, method: str, params: msgspec.Raw) -> Request | None:
        request_id = decode(raw_id, object, "id of a request")
        if method == "echo":
            # RFC 7047 4.1.11: the reply's result is the request's params.
            self._answer({"id": request_id, "result": params, "error": None})
            return None
        if self._role is Role.CLIENT:
            self._answer({"id": request_id, "result": None, "error": "unknown method"})
            return None
        return Request(request_id, method, self._params(method, params))

    def _receive_notification(self, method: str, params: msgspec.Raw) -> Event:
        if self._role is Role.CLIENT:
            version = _UPDATES.get(method)
            if version is not None:
                return self._receive_update(version, params)
            if method in ("locked", "stolen"):
                return self._receive_lock(method, params)
            if method == "monitor_canceled":
                (monitor_id,) = decode(params, tuple[str], method)
                self._advance_monitor(monitor_id, MonitorSignal.CANCELED)
                return MonitorCanceled(monitor_id)
        return Notification(method, self._params(method, params))

    def _receive_update(self, version: int, params: msgspec.Raw) -> Update:
        try:
            if version == 3:
                monitor_id, last, tables = _update3.decode(params)
                update = Update(monitor_id, version, tables, last)
            else:
                monitor_id, tables = _update.decode(params)
                update = Update(monitor_id, version, tables)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RemoteProtocolError(f"params of an update: {error}") from error
        self._advance_monitor(monitor_id, MonitorSignal.UPDATE)
        return update

    def _receive_lock(self, method: str, params: msgspec.Raw) -> Locked | Stolen:
        (name,) = decode(params, tuple[str], method)
        if method == "locked":
            self._advance_lock(name, LockSignal.LOCKED)
            return Locked(name)
        self._advance_lock(name, LockSignal.STOLEN)
        return Stolen(name)

    @staticmethod
    def _params(method: str, params: msgspec.Raw) -> list[object]:
        # `"params": null` is what ovsdb-server(7) shows for get_server_id.
        if bytes(params) == b"null":
            return []
        return decode(params, list[object], f"params of {method[:60]}")

    # -- states ------------------------------------------------------------------------------------------------------

    def _move(self, signal: Signal) -> None:
        following = state.step(state.CONNECTION, self._phase, signal)
        if following is None:
            raise LocalProtocolError(f"{signal.value} on a connection that is {self._phase.value}")
        self._phase = following

    def _note_call(self, call: Call) -> None:
        """Follows a request of ours, or refuses it."""
        if call.method in _MONITORS:
            self._ask_monitor(call.subject, MonitorSignal.REQUEST)
        elif call.method == "monitor_cond_change":
            self._ask_monitor(call.subject, MonitorSignal.CHANGE)
        elif call.method == "monitor_cancel":
            self._ask_monitor(call.subject, MonitorSignal.CANCEL)
        elif call.method in ("lock", "steal"):
            self._ask_lock(call.subject, LockSignal.REQUEST)
        elif call.method == "unlock":
            self._ask_lock(call.subject, LockSignal.RELEASE)

    def _note_reply(self, call: Call, reply: Reply) -> None:
        """Follows the reply to a request of ours."""
        failed = reply.error is not None
        if call.method in _MONITORS:
            if self.monitor_state(call.subject) is Monitor.REQUESTED:
                self._advance_monitor(call.subject, MonitorSignal.REFUSAL if failed else MonitorSignal.REPLY)
        elif call.method == "monitor_cancel":
            self._advance_monitor(call.subject, MonitorSignal.CANCEL_REPLY)
        elif call.method in ("lock", "steal"):
            self._advance_lock(call.subject, _lock_signal(reply.error, reply))
        elif call.method == "unlock":
            self._advance_lock(call.subject, LockSignal.RELEASED)

    def _ask_monitor(self, monitor_id: str, signal: MonitorSignal) -> None:
        now = self.monitor_state(monitor_id)
        following = state.step(state.MONITOR, now, signal)
        if following is None:
            raise LocalProtocolError(f"{signal.value}: monitor {monitor_id!r} is {now.value}")
        self._monitors[monitor_id] = following

    def _advance_monitor(self, monitor_id: str, signal: MonitorSignal) -> None:
        now = self.monitor_state(monitor_id)
        following = state.step(state.MONITOR, now, signal)
        if following is None:
            raise RemoteProtocolError(f"{signal.value}: monitor {monitor_id[:60]!r} is {now.value}")
        if following is Monitor.ABSENT:
            self._monitors.pop(monitor_id, None)
        else:
            self._monitors[monitor_id] = following

    def _ask_lock(self, name: str, signal: LockSignal) -> None:
        now = self.lock_state(name)
        following = state.step(state.LOCK, now, signal)
        if following is None:
            raise LocalProtocolError(f"{signal.value}: lock {name!r} is {now.value}")
        self._locks[name] = following

    def _advance_lock(self, name: str, signal: LockSignal) -> None:
        now = self.lock_state(name)
        following = state.step(state.LOCK, now, signal)
        if following is None:
            raise RemoteProtocolError(f"{signal.value}: lock {name[:60]!r} is {now.value}")
        if following is Lock.ABSENT:
            self._locks.pop(name, None)
        else:
            self._locks[name] = following

    def _send(self, message: dict[str, object]) -> None:
        data = _encoder.encode(message)
        if self._backlog + len(data) > self._limits.backlog_bytes:
            raise LocalProtocolError(
                f"{self._backlog} bytes wait for the peer already",
                hint=f"the limit is {self._limits.backlog_bytes}",
            )
        self._queue(data)

    def _answer(self, message: dict[str, object]) -> None:
        """Sends what the peer provoked; a peer that asks and never reads is at fault itself."""
        data = _encoder.encode(message)
        if self._backlog + len(data) > self._limits.backlog_bytes:
            raise RemoteProtocolError(
                f"the peer asks and does not read: {self._backlog} bytes wait",
                hint=f"the limit is {self._limits.backlog_bytes}",
            )
        self._queue(data)

    def _queue(self, data: bytes) -> None:
        self._backlog += len(data)
        self._out.append(data)


class _LockReply(msgspec.Struct):
    locked: bool


def _lock_signal(error: OvsdbError | None, reply: Reply) -> LockSignal:
    if error is not None:
        return LockSignal.REFUSAL
    return LockSignal.GRANTED if reply.value(_LockReply).locked else LockSignal.QUEUED
