"""A blocking JSON-RPC 1.0 client on a Unix socket: what ovsdb-server (RFC 7047) and every daemon's unixctl speak.

It is deliberately not `netloom.wire`: the lab must be able to bear witness against the product's own protocol code.
Rule 1: one request at a time; the answer or an error, never silence longer than the timeout.
Rule 2: requests of the peer (echo) are answered on the way.
"""

from __future__ import annotations

import json
import pathlib
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeAlias

from netloom.lab.errors import LabError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | dict[str, Json] | None"


class JsonRpc:
    """A connection. Not for several threads at once."""

    def __init__(self, path: pathlib.Path, timeout: float = 30.0) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise LabError(f"nobody answers on {path}: {error}", code="not-running") from error
        self._decoder = json.JSONDecoder()
        self._buffer = ""
        self._serial = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def call(self, method: str, *params: Json) -> Json:
        """The result of one request.

        Raises:
            LabError: the peer answered with an error, closed, or was silent for too long.
        """
        self._serial += 1
        self._send({"method": method, "params": list(params), "id": self._serial})
        while True:
            message = self._receive()
            if message.get("method") == "echo":
                self._send({"result": message.get("params"), "error": None, "id": message.get("id")})
            elif message.get("id") == self._serial and "method" not in message:
                if message.get("error") is not None:
                    raise LabError(f"{method}: {message['error']}", subject=str(self.path))
                return message.get("result")

    def _send(self, message: dict[str, Json]) -> None:
        try:
            self._socket.sendall(json.dumps(message).encode())
        except OSError as error:
            raise LabError(f"{self.path} does not take requests: {error}", code="not-running") from error

    def _receive(self) -> dict[str, Json]:
        while True:
            self._buffer = self._buffer.lstrip()
            if self._buffer:
                try:
                    message, end = self._decoder.raw_decode(self._buffer)
                except json.JSONDecodeError:
                    pass  # not whole yet
                else:
                    self._buffer = self._buffer[end:]
                    if not isinstance(message, dict):
                        raise LabError(f"{self.path} sent {message!r}")
                    return message
            try:
                chunk = self._socket.recv(1 << 20)
            except OSError as error:
                raise LabError(f"{self.path} does not answer: {error}", code="not-answering") from error
            if not chunk:
                raise LabError(f"{self.path} closed the connection", code="not-running")
            self._buffer += chunk.decode()
