"""Instructions stand among a flow's actions, as in Open vSwitch; here they are, and the splitting into wire instructions.

Rule 1: the legal order is meter, actions, clear_actions, write_actions, write_metadata, goto_table; each at most once.
Rule 2: reading puts them back into that order, so that one meaning has one tuple.
"""

from __future__ import annotations

import struct
from typing import Final

from netloom.wire.openflow.actions.output import Meter
from netloom.wire.openflow.actions.registry import Action, decode_actions, encode_action, encode_actions
from netloom.wire.openflow.actions.templates import Templates
from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.memo import Memo


class GotoTable(Action, frozen=True, gc=False):
    """Go on in a later table."""

    table: int


class WriteMetadata(Action, frozen=True, gc=False):
    """Write the bits of `mask` of the metadata field."""

    metadata: int
    mask: int = 0xFFFFFFFFFFFFFFFF


class WriteActions(Action, frozen=True, gc=False):
    """Merge actions into the packet's action set."""

    actions: tuple[Action, ...]


class ClearActions(Action, frozen=True, gc=False):
    """Empty the packet's action set."""


_GOTO, _METADATA, _WRITE, _APPLY, _CLEAR, _METER = 1, 2, 3, 4, 5, 6
_GOTO_TABLE = struct.Struct(">HHB3x")
_WRITE_METADATA = struct.Struct(">HH4xQQ")
_WORD = struct.Struct(">HHI")
_ACTIONS = struct.Struct(">HH4x")
_RANK: Final[dict[type[Action], int]] = {ClearActions: 2, WriteActions: 3, WriteMetadata: 4, GotoTable: 5}

_encoded: Final[dict[int, Memo[tuple[Action, ...], bytes]]] = {version: Memo(16384) for version in (4, 5, 6)}
_decoded: Final[dict[int, Memo[bytes, tuple[Action, ...]]]] = {version: Memo(16384) for version in (4, 5, 6)}
_templates: Final = {version: Templates() for version in (4, 5, 6)}


def encode_instructions(actions: tuple[Action, ...], version: int) -> bytes:
    """A flow's instructions. No actions at all means no instructions: drop.

    Raises:
        LocalProtocolError: the order is not legal, one is there twice, or a value does not fit.
    """
    memo = _encoded[version]
    known = memo.get(actions)
    if known is None:
        known = _encode(actions, version)
        memo.put(actions, known)
    return known


def _encode(actions: tuple[Action, ...], version: int) -> bytes:
    meter = b""
    plain: list[bytes] = []
    tail: list[bytes] = []
    last = 0
    previous: Action | None = None
    for index, action in enumerate(actions):
        rank = _RANK.get(type(action))
        if rank is not None:
            if last >= rank:
                raise _misplaced(action, previous)
            last = rank
            tail.append(_instruction(action, version))
        elif last:
            raise _misplaced(action, previous)
        elif type(action) is Meter and version < 6:
            if index:
                raise LocalProtocolError("meter comes first before OpenFlow 1.5")
            meter = _meter(action)
        else:
            plain.append(encode_action(action, version))
        previous = action
    if not plain:
        return meter + b"".join(tail)
    body = b"".join(plain)
    return b"".join((meter, _apply_header(len(body)), body, *tail))


def _meter(action: Meter) -> bytes:
    try:
        return _WORD.pack(_METER, 8, action.meter)
    except struct.error as error:
        raise LocalProtocolError(f"meter {action.meter} does not fit") from error


def _misplaced(action: Action, previous: Action | None) -> LocalProtocolError:
    return LocalProtocolError(
        f"{type(action).__name__} cannot follow {type(previous).__name__}",
        hint="the order is meter, actions, clear_actions, write_actions, write_metadata, goto_table",
    )


def _apply_header(size: int, kind: int = _APPLY) -> bytes:
    if size > 0xFFF0:
        raise LocalProtocolError(f"{size} bytes of actions are too many", hint="at most 65520")
    return _ACTIONS.pack(kind, 8 + size)


def _instruction(action: Action, version: int) -> bytes:
    try:
        if isinstance(action, GotoTable):
            return _GOTO_TABLE.pack(_GOTO, 8, action.table)
        if isinstance(action, WriteMetadata):
            return _WRITE_METADATA.pack(_METADATA, 24, action.metadata, action.mask)
    except struct.error as error:
        raise LocalProtocolError(f"a value of {action!r} does not fit: {error}") from error
    if isinstance(action, WriteActions):
        body = encode_actions(action.actions, version)
        return _apply_header(len(body), _WRITE) + body
    return _ACTIONS.pack(_CLEAR, 8)


def _bad(message: str, code: int) -> RemoteProtocolError:
    return RemoteProtocolError(message, error_type=3, error_code=code)  # OFPET_BAD_INSTRUCTION


def decode_instructions(data: bytes, offset: int, end: int, version: int) -> tuple[Action, ...]:
    """The flow's actions from the instructions between two offsets.

    Raises:
        RemoteProtocolError: an instruction is cut short, unknown or there twice, or an action breaks a rule.
    """
    raw = data[offset:end]
    memo = _decoded[version]
    known = memo.get(raw)
    if known is None:
        known = _templates[version].decode(raw)
        if known is None:
            known = _decode(raw, version)
            _templates[version].learn(raw, known)
        memo.put(raw, known)
    return known


def _decode(raw: bytes, version: int) -> tuple[Action, ...]:
    found: dict[int, tuple[Action, ...]] = {}
    offset = 0
    while offset < len(raw):
        if offset + 8 > len(raw):
            raise _bad(f"{len(raw) - offset} bytes are too few for an instruction", 7)
        kind, length = raw[offset] << 8 | raw[offset + 1], raw[offset + 2] << 8 | raw[offset + 3]
        end = offset + length
        if length < 8 or length & 7 or end > len(raw):
            raise _bad(f"an instruction of {length} bytes does not fit in {len(raw) - offset}", 7)
        if kind in found:
            raise _bad(f"instruction {kind} is there twice", 9)
        found[kind] = _decode_one(raw, offset, end, kind, version)
        offset = end
    return tuple(
        action
        for kind in (_METER, _APPLY, _CLEAR, _WRITE, _METADATA, _GOTO)
        for action in found.get(kind, ())
    )


_FIXED = {_GOTO: 8, _METADATA: 24, _CLEAR: 8, _METER: 8}


def _decode_one(raw: bytes, offset: int, end: int, kind: int, version: int) -> tuple[Action, ...]:
    length = end - offset
    if length != _FIXED.get(kind, length):
        raise _bad(f"instruction {kind} has {length} bytes, not {_FIXED[kind]}", 7)
    if kind == _APPLY:
        return decode_actions(raw, offset + 8, end, version)
    if kind == _WRITE:
        return (WriteActions(decode_actions(raw, offset + 8, end, version)),)
    if kind == _GOTO:
        return (GotoTable(raw[offset + 4]),)
    if kind == _CLEAR:
        return (ClearActions(),)
    if kind == _METADATA:
        _, _, metadata, mask = _WRITE_METADATA.unpack_from(raw, offset)
        return (WriteMetadata(metadata, mask),)
    if kind == _METER and version < 6:
        return (Meter(int.from_bytes(raw[offset + 4 : end])),)
    raise _bad(f"unknown instruction {kind}", 0)
