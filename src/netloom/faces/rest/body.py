"""Bodies in: read within bounds of size and time, and what kind of text they are.

Rule 1: a length that is announced too large is refused before a byte is read, one that is not announced when it gets there.
Rule 2: the whole body has one deadline; a client that trickles pays with its own connection only.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from netloom.faces.rest.problems import HttpProblem, Unread

JSON_TYPES: Final = frozenset({"application/json", "application/merge-patch+json"})
YAML_TYPES: Final = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})


def media_type(request: Request) -> str:
    """The media type of the body, without parameters, lower case; JSON when nothing is said."""
    value = request.headers.get("content-type", "application/json")
    return value.partition(";")[0].strip().lower()


async def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """The whole body.

    Args:
        request: whose body.
        limit: bytes at most.
        seconds: until it has to be there.

    Raises:
        Unread: more than `limit` (413).
        HttpProblem: not there in time (408), not the length announced, or broken off (400).
    """
    announced = request.headers.get("content-length")
    if announced is not None:
        if not announced.isdecimal() or len(announced) > 15:
            raise HttpProblem(400, f"a Content-Length of {announced[:20]!r}")
        if int(announced) > limit:
            raise _too_large(int(announced), limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise _too_large(size, limit)
                parts.append(part)
    except TimeoutError as error:
        raise HttpProblem(
            408,
            f"{size} bytes of the body in {seconds:g} seconds",
            hint="send it faster, or in smaller requests",
        ) from error
    except ClientDisconnect as error:
        raise HttpProblem(400, f"the client hung up after {size} bytes of the body") from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(size: int, limit: int) -> Unread:
    return Unread(f"a body of {size} bytes or more", hint=f"at most {limit} bytes here")
