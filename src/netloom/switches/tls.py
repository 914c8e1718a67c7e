"""TLS contexts towards switches: both sides show certificates, TLS 1.2 at least, compression and renegotiation off.

Rule 1: a chain to the CA proves membership; *which* host it is, is decided by `identity`, by name or pinned fingerprint:
    Open vSwitch certificates rarely name an address, and addresses change.
Rule 2: contexts are reloaded in place: connections that are open stay, new ones use the new certificates.
"""

from __future__ import annotations

import pathlib
import ssl
from dataclasses import dataclass

from netloom.base.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: our certificate (with its chain), its key, and the CA certificates that hosts' certificates come from."""

    certificate: pathlib.Path
    key: pathlib.Path
    trust: pathlib.Path


@dataclass(frozen=True, slots=True)
class TlsContexts:
    """For dialling (`client`) and for being dialled (`server`)."""

    client: ssl.SSLContext
    server: ssl.SSLContext


def contexts(files: TlsFiles) -> TlsContexts:
    """Both contexts.

    Raises:
        InvalidInput: a file cannot be read or does not fit the others, with its name.
    """
    made = TlsContexts(
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    )
    for context in (made.client, made.server):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    reload(made, files)
    return made


def reload(made: TlsContexts, files: TlsFiles) -> None:
    """Take the files as they are now; CA certificates that were trusted before stay trusted until the process ends.

    Raises:
        InvalidInput: a file cannot be read or does not fit the others; then nothing changes for the key that was loaded.
    """
    for context in (made.client, made.server):
        try:
            context.load_cert_chain(files.certificate, files.key)
        except (ssl.SSLError, OSError) as error:
            raise InvalidInput(
                f"certificate and key cannot be used: {error}",
                subject=str(files.certificate),
                code="certificate-unusable",
                hint="PEM files of one certificate and its key; netloom ca init makes them",
            ) from error
        try:
            context.load_verify_locations(files.trust)
        except (ssl.SSLError, OSError) as error:
            raise InvalidInput(
                f"CA certificates cannot be used: {error}",
                subject=str(files.trust),
                code="certificate-unusable",
                hint="a PEM file of one or more CA certificates",
            ) from error
