"""Which certificates netloomd uses towards the hosts: the operator's own files, else the built-in CA's, else none.

Rule 1: without certificates only Unix sockets (and, where permitted, tcp:) work; the host's error says how to make them.
Rule 2: SIGHUP takes renewed files; open connections stay. The first certificates ever are found by whoever needs them.
"""

from __future__ import annotations

import pathlib
import ssl

import structlog

from netloom.base.errors import InvalidInput, NetloomError
from netloom.daemon.settings import SwitchSettings
from netloom.switches import tls
from netloom.switches.ca import Authority
from netloom.switches.tls import TlsContexts, TlsFiles

_log = structlog.get_logger("netloom.daemon")


class Certificates:
    """The TLS contexts, as far as there are certificates."""

    def __init__(self, settings: SwitchSettings) -> None:
        self._settings = settings
        self.contexts: TlsContexts | None = None

    def load(self) -> None:
        """Read the files.

        Raises:
            InvalidInput: they are incomplete or do not fit each other.
        """
        files = self._files()
        if files is None:
            return
        if self.contexts is None:
            self.contexts = tls.contexts(files)
        else:
            tls.reload(self.contexts, files)

    def client(self) -> ssl.SSLContext | None:
        """For dialling hosts; None while there are no certificates.

        Raises:
            InvalidInput: there are some, which cannot be used.
        """
        found = self._found()
        return None if found is None else found.client

    def server(self) -> ssl.SSLContext | None:
        """For hosts that dial in; as `client`."""
        found = self._found()
        return None if found is None else found.server

    def _found(self) -> TlsContexts | None:
        if self.contexts is None:
            self.load()
        return self.contexts

    def reload(self) -> None:
        """Take renewed files; keeps the old ones when the new ones are wrong."""
        try:
            self.load()
        except NetloomError as error:
            _log.error("certificates not reloaded", error=str(error))
        else:
            _log.info("certificates reloaded", present=self.contexts is not None)

    def _files(self) -> TlsFiles | None:
        own = self._settings
        if own.certificate or own.key or own.ca:
            if not (own.certificate and own.key and own.ca):
                raise InvalidInput(
                    "certificate, key and ca go together",
                    subject="switches",
                    hint="set all three, or none and use `netloom ca init`",
                )
            return TlsFiles(pathlib.Path(own.certificate), pathlib.Path(own.key), pathlib.Path(own.ca))
        authority = Authority(pathlib.Path(own.pki))
        return authority.files() if authority.exists else None
