"""Groups: sets of action lists (buckets) that flows name, with how one is chosen, and what they counted.

1.5 gave buckets an id and moved weight and watching into properties; Netronome's experimenter property, which Open
vSwitch has, says how a select group chooses (OpenFlow 1.5.1, section 7.3.4.3; ovs-ofctl(8), "selection_method").

Rule 1: a `Bucket` is the same value whatever version carried it; before 1.5 its id is not carried.
Rule 2: what a version cannot say (inserting one bucket, a selection method) is refused, never left out.
"""

from __future__ import annotations

import enum
from struct import Struct

import msgspec

from netloom.wire.openflow.actions import Action, decode_actions, encode_actions
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.match import FieldMatch
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import (
    EXPERIMENTER_PROPERTY_TYPE,
    encode_nothing,
    exactly,
    get_name,
    malformed,
    need,
    pack,
    properties,
    put_name,
    put_property,
)
from netloom.wire.openflow.oxm import pack_entry, unpack_entries
from netloom.wire.openflow.versions import NTR_VENDOR, OF13, OF14, OF15

ANY = 0xFFFFFFFF
ALL_GROUPS = 0xFFFFFFFC
BUCKET_FIRST, BUCKET_LAST, BUCKET_ALL = 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF
_MOD = Struct("!HBxI")
_MOD15 = Struct("!HBxIH2xI")
_BUCKET = Struct("!HHII4x")
_BUCKET15 = Struct("!HHI")
_WEIGHT = Struct("!H2x")
_WATCH = Struct("!I")
_SELECTION = Struct("!II4x16sQ")
_SELECTION_METHOD = 1  # NTRT_SELECTION_METHOD
_PROP_WEIGHT, _PROP_WATCH_PORT, _PROP_WATCH_GROUP = 0, 1, 2
_WHICH = Struct("!I4x")
_STATS = Struct("!H2xII4xQQII")
_COUNTER = Struct("!QQ")
_DESC = Struct("!HBxI")
_DESC15 = Struct("!HBxIH6x")
_FEATURES = Struct("!IIIIIIIIII")


class GroupCommand(enum.IntEnum):
    """`ofp_group_mod_command`; the last is Open vSwitch's own."""

    ADD = 0
    MODIFY = 1
    DELETE = 2
    INSERT_BUCKET = 3
    REMOVE_BUCKET = 5
    ADD_OR_MODIFY = 0x8000


class GroupType(enum.IntEnum):
    """`ofp_group_type`."""

    ALL = 0
    SELECT = 1
    INDIRECT = 2
    FAST_FAILOVER = 3


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """One action list. `bucket_id` None: its place in the list, from 0."""

    actions: tuple[Action, ...] = ()
    weight: int = 0
    watch_port: int = ANY
    watch_group: int = ANY
    bucket_id: int | None = None


class Selection(msgspec.Struct, frozen=True, gc=False):
    """How a select group chooses: `hash` or `dp_hash`, its parameter, and the bits of the fields that count."""

    method: str
    parameter: int = 0
    fields: tuple[FieldMatch, ...] = ()


class GroupMod(Message, frozen=True, gc=False):
    """Adds, changes or deletes a group, or (from 1.5) buckets of it; `command_bucket_id` says where or which."""

    command: GroupCommand
    type: GroupType
    group_id: int
    buckets: tuple[Bucket, ...] = ()
    command_bucket_id: int = BUCKET_ALL
    selection: Selection | None = None


class GroupDescRequest(Message, frozen=True, gc=False):
    """Asks for the groups; from 1.5 on a single one may be named."""

    group_id: int = ALL_GROUPS


class GroupDesc(msgspec.Struct, frozen=True, gc=False):
    """One group."""

    type: GroupType
    group_id: int
    buckets: tuple[Bucket, ...] = ()
    selection: Selection | None = None


class GroupDescReply(Message, frozen=True, gc=False):
    """The groups."""

    entries: tuple[GroupDesc, ...] = ()


