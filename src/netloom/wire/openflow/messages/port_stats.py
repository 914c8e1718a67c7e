"""Port statistics: what went through a port.

Rule 1: a counter that the switch does not keep is all ones (`UNKNOWN`), and is given as that.
Rule 2: from 1.4 on the Ethernet error counters are a property; a port without it has them unknown.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import (
    exactly,
    malformed,
    need,
    pack,
    properties,
    put_property,
)
from netloom.wire.openflow.messages.port import ANY_PORT
from netloom.wire.openflow.versions import OF13

UNKNOWN = 0xFFFFFFFFFFFFFFFF
_WHICH = Struct("!I4x")
_ENTRY13 = Struct("!I4xQQQQQQQQQQQQII")
_ENTRY14 = Struct("!H2xIIIQQQQQQQQ")
_ETHERNET = Struct("!4xQQQQ")


class PortStats(msgspec.Struct, frozen=True, gc=False):
    """What went through one port since it came, `duration_sec` and `duration_nsec` ago."""

    port: int
    rx_packets: int
    tx_packets: int
    rx_bytes: int
    tx_bytes: int
    rx_dropped: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int
    rx_frame_errors: int = UNKNOWN
    rx_over_errors: int = UNKNOWN
    rx_crc_errors: int = UNKNOWN
    collisions: int = UNKNOWN
    duration_sec: int = 0
    duration_nsec: int = 0


class PortStatsRequest(Message, frozen=True, gc=False):
    """Asks for one port's counters, or all ports'."""

    port: int = ANY_PORT


class PortStatsReply(Message, frozen=True, gc=False):
    """The ports' counters."""

    entries: tuple[PortStats, ...] = ()


def _encode_request(message: PortStatsRequest, version: int) -> bytes:
    del version
    return pack(_WHICH, message.port)


def _decode_request(data: bytes, at: int, end: int, version: int) -> PortStatsRequest:
    del version
    exactly(at, end, 8, "port statistics request")
    return PortStatsRequest(*_WHICH.unpack_from(data, at))


def _encode_entry(entry: PortStats, version: int) -> bytes:
    traffic = (
        entry.rx_packets,
        entry.tx_packets,
        entry.rx_bytes,
        entry.tx_bytes,
        entry.rx_dropped,
        entry.tx_dropped,
        entry.rx_errors,
        entry.tx_errors,
    )
    errors = (entry.rx_frame_errors, entry.rx_over_errors, entry.rx_crc_errors, entry.collisions)
    duration = (entry.duration_sec, entry.duration_nsec)
    if version == OF13:
        return pack(_ENTRY13, entry.port, *traffic, *errors, *duration)
    ethernet = put_property(0, pack(_ETHERNET, *errors))
    return pack(_ENTRY14, 80 + len(ethernet), entry.port, *duration, *traffic) + ethernet


def _decode_reply(data: bytes, at: int, end: int, version: int) -> PortStatsReply:
    entries = []
    if version == OF13:
        if (end - at) % 112:
            raise malformed(f"port statistics of {end - at} bytes are no multiple of 112")
        entries = [PortStats(*_ENTRY13.unpack_from(data, i)) for i in range(at, end, 112)]
        return PortStatsReply(tuple(entries))
    while at < end:
        need(at, end, 80, "port statistics")
        length, port, sec, nsec, *traffic = _ENTRY14.unpack_from(data, at)
        if length < 80 or length % 8 or at + length > end:
            raise malformed(f"port statistics of {length} bytes where {end - at} are left")
        errors: tuple[int, ...] = (UNKNOWN,) * 4
        for kind, start, stop in properties(data, at + 80, at + length, "port statistics"):
            if kind == 0:
                exactly(start, stop, 36, "port statistics' Ethernet property")
                errors = _ETHERNET.unpack_from(data, start)
        entries.append(PortStats(port, *(*traffic, *errors, sec, nsec)))
        at += length
    return PortStatsReply(tuple(entries))


FORMS = (
    Form(PortStatsRequest, Family.REQUEST, 4, Sender.CONTROLLER, _encode_request, _decode_request),
    Form(PortStatsReply, Family.REPLY, 4, Sender.SWITCH, _encode_entry, _decode_reply, entries=True),
)
