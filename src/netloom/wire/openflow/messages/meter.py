"""Meters: rate limits that flows name, and what they saw.

Rule 1: a band is the same value in configuration, description and change.
Rule 2: rates are in kb/s, or packets/s when the meter's flags say so; burst sizes likewise.
"""

from __future__ import annotations

import enum
from struct import Struct

import msgspec

from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly, malformed, need, pack

ALL_METERS = 0xFFFFFFFF
_MOD = Struct("!HHI")
_BAND = Struct("!HHIIB3x")
_WHICH = Struct("!I4x")
_STATS = Struct("!IH6xIQQII")
_BAND_STATS = Struct("!QQ")
_CONFIG = Struct("!HHI")
_FEATURES = Struct("!IIIBB2x")


class MeterCommand(enum.IntEnum):
    """`ofp_meter_mod_command`."""

    ADD = 0
    MODIFY = 1
    DELETE = 2


class MeterFlags(enum.IntFlag):
    """`ofp_meter_flags`."""

    KBPS = 1 << 0
    PKTPS = 1 << 1
    BURST = 1 << 2
    STATS = 1 << 3


class BandType(enum.IntEnum):
    """`ofp_meter_band_type`, without the experimenters'."""

    DROP = 1
    DSCP_REMARK = 2


class Band(msgspec.Struct, frozen=True, gc=False):
    """What happens above `rate`; `precedence_level` counts only when remarking."""

    type: BandType
    rate: int
    burst: int = 0
    precedence_level: int = 0


class MeterMod(Message, frozen=True, gc=False):
    """Adds, changes or deletes a meter."""

    command: MeterCommand
    meter_id: int
    flags: int = MeterFlags.KBPS
    bands: tuple[Band, ...] = ()


class MeterStatsRequest(Message, frozen=True, gc=False):
    """Asks what a meter saw, or all."""

    meter_id: int = ALL_METERS


class BandCounters(msgspec.Struct, frozen=True, gc=False):
    """What one band acted on."""

    packets: int
    bytes: int


class MeterStats(msgspec.Struct, frozen=True, gc=False):
    """What one meter saw since it was made, `duration_sec` and `duration_nsec` ago."""

    meter_id: int
    flows: int
    packets: int
    bytes: int
    duration_sec: int
    duration_nsec: int
    bands: tuple[BandCounters, ...] = ()


class MeterStatsReply(Message, frozen=True, gc=False):
    """What meters saw."""

    entries: tuple[MeterStats, ...] = ()


class MeterConfigRequest(Message, frozen=True, gc=False):
    """Asks how a meter is set, or all."""

    meter_id: int = ALL_METERS


class MeterConfig(msgspec.Struct, frozen=True, gc=False):
    """How one meter is set."""

    meter_id: int
    flags: int
    bands: tuple[Band, ...] = ()


class MeterConfigReply(Message, frozen=True, gc=False):
    """How meters are set."""

    entries: tuple[MeterConfig, ...] = ()


class MeterFeaturesRequest(Message, frozen=True, gc=False):
    """Asks what meters the switch can have."""


class MeterFeaturesReply(Message, frozen=True, gc=False):
    """What meters the switch can have: how many, band type bits, flag bits, bands of one, colours."""

    max_meters: int
    band_types: int
    capabilities: int
    max_bands: int
    max_color: int


def _encode_bands(bands: tuple[Band, ...]) -> bytes:
    out = []
    for band in bands:
        if band.precedence_level and band.type is not BandType.DSCP_REMARK:
            raise LocalProtocolError("a precedence level is for bands that remark")
        out.append(pack(_BAND, band.type, 16, band.rate, band.burst, band.precedence_level))
    return b"".join(out)


def _decode_bands(data: bytes, at: int, end: int) -> tuple[Band, ...]:
    if (end - at) % 16:
        raise malformed(f"meter bands of {end - at} bytes are no multiple of 16")
    bands = []
    for i in range(at, end, 16):
        kind, length, rate, burst, level = _BAND.unpack_from(data, i)
        if length != 16 or kind not in (BandType.DROP, BandType.DSCP_REMARK):
            raise malformed(f"a meter band of type {kind} and {length} bytes")
        bands.append(Band(BandType(kind), rate, burst, level if kind == BandType.DSCP_REMARK else 0))
    return tuple(bands)


def _encode_mod(message: MeterMod, version: int) -> bytes:
    del version
    return pack(_MOD, message.command, message.flags, message.meter_id) + _encode_bands(message.bands)


