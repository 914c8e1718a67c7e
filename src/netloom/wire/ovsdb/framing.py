"""Cuts a byte stream into JSON texts, without looking at every byte in Python.

RFC 7047 4: messages are JSON objects one after another, with nothing or blanks between them; the end of one is only known by
its braces. Two facts make it cheap: (1) outside of strings, `}` followed by `{` cannot occur inside a JSON text, so it is a
boundary; (2) what braces a chunk opens and closes can be counted by C code once escapes and quoted text are taken out.

Rule 1: every byte is scanned once, however it is chunked; the cost never depends on what already waits in the buffer.
Rule 2: this module knows nothing of JSON beyond strings and brackets; a frame may still be nonsense, the decoder says so.
"""

from __future__ import annotations

import re

from netloom.wire.ovsdb.errors import RemoteProtocolError
from netloom.wire.ovsdb.limits import Limits

_BOUNDARY = re.compile(rb"\}[ \t\r\n]*\{")
_BLANKS = b" \t\r\n"
_NOT_STRUCTURE = bytes(sorted(set(range(256)) - set(b'"{}[]')))


class Framer:
    """Bytes in, whole JSON objects out.

    Args:
        limits: `message_bytes` bounds one object, `depth` the brackets that are open at once.
    """

    __slots__ = ("_buffer", "_depth", "_held", "_limits", "_quoted")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._depth = 0  # brackets open at the end of the buffer
        self._quoted = False  # the end of the buffer is inside a string
        self._held = b""  # a backslash that waits for what it escapes

    @property
    def pending(self) -> int:
        """Bytes of the unfinished object."""
        return len(self._buffer) + len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """The objects that became whole.

        Raises:
            RemoteProtocolError: something else than an object, or a limit was passed.
        """
        if self._held:
            data, self._held = self._held + data, b""
        if data.endswith(b"\\") and (len(data) - len(data.rstrip(b"\\"))) % 2:
            # An odd run of backslashes escapes a byte that has not come yet.
            data, self._held = data[:-1], b"\\"
        # Escape pairs become two harmless bytes: positions stay, and every quote that is left opens or closes a string.
        plain = data if b"\\" not in data else data.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        frames: list[bytes] = []
        start = self._cut_whole(data, plain, frames)
        self._keep_rest(data[start:], plain[start:], frames)
        return frames

    def _cut_whole(self, data: bytes, plain: bytes, frames: list[bytes]) -> int:
        """Takes out everything that ends at a boundary inside this chunk; the offset of what remains."""
        start = search = 0
        quoted = self._quoted
        while (match := _BOUNDARY.search(plain, search)) is not None:
            brace = match.start()
            if plain.count(b'"', search, brace) & 1:
                quoted = not quoted
            if quoted:
                # Braces in a string; go on behind its end.
                closing = plain.find(b'"', brace)
                if closing < 0:
                    break
                search, quoted = closing + 1, False
                continue
            frames.append(self._finish(data[start : brace + 1]))
            start = search = match.end() - 1
        return start

    def _keep_rest(self, data: bytes, plain: bytes, frames: list[bytes]) -> None:
        """Adds the rest of the chunk to the buffer, and finishes the object if it closes just here."""
        if not self._buffer:
            stripped = data.lstrip(_BLANKS)
            if not stripped:
                return
            if stripped[:1] != b"{":
                raise RemoteProtocolError(
                    f"a message begins with {stripped[:20]!r}",
                    hint="a JSON object begins with {, RFC 7047 section 4",
                )
            if len(stripped) != len(data):
                data, plain = stripped, plain.lstrip(_BLANKS)
        self._count(plain)
        if self._depth == 0 and not self._quoted:
            frames.append(self._finish(data))
            return
        self._buffer += data
        self._check_size(len(self._buffer))

    def _count(self, plain: bytes) -> None:
        """Follows depth and quoting over a chunk."""
        structure = plain.translate(None, _NOT_STRUCTURE)
        if self._quoted:
            structure = b'"' + structure
        # Taking out two neighbouring quotes never changes whether what follows is inside a string; most strings go this way.
        structure = structure.replace(b'""', b"")
        if b'"' in structure:
            parts = structure.split(b'"')
            self._quoted = len(parts) % 2 == 0
            structure = b"".join(parts[::2])
        else:
            self._quoted = False
        opened = structure.count(b"{") + structure.count(b"[")
        self._depth += 2 * opened - len(structure)
        if self._depth < 0:
            raise RemoteProtocolError("a message closes more brackets than it opened")
        if self._depth > self._limits.depth:
            raise RemoteProtocolError(
                f"a message opens {self._depth} brackets", hint=f"the limit is {self._limits.depth}"
            )

    def _finish(self, last: bytes) -> bytes:
        """The object that ends with `last`."""
        self._check_size(len(self._buffer) + len(last))
        if self._buffer:
            self._buffer += last
            last = bytes(self._buffer)
            self._buffer = bytearray()
        elif last[:1] != b"{":
            last = last.lstrip(_BLANKS)
        self._depth = 0
        self._quoted = False
        return last

    def _check_size(self, size: int) -> None:
        if size > self._limits.message_bytes:
            raise RemoteProtocolError(
                f"a message of {size} bytes or more", hint=f"the limit is {self._limits.message_bytes}"
            )
