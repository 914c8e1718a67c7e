"""The built-in CA: what it signs is good for whom, and a rotation breaks nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import stat
from pathlib import Path

import pytest

from netloom.base.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from netloom.base.ids import Uuid
from netloom.model.endpoints import Endpoint, Scheme
from netloom.switches.ca import Authority
from netloom.switches.identity import Identity, Pin, check
from netloom.switches.stream import Dialling, Stream, dial, opened
from netloom.switches.tls import TlsFiles, contexts, reload

NOW = dt.datetime.now(dt.UTC)
HOST_ID = Uuid("00000000-0000-4000-8000-000000000001")


async def meet(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[Stream, Stream]:
    """A connection between both: (as the client sees it, as the server sees it)."""
    accepted: asyncio.Future[Stream] = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(opened(reader, writer, "test"))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    try:
        stream = await dial(Endpoint(Scheme.SSL, "127.0.0.1", port), Dialling(lambda: client))
        # TLS 1.3 tells the client only with the next read that its certificate was refused.
        stream.writer.write(b"hello")
        async with asyncio.timeout(20):
            theirs = await accepted
            assert await theirs.reader.read(5) == b"hello"
            theirs.writer.write(b"hello")
            assert await stream.reader.read(5) == b"hello"
        return stream, theirs
    finally:
        listening.close()


def close(*streams: Stream) -> None:
    for stream in streams:
        stream.writer.transport.abort()


def host_files(directory: Path, name: str) -> TlsFiles:
    return TlsFiles(
        directory / "hosts" / f"{name}.crt",
        directory / "hosts" / f"{name}.key",
        directory / "controller-trust.crt",
    )


def test_files_are_nobody_elses(tmp_path: Path) -> None:
    directory = tmp_path / "pki"
    authority = Authority(directory)
    authority.init(NOW)
    authority.issue_host("h1", NOW)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    keys = [*directory.glob("*.key"), *directory.glob("hosts/*.key")]
    assert len(keys) == 4
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)
    with pytest.raises(Conflict):
        authority.init(NOW)


def test_without_a_ca_nothing_is_issued(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Authority(tmp_path).issue_host("h1", NOW)
    with pytest.raises(InvalidInput):
        contexts(TlsFiles(tmp_path / "a", tmp_path / "b", tmp_path / "c"))


async def test_both_sides_prove_who_they_are(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours = contexts(authority.init(NOW))
    made = authority.issue_host("h1", NOW, host_id=HOST_ID, addresses=["192.0.2.1"])
    theirs = contexts(host_files(tmp_path, "h1"))
    mine, seen = await meet(theirs.server, ours.client)
    assert mine.certificate is not None
    assert mine.certificate.fingerprint == made.fingerprint
    assert {"h1", str(HOST_ID), "192.0.2.1"} <= mine.certificate.names
    assert seen.certificate is not None
    close(mine, seen)
    mine, seen = await meet(ours.server, theirs.client)
    assert seen.certificate is not None
    check(Pin(None, None, frozenset({"h1"})), Identity("x", seen.certificate))
    with pytest.raises(Forbidden):
        check(Pin(None, "00" * 32, frozenset({"h2"})), Identity("x", seen.certificate))
    close(mine, seen)


async def test_a_host_cannot_play_the_controller(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.init(NOW)
    authority.issue_host("h1", NOW)
    authority.issue_host("h2", NOW)
    one, other = contexts(host_files(tmp_path, "h1")), contexts(host_files(tmp_path, "h2"))
    with pytest.raises((Unavailable, ssl.SSLError, ConnectionError)):
        await meet(one.server, other.client)


async def test_a_rotation_breaks_nothing(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    begun, rotated = NOW - dt.timedelta(days=60), NOW - dt.timedelta(days=40)
    ours = contexts(authority.init(begun))
    authority.issue_host("h1", begun)
    old_host = contexts(host_files(tmp_path, "h1"))  # trusts the old controller CA only
    files = authority.rotate(rotated, overlap_days=30)
    reload(ours, files)
    fresh = contexts(files)
    for netloom in (ours, fresh):
        close(*await meet(old_host.server, netloom.client))
        close(*await meet(netloom.server, old_host.client))
    authority.issue_host("h1", rotated)
    new_host = contexts(host_files(tmp_path, "h1"))
    close(*await meet(new_host.server, fresh.client))
    # Once more: what was signed by the last one is good still; the one before it is over, its overlap has passed.
    last = contexts(authority.rotate(NOW, overlap_days=30))
    close(*await meet(new_host.server, last.client))
    with pytest.raises((Unavailable, ssl.SSLError, ConnectionError)):
        await meet(old_host.server, last.client)


async def test_tls_needs_certificates_and_tcp_needs_permission() -> None:
    with pytest.raises(Forbidden):
        await dial(Endpoint(Scheme.SSL, "127.0.0.1", 1), Dialling())
    with pytest.raises(Forbidden):
        await dial(Endpoint(Scheme.TCP, "127.0.0.1", 1), Dialling())


def test_a_certificate_that_ends_soon_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.init(NOW)
    made = authority.issue_host("ein host/ß", NOW, days=10)
    assert made.certificate.parent == tmp_path / "hosts"
    assert [path for path, _ in authority.expiring(NOW)] == [made.certificate]