class GroupStatsRequest(Message, frozen=True, gc=False):
    """Asks what a group counted, or all."""

    group_id: int = ALL_GROUPS


class BucketCounters(msgspec.Struct, frozen=True, gc=False):
    """What went through one bucket."""

    packets: int
    bytes: int


class GroupStats(msgspec.Struct, frozen=True, gc=False):
    """What went through one group since it was made, `duration_sec` and `duration_nsec` ago."""

    group_id: int
    references: int
    packets: int
    bytes: int
    duration_sec: int
    duration_nsec: int
    buckets: tuple[BucketCounters, ...] = ()


class GroupStatsReply(Message, frozen=True, gc=False):
    """What went through groups."""

    entries: tuple[GroupStats, ...] = ()


class GroupFeaturesRequest(Message, frozen=True, gc=False):
    """Asks what groups the switch can have."""


class GroupFeaturesReply(Message, frozen=True, gc=False):
    """What groups the switch can have: bits of types and capabilities; by type how many, and which actions."""

    types: int
    capabilities: int
    max_groups: tuple[int, int, int, int]
    actions: tuple[int, int, int, int]


# ---- buckets ------------------------------------------------------------------------------------------------------


def _encode_buckets(buckets: tuple[Bucket, ...], version: int) -> bytes:
    if version >= OF15:
        return b"".join(_encode_bucket15(bucket, i, version) for i, bucket in enumerate(buckets))
    out = []
    for bucket in buckets:
        actions = encode_actions(bucket.actions, version)
        out.append(
            pack(_BUCKET, 16 + len(actions), bucket.weight, bucket.watch_port, bucket.watch_group) + actions
        )
    return b"".join(out)


def _encode_bucket15(bucket: Bucket, place: int, version: int) -> bytes:
    actions = encode_actions(bucket.actions, version)
    rest = actions
    if bucket.weight:
        rest += put_property(_PROP_WEIGHT, pack(_WEIGHT, bucket.weight))
    if bucket.watch_port != ANY:
        rest += put_property(_PROP_WATCH_PORT, pack(_WATCH, bucket.watch_port))
    if bucket.watch_group != ANY:
        rest += put_property(_PROP_WATCH_GROUP, pack(_WATCH, bucket.watch_group))
    number = place if bucket.bucket_id is None else bucket.bucket_id
    return pack(_BUCKET15, 8 + len(rest), len(actions), number) + rest


def _decode_buckets(data: bytes, at: int, end: int, version: int) -> tuple[Bucket, ...]:
    buckets = []
    size = 8 if version >= OF15 else 16
    while at < end:
        need(at, end, size, "bucket")
        length = int.from_bytes(data[at : at + 2])
        stop = at + length
        if length < size or length % 8 or stop > end:
            raise malformed(f"a bucket of {length} bytes where {end - at} are left")
        if version >= OF15:
            buckets.append(_decode_bucket15(data, at, stop, version))
        else:
            _, weight, watch_port, watch_group = _BUCKET.unpack_from(data, at)
            actions = decode_actions(data, at + 16, stop, version)
            buckets.append(Bucket(actions, weight, watch_port, watch_group))
        at = stop
    return tuple(buckets)


def _decode_bucket15(data: bytes, at: int, end: int, version: int) -> Bucket:
    _, length, number = _BUCKET15.unpack_from(data, at)
    after = at + 8 + length
    if after > end:
        raise malformed(f"bucket actions of {length} bytes where {end - at - 8} are left")
    actions = decode_actions(data, at + 8, after, version)
    weight, watch_port, watch_group = 0, ANY, ANY
    for kind, start, stop in properties(data, after, end, "bucket"):
        if kind > _PROP_WATCH_GROUP:
            continue
        exactly(start, stop, 4, "bucket property")
        if kind == _PROP_WEIGHT:
            (weight,) = _WEIGHT.unpack_from(data, start)
        elif kind == _PROP_WATCH_PORT:
            (watch_port,) = _WATCH.unpack_from(data, start)
        else:
            (watch_group,) = _WATCH.unpack_from(data, start)
    return Bucket(actions, weight, watch_port, watch_group, number)


