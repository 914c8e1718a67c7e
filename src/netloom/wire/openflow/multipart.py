"""Putting multipart messages together again from their parts.

Rule 1: each part is decoded when it comes, so that a long dump costs its time bit by bit.
Rule 2: what is kept is bounded: bytes of one message, and how many may be unfinished at one time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from netloom.wire.openflow.codec import MultipartKind, decode_part
from netloom.wire.openflow.errors import RemoteProtocolError
from netloom.wire.openflow.limits import Limits
from netloom.wire.openflow.messages.experimenter import RawMultipart
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.layout import BAD_REQUEST, malformed

_OVERFLOW = 13  # OFPBRC_MULTIPART_BUFFER_OVERFLOW


class Part(NamedTuple):
    """One part: the multipart message that it belongs to, and where its body is."""

    version: int
    xid: int
    kind: MultipartKind
    data: bytes
    at: int
    end: int
    more: bool
    raw: bool


@dataclass(slots=True)
class _Unfinished:
    kind: MultipartKind
    size: int = 0
    messages: list[Message] = field(default_factory=list)


class Assembly:
    """The unfinished multipart messages of one direction of a connection."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._unfinished: dict[int, _Unfinished] = {}

    def add(self, part: Part) -> Message | None:
        """Take a part; gives the message when it was the last one.

        Raises:
            RemoteProtocolError: the part is malformed, of another type than those before it, or one too many.
        """
        one = self._unfinished.get(part.xid)
        if one is None:
            if not part.more:
                return _decode(part)
            if len(self._unfinished) >= self._limits.max_open_multiparts:
                raise _overflow(f"more than {self._limits.max_open_multiparts} multipart messages unfinished")
            one = self._unfinished[part.xid] = _Unfinished(part.kind)
        elif one.kind != part.kind:
            raise malformed(
                f"multipart message {part.xid} goes on as type {part.kind.number}, began as {one.kind.number}"
            )
        one.size += part.end - part.at + 16
        if one.size > self._limits.max_multipart_bytes:
            raise _overflow(
                f"multipart message {part.xid} is longer than {self._limits.max_multipart_bytes} bytes"
            )
        if part.at < part.end or not one.messages:
            one.messages.append(_decode(part))
        if part.more:
            return None
        del self._unfinished[part.xid]
        return _merge(one.messages)

    def forget(self, xid: int) -> None:
        """The peer refused the request: no more parts of its reply will come."""
        self._unfinished.pop(xid, None)


def _decode(part: Part) -> Message:
    if part.raw:
        kind = part.kind
        body = part.data[part.at : part.end]
        return RawMultipart(kind.reply, kind.number, (body,), kind.vendor, kind.experimenter_kind)
    return decode_part(part.version, part.kind, part.data, part.at, part.end)


def _merge(parts: list[Message]) -> Message:
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, RawMultipart):
        bodies = tuple(body for part in parts if isinstance(part, RawMultipart) for body in part.parts)
        return RawMultipart(first.reply, first.kind, bodies, first.vendor, first.experimenter_kind)
    if not hasattr(first, "entries"):
        raise malformed(f"{type(first).__name__} came in {len(parts)} parts, and is one structure")
    entries: list[object] = []
    for part in parts:
        entries += part.entries  # type: ignore[attr-defined]  # checked above: all parts have one kind
    return type(first)(tuple(entries))


def _overflow(what: str) -> RemoteProtocolError:
    return RemoteProtocolError(what, error_type=BAD_REQUEST, error_code=_OVERFLOW)
