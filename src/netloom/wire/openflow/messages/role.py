"""Controller roles: who may write, with a generation id that fences a stale controller at the switch itself.

Rule 1: a role change of primary or secondary carries a generation id; the switch refuses an older one (OFPRRFC_STALE).
Rule 2: generation ids compare as signed differences of 64 bits (OpenFlow 1.5.1, section 6.3.6): `newer` says which.
"""

from __future__ import annotations

import enum
from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import exactly, malformed, need, pack, properties
from netloom.wire.openflow.versions import OF14, OF15

_BODY = Struct("!I4xQ")
_BODY15 = Struct("!IH2xQ")
_STATUS = Struct("!IB3xQ")
NO_GENERATION = 0xFFFFFFFFFFFFFFFF


class ControllerRole(enum.IntEnum):
    """`ofp_controller_role`."""

    NO_CHANGE = 0
    EQUAL = 1
    PRIMARY = 2
    SECONDARY = 3


class RoleRequest(Message, frozen=True, gc=False):
    """Asks for a role, or which one it is (`ControllerRole.NO_CHANGE`). `short_id` names the controller, 1.5 only."""

    role: ControllerRole
    generation_id: int = 0
    short_id: int = 0


class RoleReply(Message, frozen=True, gc=False):
    """The role from now on, and the greatest generation id that the switch has seen."""

    role: ControllerRole
    generation_id: int = NO_GENERATION
    short_id: int = 0


class RoleStatus(Message, frozen=True, gc=False):
    """The switch changed our role: another controller became primary (reason 0), or its configuration (1). From 1.4."""

    role: ControllerRole
    reason: int
    generation_id: int


def newer(generation: int, than: int) -> bool:
    """Whether a switch that has seen `than` accepts `generation`; equal is accepted."""
    return (generation - than) & NO_GENERATION < 1 << 63


def encode_role(message: RoleRequest | RoleReply, version: int) -> bytes:
    """`ofp_role_request` after its header."""
    if version >= OF15:
        return pack(_BODY15, message.role, message.short_id, message.generation_id)
    return pack(_BODY, message.role, message.generation_id)


def _role(number: int) -> ControllerRole:
    try:
        return ControllerRole(number)
    except ValueError:
        raise malformed(f"{number} is not a controller role") from None


def _decode_request(data: bytes, at: int, end: int, version: int) -> RoleRequest:
    exactly(at, end, 16, "role request")
    role, short_id, generation = _BODY15.unpack_from(data, at)
    return RoleRequest(_role(role), generation, short_id if version >= OF15 else 0)


def _decode_reply(data: bytes, at: int, end: int, version: int) -> RoleReply:
    exactly(at, end, 16, "role reply")
    role, short_id, generation = _BODY15.unpack_from(data, at)
    return RoleReply(_role(role), generation, short_id if version >= OF15 else 0)


def _encode_status(message: RoleStatus, version: int) -> bytes:
    del version
    return pack(_STATUS, message.role, message.reason, message.generation_id)


def _decode_status(data: bytes, at: int, end: int, version: int) -> RoleStatus:
    del version
    need(at, end, 16, "role status")
    role, reason, generation = _STATUS.unpack_from(data, at)
    for _ in properties(data, at + 16, end, "role status"):
        pass  # only experimenters define some
    return RoleStatus(_role(role), reason, generation)


FORMS = (
    Form(RoleRequest, Family.PLAIN, 24, Sender.CONTROLLER, encode_role, _decode_request),
    Form(RoleReply, Family.PLAIN, 25, Sender.SWITCH, encode_role, _decode_reply),
    Form(RoleStatus, Family.PLAIN, 30, Sender.SWITCH, _encode_status, _decode_status, (OF14, OF15)),
)
