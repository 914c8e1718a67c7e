"""Port mod: turning a port's configuration bits on and off.

Rule 1: only the bits in `mask` change.
Rule 2: the port's MAC address must be given rightly; the switch refuses the message otherwise.
"""

from __future__ import annotations

from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import exactly, need, pack, properties, put_property
from netloom.wire.openflow.versions import OF13

_BODY13 = Struct("!I4x6s2xIII4x")
_BODY14 = Struct("!I4x6s2xII")
_ADVERTISE = Struct("!I")


class PortMod(Message, frozen=True, gc=False):
    """Sets the bits `mask` of a port's configuration to those of `config`; 0 in `advertise` leaves the link modes."""

    port: int
    mac: int
    config: int
    mask: int
    advertise: int = 0


def _encode(message: PortMod, version: int) -> bytes:
    mac = message.mac.to_bytes(6, "big")
    if version == OF13:
        return pack(_BODY13, message.port, mac, message.config, message.mask, message.advertise)
    body = pack(_BODY14, message.port, mac, message.config, message.mask)
    if not message.advertise:
        return body
    return body + put_property(0, pack(_ADVERTISE, message.advertise))


def _decode(data: bytes, at: int, end: int, version: int) -> PortMod:
    if version == OF13:
        exactly(at, end, 32, "port mod")
        port, mac, config, mask, advertise = _BODY13.unpack_from(data, at)
        return PortMod(port, int.from_bytes(mac, "big"), config, mask, advertise)
    need(at, end, 24, "port mod")
    port, mac, config, mask = _BODY14.unpack_from(data, at)
    advertise = 0
    for kind, start, stop in properties(data, at + 24, end, "port mod"):
        if kind == 0:
            exactly(start, stop, 4, "port mod's Ethernet property")
            (advertise,) = _ADVERTISE.unpack_from(data, start)
    return PortMod(port, int.from_bytes(mac, "big"), config, mask, advertise)


FORMS = (Form(PortMod, Family.PLAIN, 16, Sender.CONTROLLER, _encode, _decode),)
