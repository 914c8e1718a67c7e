"""A door to a PostgreSQL server that can go silent: it stays open and passes nothing on, as a network does that was cut.

What was sent meanwhile is not lost: it is passed on when the door speaks again, as TCP would.
"""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator

from sqlalchemy.engine import make_url


class SilentProxy:
    """Made by `silent_proxy`."""

    def __init__(self, upstream: pathlib.Path) -> None:
        self._upstream = upstream
        self._speaks = {"there": asyncio.Event(), "back": asyncio.Event()}
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: set[asyncio.Task[object]] = set()
        self.speak()

    def speak(self) -> None:
        """Pass everything on, also what was held back."""
        for way in self._speaks.values():
            way.set()

    def go_silent(self, *ways: str) -> None:
        """Pass nothing on any more: `there` (to the server), `back`."""
        for way in ways or ("there", "back"):
            self._speaks[way].clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._writers.append(writer)
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self._upstream)
            self._writers.append(server_writer)
            back = asyncio.ensure_future(self._pass_on(server_reader, writer, "back"))
            await self._pass_on(reader, server_writer, "there")
            await back
        finally:
            self._serving.discard(task)

    async def close(self) -> None:
        """End all connections."""
        self.speak()
        for writer in self._writers:
            writer.transport.abort()
        if self._serving:
            await asyncio.wait(list(self._serving))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._speaks[way].wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def silent_proxy(url: str) -> AsyncIterator[tuple[SilentProxy, str]]:
    """A door to the server of a URL, and the URL of its database through the door."""
    parsed = make_url(url)
    host = parsed.query["host"]
    assert isinstance(host, str)
    proxy = SilentProxy(pathlib.Path(host) / ".s.PGSQL.5432")
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    through = f"postgresql://{parsed.username}@127.0.0.1:{port}/{parsed.database}?ssl=disable"
    async with server:
        yield proxy, through
        server.close()
        await proxy.close()
