"""The table of actions: how each is written to and read from the wire.

Rule 1: a new action registers an encoder and a decoder here and thereby joins codec, tests and text alike.
Rule 2: a decoder gets exactly the bytes of one action whose length was checked; what it answers encodes again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

import msgspec

from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.memo import Memo

NX_VENDOR: Final = 0x00002320
ONF_VENDOR: Final = 0x4F4E4600
EXPERIMENTER: Final = 0xFFFF
MAX_DEPTH: Final = 16
"""How deep actions may nest (clone in ct in clone …); a peer's bytes must not exhaust the stack."""

# OFPET_BAD_ACTION codes
BAD_TYPE, BAD_LEN, BAD_ARGUMENT, BAD_SET_TYPE, BAD_SET_ARGUMENT = 0, 1, 5, 13, 15


class Action(msgspec.Struct, frozen=True, gc=False):
    """One action or instruction of a flow, in the style of Open vSwitch: a flow has one list of them."""


class UnknownAction(Action, frozen=True, gc=False):
    """An experimenter action that this program does not know, kept as it came (a newer switch, another vendor).

    Args:
        data: all of its bytes, header included.
    """

    data: bytes


Encoder = Callable[[Any, int], bytes]
Decoder = Callable[[bytes, int, int], Action]

ENCODERS: Final[dict[type[Action], Encoder]] = {UnknownAction: lambda action, _version: action.data}
"""By class: (action, OpenFlow wire version) -> bytes, a multiple of 8 of them."""

_DECODERS: Final[dict[tuple[int, int], tuple[Decoder, int, bool]]] = {}


def register(kind: type[Action], encoder: Encoder) -> None:
    """Make a class of actions encodable."""
    ENCODERS[kind] = encoder


def register_decoder(vendor: int, number: int, decoder: Decoder, size: int, *, more: bool = False) -> None:
    """Make a wire action decodable.

    Args:
        vendor: the experimenter, or 0.
        number: the type, or the subtype of an experimenter's action.
        decoder: reads exactly one action's bytes.
        size: the length in bytes that the action must have, or with `more` must have at least.
        more: whether it may be longer.
    """
    _DECODERS[vendor, number] = (decoder, size, more)


def wire_actions() -> frozenset[tuple[int, int]]:
    """The (vendor, type) pairs that can be decoded."""
    return frozenset(_DECODERS)


def bad(message: str, code: int = BAD_ARGUMENT) -> RemoteProtocolError:
    """The error for an action that breaks a rule (OFPET_BAD_ACTION)."""
    return RemoteProtocolError(message, error_type=2, error_code=code)


def padded(data: bytes) -> bytes:
    """An action's bytes with padding to a multiple of 8 and the length put into its header."""
    data += bytes(-len(data) % 8)
    if len(data) > 0xFFF8:
        raise LocalProtocolError(f"an action of {len(data)} bytes is too long", hint="at most 65528")
    return data[:2] + len(data).to_bytes(2) + data[4:]


_NX: Final = struct.Struct(">HHIH")


def nx_header(subtype: int, length: int = 0) -> bytes:
    """The first 10 bytes of a Nicira extension action; `padded` puts in the length if it is not known yet."""
    return _NX.pack(EXPERIMENTER, length, NX_VENDOR, subtype)


_encoded: Final[dict[int, Memo[tuple[Action, ...], bytes]]] = {version: Memo(16384) for version in (4, 5, 6)}
_decoded: Final[dict[int, Memo[bytes, Action]]] = {version: Memo(16384) for version in (4, 5, 6)}


def encode_actions(actions: tuple[Action, ...], version: int) -> bytes:
    """A list of actions as in an apply-actions instruction, a bucket or a packet-out.

    Raises:
        LocalProtocolError: an instruction is among them, or a value does not fit.
    """
    memo = _encoded[version]
    known = memo.get(actions)
    if known is None:
        known = b"".join([encode_action(action, version) for action in actions])
        memo.put(actions, known)
    return known


def encode_action(action: Action, version: int) -> bytes:
    """One action's bytes, or several actions' where one cannot say it.

    Raises:
        LocalProtocolError: as `encode_actions`.
    """
    encoder = ENCODERS.get(type(action))
    if encoder is None:
        raise LocalProtocolError(
            f"{type(action).__name__} cannot stand in a list of actions", hint="it is an instruction"
        )
    try:
        return encoder(action, version)
    except (struct.error, OverflowError) as error:
        raise LocalProtocolError(f"a value of {action!r} does not fit: {error}") from error


def decode_actions(data: bytes, offset: int, end: int, version: int, *, depth: int = 0) -> tuple[Action, ...]:
    """The actions between two offsets.

    Raises:
        RemoteProtocolError: they do not end at `end`, nest too deep, or one breaks a rule (OFPET_BAD_ACTION).
    """
    if depth > MAX_DEPTH:
        raise bad(f"actions nest deeper than {MAX_DEPTH}")
    memo = _decoded[version]
    found: list[Action] = []
    while offset < end:
        if offset + 8 > end:
            raise bad(f"{end - offset} bytes are too few for an action", BAD_LEN)
        length = data[offset + 2] << 8 | data[offset + 3]
        if length < 8 or length & 7 or offset + length > end:
            raise bad(
                f"an action of {length} bytes does not fit in {end - offset}, or is no multiple of 8", BAD_LEN
            )
        raw = data[offset : offset + length]
        # Nested ones are not looked up: remembered insides would let the nesting pass its bound.
        action = None if depth else memo.get(raw)
        if action is None:
            action = _decode(raw, version, depth)
            if not depth:
                memo.put(raw, action)
        found.append(action)
        offset += length
    return tuple(found)


def _decode(raw: bytes, version: int, depth: int) -> Action:
    kind, vendor = raw[0] << 8 | raw[1], 0
    if kind == EXPERIMENTER:
        vendor = int.from_bytes(raw[4:8])
        if len(raw) < 16:
            if vendor in (NX_VENDOR, ONF_VENDOR):
                raise bad("an extension action has at least 16 bytes", BAD_LEN)
            return UnknownAction(raw)
        kind = raw[8] << 8 | raw[9]
    entry = _DECODERS.get((vendor, kind))
    if entry is None:
        if vendor or raw[:2] == b"\xff\xff":
            return UnknownAction(raw)
        raise bad(f"unknown action type {kind}", BAD_TYPE)
    decoder, size, more = entry
    if len(raw) < size or (len(raw) > size and not more):
        raise bad(f"action {kind} of {vendor:#x} has {len(raw)} bytes, not {size}", BAD_LEN)
    return decoder(raw, version, depth)
