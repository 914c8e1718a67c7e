"""Real sockets: what has to hold before the application sees a request, and keep-alive around it."""

from __future__ import annotations

import asyncio

import pytest

from netloom.base.errors import TooLarge
from netloom.client import NetloomClient
from netloom.faces.rest import server

PING = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


async def connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(address.removeprefix("unix:"))


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.split(b":")[1]))
    return head


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def test_endless_head(live: object) -> None:
    reader, writer = await connect(live.unix)  # type: ignore[attr-defined]
    writer.write(b"GET /healthz HTTP/1.1\r\nx-much: " + b"y" * (server.MAX_HEAD + 70_000))
    async with asyncio.timeout(30):
        assert (await reader.read(100)).startswith(b"HTTP/1.1 431")
    await close(writer)


async def test_slow_head(live: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.1)
    reader, writer = await connect(live.unix)  # type: ignore[attr-defined]
    writer.write(b"GET /healthz HTT")
    async with asyncio.timeout(30):
        assert (await reader.read(100)).startswith(b"HTTP/1.1 408")
    await close(writer)


async def test_many_requests_on_one_connection(live: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    reader, writer = await connect(live.unix)  # type: ignore[attr-defined]
    async with asyncio.timeout(30):
        for _ in range(3):
            writer.write(PING)
            assert (await answer_of(reader)).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.15)  # idle longer in sum than a head may take
        writer.write(PING * 20)  # pipelined
        for _ in range(20):
            assert (await answer_of(reader)).startswith(b"HTTP/1.1 200")
        body = b'{"name": "z"}'
        writer.write(
            b"POST /v1/zones HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
            + str(len(body)).encode()
            + b"\r\n\r\n"
            + body
            + PING
        )
        assert (await answer_of(reader)).startswith(b"HTTP/1.1 201")
        assert (await answer_of(reader)).startswith(b"HTTP/1.1 200")
    await close(writer)


async def test_garbage(live: object) -> None:
    reader, writer = await connect(live.unix)  # type: ignore[attr-defined]
    writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    async with asyncio.timeout(30):
        assert (await reader.read(100)).startswith(b"HTTP/1.1 400")
    await close(writer)


async def test_a_body_that_is_too_large_is_told_before_it_is_read(live: object) -> None:
    for address in (live.unix, live.tcp):  # type: ignore[attr-defined]
        async with NetloomClient(address, token="correct-horse-battery-staple") as client:
            with pytest.raises(TooLarge, match="41943040 bytes"):
                await client.apply(b"#" * (40 * 2**20))


async def test_a_client_that_hangs_up_in_its_body(live: object) -> None:
    reader, writer = await connect(live.unix)  # type: ignore[attr-defined]
    writer.write(b"POST /v1/zones HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()
    await close(writer)
    reader, writer = await connect(live.unix)  # type: ignore[attr-defined]
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    async with asyncio.timeout(30):
        assert (await answer_of(reader)).startswith(b"HTTP/1.1 200")
    await close(writer)