def _encode_selection(selection: Selection | None, version: int) -> bytes:
    if selection is None:
        return b""
    head = pack(
        _SELECTION, NTR_VENDOR, _SELECTION_METHOD, put_name(selection.method, 16), selection.parameter
    )
    fields = b"".join(pack_entry(e.field, e.value, e.mask, version) for e in selection.fields)
    return put_property(EXPERIMENTER_PROPERTY_TYPE, head + fields)


def _decode_selection(data: bytes, at: int, end: int) -> Selection | None:
    selection = None
    for kind, start, stop in properties(data, at, end, "group"):
        if kind != EXPERIMENTER_PROPERTY_TYPE or stop - start < 8:
            continue
        if int.from_bytes(data[start : start + 4]) != NTR_VENDOR:
            continue
        need(start, stop, 36, "group's selection method")
        _, method, name, parameter = _SELECTION.unpack_from(data, start)
        if method != _SELECTION_METHOD:
            continue
        fields = tuple(FieldMatch(*entry) for entry in unpack_entries(data[start + 36 : stop]))
        selection = Selection(get_name(name), parameter, fields)
    return selection


def _type(number: int) -> GroupType:
    try:
        return GroupType(number)
    except ValueError:
        raise malformed(f"{number} is no type of group") from None


# ---- messages -----------------------------------------------------------------------------------------------------


def _encode_mod(message: GroupMod, version: int) -> bytes:
    buckets = _encode_buckets(message.buckets, version)
    if version >= OF15:
        head = pack(
            _MOD15,
            message.command,
            message.type,
            message.group_id,
            len(buckets),
            message.command_bucket_id,
        )
        return head + buckets + _encode_selection(message.selection, version)
    if message.selection is not None or message.command in (
        GroupCommand.INSERT_BUCKET,
        GroupCommand.REMOVE_BUCKET,
    ):
        raise LocalProtocolError(
            "only OpenFlow 1.5 can change single buckets or name a selection method", hint="negotiate 1.5"
        )
    return pack(_MOD, message.command, message.type, message.group_id) + buckets


def _command(number: int) -> GroupCommand:
    try:
        return GroupCommand(number)
    except ValueError:
        raise malformed(f"{number} is no command of a group mod") from None


def _decode_mod(data: bytes, at: int, end: int, version: int) -> GroupMod:
    if version < OF15:
        need(at, end, 8, "group mod")
        command, kind, group_id = _MOD.unpack_from(data, at)
        buckets = _decode_buckets(data, at + 8, end, version)
        return GroupMod(_command(command), _type(kind), group_id, buckets)
    need(at, end, 16, "group mod")
    command, kind, group_id, length, bucket_id = _MOD15.unpack_from(data, at)
    after = at + 16 + length
    if after > end:
        raise malformed(f"group buckets of {length} bytes where {end - at - 16} are left")
    buckets = _decode_buckets(data, at + 16, after, version)
    selection = _decode_selection(data, after, end)
    return GroupMod(_command(command), _type(kind), group_id, buckets, bucket_id, selection)


def _decode_desc_request(data: bytes, at: int, end: int, version: int) -> GroupDescRequest:
    if version < OF15:
        exactly(at, end, 0, "group description request")
        return GroupDescRequest()
    exactly(at, end, 8, "group description request")
    return GroupDescRequest(*_WHICH.unpack_from(data, at))


def _encode_which(message: GroupDescRequest | GroupStatsRequest, version: int) -> bytes:
    del version
    return pack(_WHICH, message.group_id)


def _encode_desc(entry: GroupDesc, version: int) -> bytes:
    buckets = _encode_buckets(entry.buckets, version)
    if version < OF15:
        return pack(_DESC, 8 + len(buckets), entry.type, entry.group_id) + buckets
    rest = buckets + _encode_selection(entry.selection, version)
    return pack(_DESC15, 16 + len(rest), entry.type, entry.group_id, len(buckets)) + rest


