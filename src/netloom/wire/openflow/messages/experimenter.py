"""Messages that we carry without understanding them: unknown experimenters, unknown multipart types, new plain types.

Rule 1: not knowing a message is no reason to end a session; its bytes are kept.
Rule 2: a raw message is written back just as it was read.
"""

from __future__ import annotations

from netloom.wire.openflow.messages.form import Message


class Experimenter(Message, frozen=True, gc=False):
    """OFPT_EXPERIMENTER of a vendor or type that we do not know."""

    vendor: int
    kind: int
    data: bytes = b""


class RawMessage(Message, frozen=True, gc=False):
    """A plain message of a type that the version has and we do not decode (table status, request forward)."""

    kind: int
    data: bytes = b""


class RawMultipart(Message, frozen=True, gc=False):
    """A multipart request or reply whose bodies were not decoded: an unknown type, or asked for as bytes.

    `parts` has the body of each part in order of arrival; entries are never cut between parts.
    `vendor` and `experimenter_kind` are given where `kind` is 0xffff (experimenter).
    """

    reply: bool
    kind: int
    parts: tuple[bytes, ...] = (b"",)
    vendor: int = 0
    experimenter_kind: int = 0
