"""One OpenFlow connection without I/O: bytes in, events out; messages in, bytes out.

It agrees the version, checks who may send what, answers echo requests, cuts and joins multipart messages.
What to send when is the user's.

Rule 1: the same bytes give the same events however they were cut into chunks.
Rule 2: whatever the peer sends, `receive_data` returns or raises `ProtocolViolation`, once; the
connection is then over, and nobody else's.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec

from netloom.wire.openflow import codec
from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.limits import DEFAULT_LIMITS, Limits
from netloom.wire.openflow.messages.echo import EchoReply, EchoRequest
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.form import Message, Sender
from netloom.wire.openflow.messages.hello import Hello, agree
from netloom.wire.openflow.multipart import Assembly, Part
from netloom.wire.openflow.state import Input, State, after
from netloom.wire.openflow.versions import VERSION_NAMES, VERSIONS

# A peer may still use its own version for these (Open vSwitch's vconn does): they have the same form in all.
_ANY_VERSION = frozenset({codec.TYPE_HELLO, codec.TYPE_ERROR, codec.TYPE_ECHO_REQUEST, codec.TYPE_ECHO_REPLY})
_LAST_XID = 0xFFFFFFFF


class Role(enum.Enum):
    """Which side of the connection we are."""

    CONTROLLER = Sender.CONTROLLER
    SWITCH = Sender.SWITCH


class Delivery(enum.Enum):
    """How the reply to a multipart request is wanted."""

    DECODED = "as a message"
    RAW = "as bytes: RawMultipart"


class Negotiated(msgspec.Struct, frozen=True, gc=False):
    """Both hellos are exchanged; this version is spoken from now on."""

    version: int


class Received(msgspec.Struct, frozen=True, gc=False):
    """A message came; a multipart one when its last part came. `xid` is that of the request that it answers."""

    xid: int
    message: Message


class PeerClosed(msgspec.Struct, frozen=True, gc=False):
    """The peer ended the stream, between two messages."""


Event = Negotiated | Received | PeerClosed


class Frame(NamedTuple):
    """One whole message: its header's fields, and where its body is."""

    version: int
    kind: int
    xid: int
    data: bytes
    at: int
    end: int


class ProtocolViolation(RemoteProtocolError):
    """The peer broke the protocol; `events` is what came before in the same chunk of bytes."""

    def __init__(self, cause: RemoteProtocolError, events: list[Event]) -> None:
        super().__init__(cause.message, error_type=cause.error_type, error_code=cause.error_code)
        self.events = events


