"""What every message module says about its messages: one row (`Form`) per message and place on the wire.

The codec and the connection read only these rows, so that a new message is one class, two functions and one row.

Rule 1: an encoder gives the bytes after the header of its family; a decoder gets exactly those bytes as
`data[at:end]` and either uses all of them or raises `RemoteProtocolError`.
Rule 2: messages are immutable values without a transaction id; the connection owns those.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from netloom.wire.openflow.versions import VERSIONS


class Message(msgspec.Struct, frozen=True, gc=False):
    """Any OpenFlow message, told apart by class."""


class Sender(enum.IntFlag):
    """Which side may send a message (OpenFlow 1.5.1, section 6.1)."""

    CONTROLLER = 1
    SWITCH = 2
    EITHER = 3


class Family(enum.Enum):
    """Where a message's number stands, and which header goes before its body."""

    PLAIN = "the type in ofp_header"
    EXPERIMENTER = "the experimenter type of OFPT_EXPERIMENTER"
    REQUEST = "the type of OFPT_MULTIPART_REQUEST"
    REPLY = "the type of OFPT_MULTIPART_REPLY"
    EXPERIMENTER_REQUEST = "the experimenter type of a multipart request"
    EXPERIMENTER_REPLY = "the experimenter type of a multipart reply"


class Form(NamedTuple):
    """One message in one place on the wire.

    `encode(message, version)` gives the body; where `entries` is true it is called with one *entry* of
    `message.entries` at a time, because only between entries may a multipart body be cut.
    `decode(data, at, end, version)` gives the message. `whole(message, version, xid)`, for messages that are
    sent by the hundred thousand, gives header and body in one.
    """

    message: type[Message]
    family: Family
    number: int
    sender: Sender
    encode: Callable[..., bytes]
    decode: Callable[[bytes, int, int, int], Message]
    versions: tuple[int, ...] = VERSIONS
    vendor: int = 0
    entries: bool = False
    whole: Callable[..., bytes] | None = None
