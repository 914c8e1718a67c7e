"""The bounds on what a peer can make us hold.

Rule 1: every buffer of a connection has its bound here, and passing one ends that connection only.
Rule 2: a single message needs no bound of its own: its length field has 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_MESSAGE = 0xFFFF  # bytes; ofp_header.length


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection.

    Attributes:
        max_multipart_bytes: bytes of one multipart message, all parts with their headers.
        max_open_multiparts: multipart messages that may be unfinished at one time.
        max_unsent_bytes: bytes waiting in `data_to_send`; a peer that asks (echo) without reading ends its session,
            and `send` refuses more.
        max_raw_requests: requests at one time whose replies are wanted as bytes.
    """

    max_multipart_bytes: int = 512 << 20
    max_open_multiparts: int = 64
    max_unsent_bytes: int = 256 << 20
    max_raw_requests: int = 1024


DEFAULT_LIMITS = Limits()
