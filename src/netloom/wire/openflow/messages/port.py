"""A switch's port as it describes itself, and the message that says that one came, went or changed.

1.3 has one fixed structure; from 1.4 on speeds and link modes are a property (OpenFlow 1.5.1, section 7.2.1).

Rule 1: a `Port` is the same value whatever version carried it.
Rule 2: properties of optical and experimenter ports are skipped: Open vSwitch has none.
"""

from __future__ import annotations

import enum
from struct import Struct

import msgspec

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import (
    encode_nothing,
    exactly,
    get_name,
    malformed,
    need,
    pack,
    padded,
    properties,
    put_name,
    put_property,
)
from netloom.wire.openflow.versions import OF13, OF14, OF15

ANY_PORT = 0xFFFFFFFF
_PORT13 = Struct("!I4x6s2x16sIIIIIIII")
_PORT14 = Struct("!IHxx6s2x16sII")
_ETHERNET = Struct("!4xIIIIII")
_STATUS = Struct("!B7x")
_WHICH = Struct("!I4x")
_NAME_SIZE = 16


class PortReason(enum.IntEnum):
    """`ofp_port_reason`."""

    ADD = 0
    DELETE = 1
    MODIFY = 2


class PortState(enum.IntFlag):
    """`ofp_port_state`."""

    LINK_DOWN = 1 << 0
    BLOCKED = 1 << 1
    LIVE = 1 << 2


class Port(msgspec.Struct, frozen=True, gc=False):
    """One port.

    `mac` is a 48-bit number; `config` and `state` are bits; `current` to `peer` are link-mode bits;
    speeds are in kb/s.
    """

    number: int
    mac: int
    name: str
    config: int = 0
    state: int = 0
    current: int = 0
    advertised: int = 0
    supported: int = 0
    peer: int = 0
    current_speed: int = 0
    max_speed: int = 0


class PortStatus(Message, frozen=True, gc=False):
    """A port came, went or changed."""

    reason: PortReason
    port: Port


class PortDescRequest(Message, frozen=True, gc=False):
    """Asks for the ports; from 1.5 on a single one may be named."""

    port: int = ANY_PORT


class PortDescReply(Message, frozen=True, gc=False):
    """The ports."""

    entries: tuple[Port, ...] = ()


def encode_port(port: Port, version: int) -> bytes:
    """`ofp_port`."""
    mac = port.mac.to_bytes(6, "big")
    name = put_name(port.name, _NAME_SIZE)
    link = (
        port.current,
        port.advertised,
        port.supported,
        port.peer,
        port.current_speed,
        port.max_speed,
    )
    if version == OF13:
        return pack(_PORT13, port.number, mac, name, port.config, port.state, *link)
    ethernet = put_property(0, pack(_ETHERNET, *link))
    return pack(_PORT14, port.number, 40 + len(ethernet), mac, name, port.config, port.state) + ethernet


def decode_port(data: bytes, at: int, end: int, version: int) -> tuple[Port, int]:
    """The port at `at`, and where the next begins."""
    if version == OF13:
        need(at, end, 64, "port")
        number, mac, name, *numbers = _PORT13.unpack_from(data, at)
        return Port(number, int.from_bytes(mac, "big"), get_name(name), *numbers), at + 64
    need(at, end, 40, "port")
    number, length, mac, name, config, state = _PORT14.unpack_from(data, at)
    if length < 40 or at + padded(length) > end:
        raise malformed(f"a port of {length} bytes where {end - at} are left")
    link: tuple[int, ...] = ()
    for kind, start, stop in properties(data, at + 40, at + length, "port"):
        if kind == 0:
            exactly(start, stop, 28, "port's Ethernet property")
            link = _ETHERNET.unpack_from(data, start)
    return Port(number, int.from_bytes(mac, "big"), get_name(name), config, state, *link), at + length


def _encode_status(message: PortStatus, version: int) -> bytes:
    return pack(_STATUS, message.reason) + encode_port(message.port, version)


def _decode_status(data: bytes, at: int, end: int, version: int) -> PortStatus:
    need(at, end, 8, "port status")
    (number,) = _STATUS.unpack_from(data, at)
    port, stop = decode_port(data, at + 8, end, version)
    exactly(stop, end, 0, "what follows a port status")
    try:
        reason = PortReason(number)
    except ValueError:
        raise malformed(f"{number} is no reason of a port status") from None
    return PortStatus(reason, port)


def _encode_which(message: PortDescRequest, version: int) -> bytes:
    del version
    return pack(_WHICH, message.port)


def _decode_nothing(data: bytes, at: int, end: int, version: int) -> PortDescRequest:
    del data, version
    exactly(at, end, 0, "port description request")
    return PortDescRequest()


def _decode_which(data: bytes, at: int, end: int, version: int) -> PortDescRequest:
    del version
    exactly(at, end, 8, "port description request")
    return PortDescRequest(*_WHICH.unpack_from(data, at))


def _decode_reply(data: bytes, at: int, end: int, version: int) -> PortDescReply:
    ports = []
    while at < end:
        port, at = decode_port(data, at, end, version)
        ports.append(port)
    return PortDescReply(tuple(ports))


FORMS = (
    Form(PortStatus, Family.PLAIN, 12, Sender.SWITCH, _encode_status, _decode_status),
    Form(
        PortDescRequest,
        Family.REQUEST,
        13,
        Sender.CONTROLLER,
        encode_nothing,
        _decode_nothing,
        (OF13, OF14),
    ),
    Form(PortDescRequest, Family.REQUEST, 13, Sender.CONTROLLER, _encode_which, _decode_which, (OF15,)),
    Form(PortDescReply, Family.REPLY, 13, Sender.SWITCH, encode_port, _decode_reply, entries=True),
)
