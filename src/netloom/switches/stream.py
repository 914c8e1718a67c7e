"""A byte stream to a switch, however it was made: dialled or accepted; Unix socket, TCP or TLS.

Rule 1: TLS is the rule. Plain TCP exists only where the settings permit it; the check is here, at the only door.
Rule 2: who the peer is (its certificate) is read once, when the stream is made, and travels with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from netloom.base.errors import Forbidden, Unavailable
from netloom.model.endpoints import Endpoint, Scheme

READ_LIMIT = 256 * 1024
"""Bytes read at once; asyncio stops reading the socket at twice as many."""

WRITE_LIMIT = 4 * 1024 * 1024
"""Bytes written and not taken by the peer, above which writers wait."""


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What a peer's certificate says, after it was verified against the CA.

    Args:
        fingerprint: SHA-256 of the certificate (DER), lower-case hex.
        names: subject alternative names (DNS, URI, IP) and the common name.
    """

    fingerprint: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stream:
    """An open stream; `peer` is its remote address in Open vSwitch's words."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    peer: str
    certificate: PeerCertificate | None = None


def _no_certificates() -> None:
    """There are none."""


@dataclass(frozen=True, slots=True)
class Dialling:
    """How connections are made.

    Args:
        tls: gives the context for `ssl:`, None while there are no certificates; asked before each connection.
        allow_tcp: whether plain `tcp:` is permitted.
        timeout: seconds for connecting, TLS handshake included.
    """

    tls: Callable[[], ssl.SSLContext | None] = _no_certificates
    allow_tcp: bool = False
    timeout: float = 5.0


async def dial(endpoint: Endpoint, dialling: Dialling) -> Stream:
    """Connect.

    Raises:
        Unavailable: nobody answers there, or not in time, or TLS failed (the message says why).
        Forbidden: plain TCP, which the settings do not permit; or TLS without certificates.
    """
    tls = check_scheme(endpoint.scheme, dialling)
    try:
        async with asyncio.timeout(dialling.timeout):
            if endpoint.scheme is Scheme.UNIX:
                reader, writer = await asyncio.open_unix_connection(endpoint.path, limit=READ_LIMIT)
            else:
                reader, writer = await asyncio.open_connection(
                    endpoint.address, endpoint.port, ssl=tls, limit=READ_LIMIT
                )
    except TimeoutError as error:
        raise Unavailable(f"no connection within {dialling.timeout:g} s", subject=str(endpoint)) from error
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            f"TLS failed: the host's certificate is not good: {error.verify_message}",
            subject=str(endpoint),
            code="tls-failed",
            hint="netloom ca issue",
        ) from error
    except ssl.SSLError as error:
        raise Unavailable(
            f"TLS failed: {error.reason or error}", subject=str(endpoint), code="tls-failed"
        ) from error
    except OSError as error:
        raise Unavailable(error.strerror or str(error), subject=str(endpoint)) from error
    return opened(reader, writer, str(endpoint))


def check_scheme(scheme: Scheme, dialling: Dialling) -> ssl.SSLContext | None:
    """The TLS context that a scheme needs.

    Raises:
        Forbidden: plain TCP without permission, TLS without certificates.
    """
    if scheme is Scheme.TCP and not dialling.allow_tcp:
        raise Forbidden(
            "plain TCP is not permitted",
            code="tcp-not-permitted",
            hint="use ssl:, or set switches.allow_tcp = true in a lab",
        )
    if scheme is not Scheme.SSL:
        return None
    context = dialling.tls()
    if context is None:
        raise Forbidden("there is no certificate for TLS", code="no-certificate", hint="netloom ca init")
    return context


def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> Stream:
    """A stream over a connection that is open, dialled or accepted."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.family != socket.AF_UNIX:
        # Small requests wait for their answers: Nagle's delay would add 40 ms to each change.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    writer.transport.set_write_buffer_limits(high=WRITE_LIMIT)
    return Stream(reader, writer, peer, _certificate(writer))


def _certificate(writer: asyncio.StreamWriter) -> PeerCertificate | None:
    tls = writer.get_extra_info("ssl_object")
    if tls is None:
        return None
    raw = tls.getpeercert(binary_form=True)
    if not raw:
        return None
    parsed = tls.getpeercert()
    names = {str(value).removeprefix("urn:uuid:") for _, value in parsed.get("subjectAltName", ())}
    for part in parsed.get("subject", ()):
        names.update(str(value) for key, value in part if key == "commonName")
    return PeerCertificate(hashlib.sha256(raw).hexdigest(), frozenset(names))
