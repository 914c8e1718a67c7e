"""Queues: what they are set to (from 1.4 on) and what went through them.

Rule 1: a rate is in tenths of a percent of the port's; above 1000 it is unset.
Rule 2: how queues are made is OVSDB's matter; OpenFlow only shows them.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import exactly, malformed, need, pack
from netloom.wire.openflow.messages.port import ANY_PORT
from netloom.wire.openflow.messages.table import Property, decode_properties, encode_properties
from netloom.wire.openflow.versions import OF13, OF14, OF15

ALL_QUEUES = 0xFFFFFFFF
_WHICH = Struct("!II")
_STATS13 = Struct("!IIQQQII")
_STATS14 = Struct("!H6xIIQQQII")
_DESC = Struct("!IIH6x")


class QueueStatsRequest(Message, frozen=True, gc=False):
    """Asks what went through one queue, or many."""

    port: int = ANY_PORT
    queue: int = ALL_QUEUES


class QueueStats(msgspec.Struct, frozen=True, gc=False):
    """What went through one queue since it was made, `duration_sec` and `duration_nsec` ago."""

    port: int
    queue: int
    tx_bytes: int
    tx_packets: int
    tx_errors: int
    duration_sec: int
    duration_nsec: int


class QueueStatsReply(Message, frozen=True, gc=False):
    """What went through queues."""

    entries: tuple[QueueStats, ...] = ()


class QueueDescRequest(Message, frozen=True, gc=False):
    """Asks how queues are set. From 1.4."""

    port: int = ANY_PORT
    queue: int = ALL_QUEUES


class QueueDesc(msgspec.Struct, frozen=True, gc=False):
    """How one queue is set; property 1 is its least rate, 2 its greatest."""

    port: int
    queue: int
    properties: tuple[Property, ...] = ()


class QueueDescReply(Message, frozen=True, gc=False):
    """How queues are set."""

    entries: tuple[QueueDesc, ...] = ()


def _encode_which(message: QueueStatsRequest | QueueDescRequest, version: int) -> bytes:
    del version
    return pack(_WHICH, message.port, message.queue)


def _decode_stats_request(data: bytes, at: int, end: int, version: int) -> QueueStatsRequest:
    del version
    exactly(at, end, 8, "queue statistics request")
    return QueueStatsRequest(*_WHICH.unpack_from(data, at))


def _decode_desc_request(data: bytes, at: int, end: int, version: int) -> QueueDescRequest:
    del version
    exactly(at, end, 8, "queue description request")
    return QueueDescRequest(*_WHICH.unpack_from(data, at))


def _encode_stats(entry: QueueStats, version: int) -> bytes:
    numbers = (
        entry.port,
        entry.queue,
        entry.tx_bytes,
        entry.tx_packets,
        entry.tx_errors,
        entry.duration_sec,
        entry.duration_nsec,
    )
    return pack(_STATS13, *numbers) if version == OF13 else pack(_STATS14, 48, *numbers)


def _decode_stats(data: bytes, at: int, end: int, version: int) -> QueueStatsReply:
    if version == OF13:
        if (end - at) % 40:
            raise malformed(f"queue statistics of {end - at} bytes are no multiple of 40")
        return QueueStatsReply(tuple(QueueStats(*_STATS13.unpack_from(data, i)) for i in range(at, end, 40)))
    entries = []
    while at < end:
        need(at, end, 48, "queue statistics")
        length, *numbers = _STATS14.unpack_from(data, at)
        if length < 48 or length % 8 or at + length > end:
            raise malformed(f"queue statistics of {length} bytes where {end - at} are left")
        decode_properties(data, at + 48, at + length, "queue statistics")
        entries.append(QueueStats(*numbers))
        at += length
    return QueueStatsReply(tuple(entries))


def _encode_desc(entry: QueueDesc, version: int) -> bytes:
    del version
    body = encode_properties(entry.properties)
    return pack(_DESC, entry.port, entry.queue, 16 + len(body)) + body


def _decode_desc(data: bytes, at: int, end: int, version: int) -> QueueDescReply:
    del version
    entries = []
    while at < end:
        need(at, end, 16, "queue description")
        port, queue, length = _DESC.unpack_from(data, at)
        if length < 16 or length % 8 or at + length > end:
            raise malformed(f"a queue description of {length} bytes where {end - at} are left")
        found = decode_properties(data, at + 16, at + length, "queue description")
        entries.append(QueueDesc(port, queue, found))
        at += length
    return QueueDescReply(tuple(entries))


_LATER = (OF14, OF15)
FORMS = (
    Form(QueueStatsRequest, Family.REQUEST, 5, Sender.CONTROLLER, _encode_which, _decode_stats_request),
    Form(QueueStatsReply, Family.REPLY, 5, Sender.SWITCH, _encode_stats, _decode_stats, entries=True),
    Form(
        QueueDescRequest, Family.REQUEST, 15, Sender.CONTROLLER, _encode_which, _decode_desc_request, _LATER
    ),
    Form(QueueDescReply, Family.REPLY, 15, Sender.SWITCH, _encode_desc, _decode_desc, _LATER, entries=True),
)
