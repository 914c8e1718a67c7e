"""What can be set about the REST face, with the bounds that hold by default."""

from __future__ import annotations

from dataclasses import dataclass, field

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RestSettings:
    """Settings of the REST face.

    Attributes:
        tokens: bearer tokens that may do everything; compared in constant time. Empty: only listeners marked as trusted
            (`auth.trusted`) are served.
        max_body: bytes of an ordinary body.
        max_file: bytes of a file for `apply` and `plan`, and of a batch.
        body_seconds: time in which a body has to be there, in whole.
        max_url / max_headers: bytes of path with query, and of all header names and values.
        rate / burst: requests per second and client address, and how many may come at once. 0 switches it off.
        max_clients: client addresses remembered for the rate.
        max_requests: requests served at the same time; waits, streams and files have bounds of their own.
        max_waits / max_streams / max_files: requests with `?wait=`, watches, apply and plan requests at the same time.
        max_wait: seconds that one request may wait.
        heartbeat: seconds between bookmarks in a silent watch.
        docs: serve the API's interactive documentation at /docs (loads scripts from outside when opened).
    """

    tokens: frozenset[str] = field(default=frozenset(), repr=False)
    max_body: int = 1 * MIB
    max_file: int = 16 * MIB
    body_seconds: float = 30.0
    max_url: int = 8_192
    max_headers: int = 16_384
    rate: float = 2_000.0
    burst: int = 4_000
    max_clients: int = 10_000
    max_requests: int = 256
    max_waits: int = 256
    max_streams: int = 64
    max_files: int = 4
    max_wait: float = 300.0
    heartbeat: float = 15.0
    docs: bool = False