class Connection:
    """One side of an OpenFlow connection.

    Our hello waits in `data_to_send` from the beginning.

    Args:
        role: the side that we are; the other side's messages are refused from the peer, and from us.
        versions: the wire versions that we speak.
        limits: the bounds on what the peer can make us hold.

    Raises:
        LocalProtocolError: `versions` is empty, or has one that we cannot speak.
    """

    def __init__(
        self,
        *,
        role: Role,
        versions: frozenset[int] = frozenset(VERSIONS),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        if not versions or not versions.issubset(VERSIONS):
            raise LocalProtocolError(f"cannot speak versions {sorted(versions)}", hint=f"some of {VERSIONS}")
        self.version: int | None = None
        self.state = State.WAITING
        self._versions = versions
        self._limits = limits
        self._us = role.value
        self._peer = Sender.EITHER ^ role.value
        self._decoders: dict[int, codec.Decoder] = {}
        self._wrong_side: frozenset[int] = frozenset()
        self._assembly = Assembly(limits)
        self._raw_requests: set[int] = set()
        self._partial = bytearray()
        self._missing = 8  # bytes that `_partial` must have before it can give a message
        self._out: list[bytes] = []
        self._unsent = 0
        self._last_xid = 0
        hello = Hello(max(versions), versions)
        self._queue(codec.encode(hello, version=max(versions), xid=self._next_xid()))

    @property
    def unsent(self) -> int:
        """Bytes that wait in `data_to_send`."""
        return self._unsent

    def send(self, message: Message, *, xid: int | None = None, delivery: Delivery = Delivery.DECODED) -> int:
        """Queue a message.

        Args:
            message: what to send.
            xid: the transaction id: that of the request when this is its reply; a new one when not given.
            delivery: for a multipart request, how its reply is wanted.

        Returns:
            The transaction id.

        Raises:
            LocalProtocolError: not open, not ours to send, not in this version, or too much is unsent.
        """
        version = self._ready_to_send()
        sender = codec.sender_of(message, version)
        if sender is not None and not sender & self._us:
            raise LocalProtocolError(f"{type(message).__name__} is the other side's to send")
        if xid is None:
            xid = self._next_xid()
        data = codec.encode(message, version=version, xid=xid)
        if delivery is Delivery.RAW:
            if len(self._raw_requests) >= self._limits.max_raw_requests:
                raise LocalProtocolError(f"{self._limits.max_raw_requests} raw requests are unanswered")
            self._raw_requests.add(xid)
        self._queue(data)
        return xid

    def send_raw(self, data: bytes) -> None:
        """Queue whole messages that were encoded before, in the version that was agreed.

        Raises:
            LocalProtocolError: not open, or too much is unsent.
        """
        self._ready_to_send()
        self._queue(data)

    def new_xids(self, count: int) -> int:
        """Reserve `count` consecutive transaction ids for messages that are encoded beforehand; gives the first."""
        if self._last_xid + count > _LAST_XID:
            self._last_xid = 0
        first = self._last_xid + 1
        self._last_xid += count
        return first

    def data_to_send(self) -> bytes:
        """All bytes that wait to be sent; they are the caller's now."""
        out, self._out, self._unsent = self._out, [], 0
        return out[0] if len(out) == 1 else b"".join(out)

    def close(self) -> None:
        """Forget what was received and wait for nothing more. What is queued may still be sent."""
        self.state = after(self.state, Input.CLOSE) or self.state
        self._partial.clear()

    def receive_data(self, data: bytes) -> list[Event]:
        """Take bytes from the peer; none (`b""`) means the end of its stream, as a socket says it.

        Raises:
            ProtocolViolation: the peer broke the protocol. The answer that the specification asks for, if any,
                is in `data_to_send`. Its `events` came before.
            LocalProtocolError: the connection was over already.
        """
        if self.state in (State.CLOSED, State.BROKEN):
            raise LocalProtocolError(f"the connection is {self.state.value}")
        events: list[Event] = []
        try:
            if not data:
                self._end(events)
            elif self._partial:
                self._partial += data
                if len(self._partial) >= self._missing:
                    whole = bytes(self._partial)
                    self._partial.clear()
                    self._read(whole, events)
            else:
                self._read(bytes(data), events)
        except RemoteProtocolError as error:
            self._input(Input.VIOLATION)
            self._partial.clear()
            raise ProtocolViolation(error, events) from error
        return events

    def _end(self, events: list[Event]) -> None:
        if self._partial:
            raise RemoteProtocolError(f"the stream ended {len(self._partial)} bytes into a message")
        self._input(Input.END)
        events.append(PeerClosed())

    def _read(self, data: bytes, events: list[Event]) -> None:
        """Take all whole messages from `data`; keep what is left."""
        at, size = 0, len(data)
        unpack, decoders = codec.HEADER.unpack_from, self._decoders
        append, version = events.append, self.version
        while size - at >= 8:
            spoken, kind, length, xid = unpack(data, at)
            if length < 8:
                raise RemoteProtocolError(f"a header that gives a length of {length}", error_code=6)
            end = at + length
            if end > size:
                self._missing = length
                self._partial += data[at:]
                return
            decoder = decoders.get(kind) if spoken == version else None
            if decoder is not None:
                append(Received(xid, decoder(data, at + 8, end, spoken)))
            else:
                self._read_other(Frame(spoken, kind, xid, data, at + 8, end), events)
                version, decoders = self.version, self._decoders
            at = end
        if at < size:
            self._missing = 8
            self._partial += data[at:]

    def _read_other(self, frame: Frame, events: list[Event]) -> None:
        """All that is not a plain message in the version agreed."""
        spoken, kind, xid, data, at, end = frame
        if kind == codec.TYPE_HELLO:
            self._read_hello(frame, events)
            return
        self._input(Input.REFUSAL if kind == codec.TYPE_ERROR else Input.MESSAGE)
        version = self.version or max(self._versions)
        if spoken != version and kind not in _ANY_VERSION:
            name = VERSION_NAMES.get(spoken, f"version {spoken}")
            raise RemoteProtocolError(f"a message of {name} where {VERSION_NAMES[version]} was agreed")
        if kind in self._wrong_side:
            raise RemoteProtocolError(f"message type {kind} is not the peer's to send", error_code=1)
        if kind in (codec.TYPE_REQUEST, codec.TYPE_REPLY):
            self._read_part(frame, events)
            return
        if kind == codec.TYPE_EXPERIMENTER and not self._peer & codec.experimenter_sender(
            version, data, at, end
        ):
            raise RemoteProtocolError("an experimenter message that is not the peer's to send", error_code=1)
        message = codec.decode_body(version, kind, data, at, end)
        if isinstance(message, EchoRequest):
            self._answer(codec.encode(EchoReply(message.data), version=version, xid=xid))
            return
        if isinstance(message, ErrorMessage):
            self._raw_requests.discard(xid)
            self._assembly.forget(xid)
        events.append(Received(xid, message))

    def _read_hello(self, frame: Frame, events: list[Event]) -> None:
        hello = codec.decode_body(frame.version, frame.kind, frame.data, frame.at, frame.end)
        if self.state is not State.WAITING or not isinstance(hello, Hello):
            self._input(Input.HELLO)
            return
        version = agree(self._versions, hello)
        if version is None:
            ours = ", ".join(VERSION_NAMES[v] for v in sorted(self._versions))
            theirs = VERSION_NAMES.get(frame.version, f"version {frame.version}")
            refusal = ErrorMessage(0, 0, f"only {ours} spoken here".encode("ascii"))
            self._answer(codec.encode(refusal, version=max(self._versions), xid=frame.xid))
            raise RemoteProtocolError(
                f"no version in common: the peer's highest is {theirs}, ours are {ours}", error_type=0
            )
        self._input(Input.HELLO)
        self.version = version
        decoders = codec.plain_decoders(version, self._peer)
        # Those of any version need more than decoding: a change of state, or an answer.
        self._decoders = {kind: decoder for kind, decoder in decoders.items() if kind not in _ANY_VERSION}
        self._wrong_side = frozenset(
            kind for kind, sender in codec.senders(version).items() if not sender & self._peer
        )
        events.append(Negotiated(version))

    def _read_part(self, frame: Frame, events: list[Event]) -> None:
        kind, more, at = codec.read_multipart_header(frame.kind, frame.data, frame.at, frame.end)
        raw = kind.reply and frame.xid in self._raw_requests
        part = Part(frame.version, frame.xid, kind, frame.data, at, frame.end, more, raw)
        message = self._assembly.add(part)
        if message is not None:
            self._raw_requests.discard(frame.xid)
            events.append(Received(frame.xid, message))

    def _input(self, event: Input) -> None:
        following = after(self.state, event)
        if following is None:
            raise RemoteProtocolError(f"{event.value} while {self.state.value}", error_code=1)
        self.state = following

    def _ready_to_send(self) -> int:
        if after(self.state, Input.SEND) is None or self.version is None:
            raise LocalProtocolError(f"nothing can be sent: the connection is {self.state.value}")
        return self.version

    def _queue(self, data: bytes) -> None:
        if self._unsent + len(data) > self._limits.max_unsent_bytes:
            raise LocalProtocolError(
                f"{self._unsent} bytes are unsent", hint="send them before more is queued"
            )
        self._out.append(data)
        self._unsent += len(data)

    def _answer(self, data: bytes) -> None:
        """Queue what the peer asked for; one that asks and never reads passes the bound."""
        if self._unsent + len(data) > self._limits.max_unsent_bytes:
            raise RemoteProtocolError(f"the peer asks without reading: {self._unsent} bytes are unsent")
        self._queue(data)

    def _next_xid(self) -> int:
        return self.new_xids(1)
