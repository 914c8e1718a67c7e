"""Barrier: everything sent before it is done before anything after it, and the reply says so.

Rule 1: a barrier has no body.
Rule 2: errors of earlier messages arrive before its reply.
"""

from __future__ import annotations

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly


class BarrierRequest(Message, frozen=True, gc=False):
    """Finish what came before."""


class BarrierReply(Message, frozen=True, gc=False):
    """What came before is done, or its errors were sent."""


def _decode_request(data: bytes, at: int, end: int, version: int) -> BarrierRequest:
    del data, version
    exactly(at, end, 0, "barrier request")
    return BarrierRequest()


def _decode_reply(data: bytes, at: int, end: int, version: int) -> BarrierReply:
    del data, version
    exactly(at, end, 0, "barrier reply")
    return BarrierReply()


FORMS = (
    Form(BarrierRequest, Family.PLAIN, 20, Sender.CONTROLLER, encode_nothing, _decode_request),
    Form(BarrierReply, Family.PLAIN, 21, Sender.SWITCH, encode_nothing, _decode_reply),
)
