"""What the options before the command say: where the daemon is and how to talk to it. Made once, used by every command."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import httpx
    import typer

    from netloom.client.calls import Call
    from netloom.client.sync import SyncClient

T = TypeVar("T")

SHOWN_BODY = 4_096
"""Characters of a body that --debug shows."""


@dataclass(slots=True)
class Session:
    """One run of the command line.

    Attributes:
        server: address of netloomd.
        token_file: file with the token, None without.
        debug: show requests and answers on stderr.
        timeout: seconds for an answer.
    """

    server: str
    token_file: str | None = None
    debug: bool = False
    timeout: float = 30.0
    _client: SyncClient | None = None

    @property
    def client(self) -> SyncClient:
        """The client, made on first use."""
        if self._client is None:
            from netloom.client.address import read_token  # noqa: PLC0415 - keeps --help fast
            from netloom.client.sync import SyncClient  # noqa: PLC0415
            from netloom.client.transport import Options  # noqa: PLC0415

            token = os.environ.get("NETLOOM_TOKEN") or (
                read_token(self.token_file) if self.token_file else None
            )
            self._client = SyncClient(
                self.server,
                token=token,
                options=Options(timeout=self.timeout, tries=3),
                trace=trace if self.debug else None,
            )
        return self._client

    def send(self, call: Call[T]) -> T:
        """Do one call."""
        return self.client.send(call)

    def close(self) -> None:
        """Close connections."""
        if self._client is not None:
            self._client.close()


def session_of(ctx: typer.Context) -> Session:
    """The session of a running command."""
    session = ctx.find_root().obj
    if not isinstance(session, Session):
        raise TypeError("the session is made by the root command")
    return session


def trace(request: httpx.Request, response: httpx.Response | None, seconds: float) -> None:
    """Show one exchange on stderr; the token stays hidden."""
    from netloom.faces.cli.failures import note  # noqa: PLC0415

    note(f"> {request.method} {request.url.raw_path.decode()}")
    for name, value in request.headers.items():
        note(f"> {name}: {'(hidden)' if name == 'authorization' else value}")
    if request.content:
        note("> " + _shown(request.content))
    if response is None:
        note(f"< no answer after {seconds * 1000:.1f} ms")
        return
    note(f"< {response.status_code} {response.reason_phrase} after {seconds * 1000:.1f} ms")
    for name, value in response.headers.items():
        note(f"< {name}: {value}")
    if response.is_closed and response.content:
        note("< " + _shown(response.content))


def _shown(body: bytes) -> str:
    text = body[:SHOWN_BODY].decode("utf-8", "replace")
    more = f" … ({len(body)} bytes)" if len(body) > SHOWN_BODY else ""
    return text + more
