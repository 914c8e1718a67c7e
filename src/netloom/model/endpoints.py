"""Where a host's Open vSwitch is reached, in Open vSwitch's own words: `ssl:IP:PORT`, `tcp:IP:PORT`, `unix:PATH`."""

from __future__ import annotations

import enum
import re

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.net import parse_ip

OVSDB_PORT = 6640
"""RFC 7047, section 6."""

OPENFLOW_PORT = 6653
"""IANA's port for OpenFlow."""

_ADDRESS = re.compile(r"^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$")
MAX_PATH = 107
"""What fits into sockaddr_un (unix(7))."""


class Scheme(enum.Enum):
    """How a connection is made."""

    SSL = "ssl"
    TCP = "tcp"
    UNIX = "unix"


class Endpoint(msgspec.Struct, frozen=True):
    """A place to connect to; `str()` gives the canonical text, IPv6 in brackets."""

    scheme: Scheme
    address: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.scheme is Scheme.UNIX:
            return f"unix:{self.path}"
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme.value}:{address}:{self.port}"


def parse_endpoint(text: str, default_port: int, subject: str) -> Endpoint:
    """An endpoint from its text; the port may be left out.

    Raises:
        InvalidInput: unknown scheme, no numeric address (Open vSwitch takes no names), bad port, relative path.
    """
    word, colon, rest = text.partition(":")
    hint = "ssl:192.0.2.7:6640, ssl:[2001:db8::7]:6640, tcp:192.0.2.7:6640 or unix:/run/openvswitch/db.sock"
    if not colon or word not in {s.value for s in Scheme}:
        raise InvalidInput(f"{text!r} is not a place to connect to", subject=subject, hint=hint)
    scheme = Scheme(word)
    if scheme is Scheme.UNIX:
        if not rest.startswith("/") or len(rest.encode()) > MAX_PATH or not rest.isprintable():
            raise InvalidInput(
                f"{rest!r} is not the path of a socket",
                subject=subject,
                hint=f"absolute, up to {MAX_PATH} bytes",
            )
        return Endpoint(scheme, path=rest)
    found = _ADDRESS.match(rest)
    if found is None:
        raise InvalidInput(f"{rest!r} is not an address and a port", subject=subject, hint=hint)
    address = parse_ip(found[1] or found[2], subject)
    port = int(found[3]) if found[3] else default_port
    if not 1 <= port <= 65535:
        raise InvalidInput(f"port {port} does not exist", subject=subject, hint="1 to 65535")
    return Endpoint(scheme, str(address), port)
