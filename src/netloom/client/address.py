"""Where the daemon is: a Unix socket, or HTTP with a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from netloom.base.errors import InvalidInput

DEFAULT_SOCKET: Final = "unix:/run/netloom/netloomd.sock"
MAX_TOKEN: Final = 4_096


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address.

    Attributes:
        base: what request URLs start with.
        socket: path of the Unix socket, None over TCP.
        token: bearer token, None without.
    """

    base: str
    socket: str | None = None
    token: str | None = field(default=None, repr=False)


def parse_address(text: str, token: str | None = None) -> Address:
    """`unix:PATH`, `http://HOST:PORT` or `https://HOST:PORT`.

    Raises:
        InvalidInput: it is none of them.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:").removeprefix("//")
        if not path.startswith("/"):
            raise InvalidInput(
                f"{text!r} has no absolute path", subject="server", hint=f"for example {DEFAULT_SOCKET}"
            )
        return Address("http://netloomd", path, token)
    if text.startswith(("http://", "https://")) and urlsplit(text).hostname:
        return Address(text.rstrip("/"), None, token)
    raise InvalidInput(
        f"{text!r} is not an address of netloomd",
        subject="server",
        hint=f"{DEFAULT_SOCKET} or http://127.0.0.1:7660",
    )


def read_token(path: str) -> str:
    """The token in a file: its first line.

    Raises:
        InvalidInput: it cannot be read, or holds none.
    """
    try:
        with Path(path).open(encoding="ascii") as file:
            token = file.readline(MAX_TOKEN).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the token file {path} cannot be read: {error}", subject="token-file") from error
    if not token:
        raise InvalidInput(f"the token file {path} is empty", subject="token-file")
    return token
