"""Conversations with a connection, written as they happen.

    Playbook(Role.CONTROLLER).receives(hello()).says(Negotiated(6)).sends(BarrierRequest()).writes(...)

Rule 1: each step checks all that the step before caused, so nothing that the connection does goes unseen.
Rule 2: the peer's side is made of messages, or of bytes when it misbehaves.
"""

from __future__ import annotations

from typing import Self

from netloom.wire.openflow import codec
from netloom.wire.openflow.connection import Connection, Delivery, Event, ProtocolViolation, Role
from netloom.wire.openflow.limits import DEFAULT_LIMITS, Limits
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.hello import Hello
from netloom.wire.openflow.versions import VERSIONS


def wire(message: Message, version: int, xid: int = 0) -> bytes:
    return codec.encode(message, version=version, xid=xid)


def hello(*versions: int) -> bytes:
    spoken = frozenset(versions or VERSIONS)
    return wire(Hello(max(spoken), spoken), 6)


class Playbook:
    """One conversation; the connection's own hello is taken at the start."""

    def __init__(
        self, role: Role, versions: frozenset[int] = frozenset(VERSIONS), limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.connection = Connection(role=role, versions=versions, limits=limits)
        self.connection.data_to_send()
        self.events: list[Event] = []
        self.violation: ProtocolViolation | None = None

    def receives(self, *parts: bytes) -> Self:
        self.silent()
        for data in parts:
            try:
                self.events += self.connection.receive_data(data)
            except ProtocolViolation as violation:
                self.violation = violation
                self.events += violation.events
                break
        return self

    def says(self, *events: Event) -> Self:
        assert self.events == list(events)
        self.events = []
        return self

    def breaks(self, words: str) -> Self:
        assert self.violation is not None, "the connection took it"
        assert words in self.violation.message
        self.violation = None
        return self

    def sends(self, message: Message, xid: int | None = None, delivery: Delivery = Delivery.DECODED) -> Self:
        self.silent()
        self.connection.send(message, xid=xid, delivery=delivery)
        return self

    def writes(self, *messages: tuple[int, Message]) -> Self:
        data, at, found = self.connection.data_to_send(), 0, []
        while at < len(data):
            found.append(codec.decode(data, at))
            at += int.from_bytes(data[at + 2 : at + 4])
        assert found == list(messages)
        return self

    def silent(self) -> Self:
        assert self.events == []
        assert self.violation is None, self.violation
        return self
