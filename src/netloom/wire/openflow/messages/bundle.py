"""Bundles: messages that the switch applies together or not at all (OpenFlow 1.5.1, section 7.3.9).

1.4 and 1.5 have them as messages of their own; in 1.3 they are the Open Networking Foundation's extension 230.

Rule 1: an inner message is whole, in the same version, and has the transaction id of its `BundleAdd`.
Rule 2: how a change becomes a bundle is `wire.openflow.bundle`'s matter.
"""

from __future__ import annotations

import enum
from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import malformed, need, pack, properties
from netloom.wire.openflow.versions import OF13, OF14, OF15, ONF_VENDOR

_CONTROL = Struct("!IHH")
_ADD = Struct("!I2xH")
_INNER = Struct("!BBHI")


class BundleStep(enum.IntEnum):
    """`ofp_bundle_ctrl_type`: each request is odd-even paired with its reply."""

    OPEN_REQUEST = 0
    OPEN_REPLY = 1
    CLOSE_REQUEST = 2
    CLOSE_REPLY = 3
    COMMIT_REQUEST = 4
    COMMIT_REPLY = 5
    DISCARD_REQUEST = 6
    DISCARD_REPLY = 7


class BundleFlags(enum.IntFlag):
    """`ofp_bundle_flags`: all or nothing as seen by packets; in the order given."""

    ATOMIC = 1
    ORDERED = 2


class BundleControl(Message, frozen=True, gc=False):
    """Opens, closes, commits or discards a bundle, or says that it was done. Both sides send it."""

    bundle_id: int
    step: BundleStep
    flags: int = BundleFlags.ATOMIC | BundleFlags.ORDERED


class BundleAdd(Message, frozen=True, gc=False):
    """Adds one whole encoded message to a bundle."""

    bundle_id: int
    message: bytes
    flags: int = BundleFlags.ATOMIC | BundleFlags.ORDERED


def _encode_control(message: BundleControl, version: int) -> bytes:
    del version
    return pack(_CONTROL, message.bundle_id, message.step, message.flags)


def _decode_control(data: bytes, at: int, end: int, version: int) -> BundleControl:
    del version
    need(at, end, 8, "bundle control")
    bundle_id, number, flags = _CONTROL.unpack_from(data, at)
    for _ in properties(data, at + 8, end, "bundle control"):
        pass  # only experimenters and scheduled bundles define some
    try:
        step = BundleStep(number)
    except ValueError:
        raise malformed(f"{number} is no type of bundle control message") from None
    return BundleControl(bundle_id, step, flags)


def _encode_add(message: BundleAdd, version: int) -> bytes:
    del version
    return pack(_ADD, message.bundle_id, message.flags) + message.message


def _decode_add(data: bytes, at: int, end: int, version: int) -> BundleAdd:
    need(at, end, 16, "bundle add")
    bundle_id, flags = _ADD.unpack_from(data, at)
    inner, _, length, _ = _INNER.unpack_from(data, at + 8)
    if length < 8 or at + 8 + length > end:
        raise malformed(f"a message of {length} bytes in a bundle where {end - at - 8} are left")
    if inner != version:
        raise malformed(f"a message of version {inner} in a bundle of version {version}")
    return BundleAdd(bundle_id, data[at + 8 : at + 8 + length], flags)


_NATIVE = (OF14, OF15)
FORMS = (
    Form(BundleControl, Family.PLAIN, 33, Sender.EITHER, _encode_control, _decode_control, _NATIVE),
    Form(BundleAdd, Family.PLAIN, 34, Sender.CONTROLLER, _encode_add, _decode_add, _NATIVE),
    Form(
        BundleControl,
        Family.EXPERIMENTER,
        2300,
        Sender.EITHER,
        _encode_control,
        _decode_control,
        (OF13,),
        ONF_VENDOR,
    ),
    Form(
        BundleAdd,
        Family.EXPERIMENTER,
        2301,
        Sender.CONTROLLER,
        _encode_add,
        _decode_add,
        (OF13,),
        ONF_VENDOR,
    ),
)
