"""OpenFlow Extensible Statistics: the counters of a flow as 1.5 writes them (OpenFlow 1.5.1, section 7.2.4).

Rule 1: a counter that is not there is unknown: all ones, as fixed structures say it.
Rule 2: counters that we do not know are skipped by their length.
"""

from __future__ import annotations

from struct import Struct

import msgspec

from netloom.wire.openflow.errors import RemoteProtocolError

UNKNOWN = 0xFFFFFFFFFFFFFFFF
UNKNOWN_DURATION = 0xFFFFFFFF
_CLASS = 0x8002  # OFPXSC_OPENFLOW_BASIC
_DURATION, _IDLE, _FLOWS, _PACKETS, _BYTES = 0, 1, 3, 4, 5
_SIZES = {_DURATION: 8, _IDLE: 8, _FLOWS: 4, _PACKETS: 8, _BYTES: 8}
_HEAD = Struct("!HH")
_ENTRY = Struct("!HBB")
_BAD_LEN = 6


class Counters(msgspec.Struct, frozen=True, gc=False):
    """The counters of a flow, or of several."""

    packets: int = UNKNOWN
    bytes: int = UNKNOWN
    duration_sec: int = UNKNOWN_DURATION
    duration_nsec: int = UNKNOWN_DURATION
    idle_sec: int = UNKNOWN_DURATION
    flows: int | None = None


def encode_counters(counters: Counters) -> bytes:
    """`ofp_stats` with its padding."""
    out = b""
    if counters.duration_sec != UNKNOWN_DURATION:
        out += _entry(_DURATION, counters.duration_sec.to_bytes(4) + counters.duration_nsec.to_bytes(4))
    if counters.idle_sec != UNKNOWN_DURATION:
        out += _entry(_IDLE, counters.idle_sec.to_bytes(4) + bytes(4))
    if counters.packets != UNKNOWN:
        out += _entry(_PACKETS, counters.packets.to_bytes(8))
    if counters.bytes != UNKNOWN:
        out += _entry(_BYTES, counters.bytes.to_bytes(8))
    if counters.flows is not None:
        out += _entry(_FLOWS, counters.flows.to_bytes(4))
    return _HEAD.pack(0, 4 + len(out)) + out + bytes(-(4 + len(out)) % 8)


def decode_counters(data: bytes, at: int, end: int) -> tuple[Counters, int]:
    """The counters in the `ofp_stats` at `at`, and where what follows its padding begins.

    Raises:
        RemoteProtocolError: it does not fit, or a counter has a wrong size.
    """
    if end - at < 4:
        raise _malformed(f"flow counters need 4 bytes and have {end - at}")
    _, length = _HEAD.unpack_from(data, at)
    stop, following = at + length, at + length + (-length % 8)
    if length < 4 or following > end:
        raise _malformed(f"flow counters of {length} bytes where {end - at} are left")
    found: dict[int, int] = {}
    at += 4
    while at < stop:
        if stop - at < 4:
            raise _malformed(f"flow counters: {stop - at} bytes left over")
        kind, field, size = _ENTRY.unpack_from(data, at)
        at += 4
        if at + size > stop:
            raise _malformed(f"a flow counter of {size} bytes where {stop - at} are left")
        if kind == _CLASS and field >> 1 in _SIZES:
            if size != _SIZES[field >> 1]:
                raise _malformed(f"flow counter {field >> 1} of {size} bytes")
            found[field >> 1] = int.from_bytes(data[at : at + size])
        at += size
    duration = found.get(_DURATION, UNKNOWN)
    idle = found.get(_IDLE, UNKNOWN)
    counters = Counters(
        found.get(_PACKETS, UNKNOWN),
        found.get(_BYTES, UNKNOWN),
        duration >> 32,
        duration & UNKNOWN_DURATION,
        idle >> 32,
        found.get(_FLOWS),
    )
    return counters, following


def _entry(field: int, value: bytes) -> bytes:
    return _ENTRY.pack(_CLASS, field << 1, len(value)) + value


def _malformed(what: str) -> RemoteProtocolError:
    return RemoteProtocolError(what, error_code=_BAD_LEN)
