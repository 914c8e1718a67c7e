"""Echo: is the peer alive; the reply carries the request's bytes back.

Rule 1: the connection answers requests by itself; users send requests and see replies.
Rule 2: the payload is opaque.
"""

from __future__ import annotations

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender


class EchoRequest(Message, frozen=True, gc=False):
    """Asks for the same bytes back."""

    data: bytes = b""


class EchoReply(Message, frozen=True, gc=False):
    """The bytes of the request."""

    data: bytes = b""


def encode_echo(message: EchoRequest | EchoReply, version: int) -> bytes:
    """The payload."""
    del version
    return message.data


def _decode_request(data: bytes, at: int, end: int, version: int) -> EchoRequest:
    del version
    return EchoRequest(data[at:end])


def _decode_reply(data: bytes, at: int, end: int, version: int) -> EchoReply:
    del version
    return EchoReply(data[at:end])


FORMS = (
    Form(EchoRequest, Family.PLAIN, 2, Sender.EITHER, encode_echo, _decode_request),
    Form(EchoReply, Family.PLAIN, 3, Sender.EITHER, encode_echo, _decode_reply),
)
