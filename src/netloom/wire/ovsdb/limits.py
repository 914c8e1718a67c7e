"""What bounds an OVSDB connection: everything a peer could make grow."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection; passing one ends it with `RemoteProtocolError`, or refuses our own call.

    Args:
        message_bytes: of one JSON object. A switch with 10,000 ports answers the first monitor with about 10 MB.
        depth: brackets that may be open at once; real messages have about 12.
        outstanding: requests of ours without a reply.
        backlog_bytes: bytes for the peer that nobody took from `data_to_send`.
    """

    message_bytes: int = 64 * 1024 * 1024
    depth: int = 64
    outstanding: int = 1024
    backlog_bytes: int = 64 * 1024 * 1024


DEFAULT_LIMITS = Limits()