def _decode_desc(data: bytes, at: int, end: int, version: int) -> GroupDescReply:
    entries = []
    size = 16 if version >= OF15 else 8
    while at < end:
        need(at, end, size, "group description")
        length, kind, group_id = _DESC.unpack_from(data, at)
        stop = at + length
        if length < size or length % 8 or stop > end:
            raise malformed(f"a group of {length} bytes where {end - at} are left")
        after, selection = stop, None
        if version >= OF15:
            after = at + 16 + int.from_bytes(data[at + 8 : at + 10])
            if after > stop:
                raise malformed(f"group buckets that end {after - stop} bytes after the group")
            selection = _decode_selection(data, after, stop)
        buckets = _decode_buckets(data, at + size, after, version)
        entries.append(GroupDesc(_type(kind), group_id, buckets, selection))
        at = stop
    return GroupDescReply(tuple(entries))


def _decode_stats_request(data: bytes, at: int, end: int, version: int) -> GroupStatsRequest:
    del version
    exactly(at, end, 8, "group statistics request")
    return GroupStatsRequest(*_WHICH.unpack_from(data, at))


def _encode_stats(entry: GroupStats, version: int) -> bytes:
    del version
    buckets = b"".join(pack(_COUNTER, bucket.packets, bucket.bytes) for bucket in entry.buckets)
    head = (entry.group_id, entry.references, entry.packets, entry.bytes)
    return pack(_STATS, 40 + len(buckets), *head, entry.duration_sec, entry.duration_nsec) + buckets


def _decode_stats(data: bytes, at: int, end: int, version: int) -> GroupStatsReply:
    del version
    entries = []
    while at < end:
        need(at, end, 40, "group statistics")
        length, *numbers = _STATS.unpack_from(data, at)
        if length < 40 or (length - 40) % 16 or at + length > end:
            raise malformed(f"group statistics of {length} bytes where {end - at} are left")
        buckets = tuple(
            BucketCounters(*_COUNTER.unpack_from(data, i)) for i in range(at + 40, at + length, 16)
        )
        entries.append(GroupStats(*(*numbers, buckets)))
        at += length
    return GroupStatsReply(tuple(entries))


def _decode_features_request(data: bytes, at: int, end: int, version: int) -> GroupFeaturesRequest:
    del data, version
    exactly(at, end, 0, "group features request")
    return GroupFeaturesRequest()


def _encode_features(message: GroupFeaturesReply, version: int) -> bytes:
    del version
    return pack(_FEATURES, message.types, message.capabilities, *message.max_groups, *message.actions)


def _decode_features(data: bytes, at: int, end: int, version: int) -> GroupFeaturesReply:
    del version
    exactly(at, end, 40, "group features")
    types, capabilities, a, b, c, d, e, f, g, h = _FEATURES.unpack_from(data, at)
    return GroupFeaturesReply(types, capabilities, (a, b, c, d), (e, f, g, h))


_C, _S = Sender.CONTROLLER, Sender.SWITCH
FORMS = (
    Form(GroupMod, Family.PLAIN, 15, _C, _encode_mod, _decode_mod),
    Form(GroupDescRequest, Family.REQUEST, 7, _C, encode_nothing, _decode_desc_request, (OF13, OF14)),
    Form(GroupDescRequest, Family.REQUEST, 7, _C, _encode_which, _decode_desc_request, (OF15,)),
    Form(GroupDescReply, Family.REPLY, 7, _S, _encode_desc, _decode_desc, entries=True),
    Form(GroupStatsRequest, Family.REQUEST, 6, _C, _encode_which, _decode_stats_request),
    Form(GroupStatsReply, Family.REPLY, 6, _S, _encode_stats, _decode_stats, entries=True),
    Form(GroupFeaturesRequest, Family.REQUEST, 8, _C, encode_nothing, _decode_features_request),
    Form(GroupFeaturesReply, Family.REPLY, 8, _S, _encode_features, _decode_features),
)
