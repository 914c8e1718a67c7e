"""Hello: the first message of both sides, and how the version is agreed (OpenFlow 1.5.1, section 6.3.1).

Rule 1: a hello is read whatever version its header names; elements that we do not know are skipped.
Rule 2: both bitmaps known: the highest version in both; else the lower of the two header versions.
"""

from __future__ import annotations

from struct import Struct

from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import malformed, pack, padded, properties, put_property
from netloom.wire.openflow.versions import VERSIONS

VERSION_BITMAP = 1  # ofp_hello_elem_type
_WORD = Struct("!I")


class Hello(Message, frozen=True, gc=False):
    """What a side speaks.

    `header_version` is the highest version it speaks; `versions` is None when it sent no bitmap
    (before 1.3.1), which means: that one, and perhaps lower ones.
    """

    header_version: int
    versions: frozenset[int] | None = None


def agree(ours: frozenset[int], theirs: Hello) -> int | None:
    """The version to speak from now on, or None when there is none in common."""
    if theirs.versions is not None:
        common = ours & theirs.versions
        return max(common) if common else None
    lower = min(max(ours), theirs.header_version)
    return lower if lower in ours else None


def encode_hello(message: Hello, version: int) -> bytes:
    """The elements of a hello; `version` is of no account, the codec writes `header_version`."""
    del version
    if message.versions is None:
        return b""
    words = [0] * (max(message.versions, default=0) // 32 + 1)
    for spoken in message.versions:
        words[spoken // 32] |= 1 << (spoken % 32)
    return put_property(VERSION_BITMAP, b"".join(pack(_WORD, word) for word in words))


def decode_hello(data: bytes, at: int, end: int, version: int) -> Hello:
    """The hello in `data[at:end]`; `version` is that of its header."""
    spoken: frozenset[int] | None = None
    # Some senders do not pad the last element; so does the specification's own older wording.
    tail = bytes(-(end - at) % 8)
    body = data[at:end] + tail
    for kind, start, stop in properties(body, 0, padded(end - at), "hello"):
        if kind != VERSION_BITMAP:
            continue
        if (stop - start) % 4:
            raise malformed(f"hello: a version bitmap of {stop - start} bytes")
        bits = int.from_bytes(b"".join(body[i : i + 4] for i in range(stop - 4, start - 1, -4)), "big")
        spoken = frozenset(i for i in range(256) if bits >> i & 1)
    return Hello(version, spoken)


FORMS = (Form(Hello, Family.PLAIN, 0, Sender.EITHER, encode_hello, decode_hello, VERSIONS),)