def _decode_mod(data: bytes, at: int, end: int, version: int) -> MeterMod:
    del version
    need(at, end, 8, "meter mod")
    command, flags, meter_id = _MOD.unpack_from(data, at)
    if command > MeterCommand.DELETE:
        raise malformed(f"{command} is no command of a meter mod")
    return MeterMod(MeterCommand(command), meter_id, flags, _decode_bands(data, at + 8, end))


def _encode_which(message: MeterStatsRequest | MeterConfigRequest, version: int) -> bytes:
    del version
    return pack(_WHICH, message.meter_id)


def _decode_stats_request(data: bytes, at: int, end: int, version: int) -> MeterStatsRequest:
    del version
    exactly(at, end, 8, "meter statistics request")
    return MeterStatsRequest(*_WHICH.unpack_from(data, at))


def _decode_config_request(data: bytes, at: int, end: int, version: int) -> MeterConfigRequest:
    del version
    exactly(at, end, 8, "meter configuration request")
    return MeterConfigRequest(*_WHICH.unpack_from(data, at))


def _encode_stats(entry: MeterStats, version: int) -> bytes:
    del version
    bands = b"".join(pack(_BAND_STATS, band.packets, band.bytes) for band in entry.bands)
    head = (entry.flows, entry.packets, entry.bytes, entry.duration_sec, entry.duration_nsec)
    return pack(_STATS, entry.meter_id, 40 + len(bands), *head) + bands


def _decode_stats(data: bytes, at: int, end: int, version: int) -> MeterStatsReply:
    del version
    entries = []
    while at < end:
        need(at, end, 40, "meter statistics")
        meter_id, length, *numbers = _STATS.unpack_from(data, at)
        if length < 40 or (length - 40) % 16 or at + length > end:
            raise malformed(f"meter statistics of {length} bytes where {end - at} are left")
        bands = tuple(
            BandCounters(*_BAND_STATS.unpack_from(data, i)) for i in range(at + 40, at + length, 16)
        )
        entries.append(MeterStats(meter_id, *(*numbers, bands)))
        at += length
    return MeterStatsReply(tuple(entries))


def _encode_config(entry: MeterConfig, version: int) -> bytes:
    del version
    bands = _encode_bands(entry.bands)
    return pack(_CONFIG, 8 + len(bands), entry.flags, entry.meter_id) + bands


def _decode_config(data: bytes, at: int, end: int, version: int) -> MeterConfigReply:
    del version
    entries = []
    while at < end:
        need(at, end, 8, "meter configuration")
        length, flags, meter_id = _CONFIG.unpack_from(data, at)
        if length < 8 or at + length > end:
            raise malformed(f"a meter configuration of {length} bytes where {end - at} are left")
        entries.append(MeterConfig(meter_id, flags, _decode_bands(data, at + 8, at + length)))
        at += length
    return MeterConfigReply(tuple(entries))


def _decode_features_request(data: bytes, at: int, end: int, version: int) -> MeterFeaturesRequest:
    del data, version
    exactly(at, end, 0, "meter features request")
    return MeterFeaturesRequest()


def _encode_features(message: MeterFeaturesReply, version: int) -> bytes:
    del version
    return pack(
        _FEATURES,
        message.max_meters,
        message.band_types,
        message.capabilities,
        message.max_bands,
        message.max_color,
    )


def _decode_features(data: bytes, at: int, end: int, version: int) -> MeterFeaturesReply:
    del version
    # 1.5 adds a word of features and its padding; Open vSwitch answers with the shorter form in every version.
    if end - at not in (16, 24):
        raise malformed(f"meter features of {end - at} bytes")
    return MeterFeaturesReply(*_FEATURES.unpack_from(data, at))


FORMS = (
    Form(MeterMod, Family.PLAIN, 29, Sender.CONTROLLER, _encode_mod, _decode_mod),
    Form(MeterStatsRequest, Family.REQUEST, 9, Sender.CONTROLLER, _encode_which, _decode_stats_request),
    Form(MeterStatsReply, Family.REPLY, 9, Sender.SWITCH, _encode_stats, _decode_stats, entries=True),
    Form(MeterConfigRequest, Family.REQUEST, 10, Sender.CONTROLLER, _encode_which, _decode_config_request),
    Form(MeterConfigReply, Family.REPLY, 10, Sender.SWITCH, _encode_config, _decode_config, entries=True),
    Form(
        MeterFeaturesRequest,
        Family.REQUEST,
        11,
        Sender.CONTROLLER,
        encode_nothing,
        _decode_features_request,
    ),
    Form(MeterFeaturesReply, Family.REPLY, 11, Sender.SWITCH, _encode_features, _decode_features),
)
