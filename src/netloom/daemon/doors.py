"""The doors of the REST face: a Unix socket, and HTTP(S) on an address, served by uvicorn in this loop.

Rule 1: sockets are made here, before serving, so that a door that cannot open is an error with a reason at start.
Rule 2: who may open the Unix socket's file may do everything; on the address a token is asked for.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

import structlog
import uvicorn
from starlette.types import ASGIApp

from netloom.aio.tasks import TaskKit
from netloom.base.errors import InvalidInput, Unavailable
from netloom.daemon.settings import ApiSettings
from netloom.faces.rest.auth import trusted
from netloom.faces.rest.server import server_config

_log = structlog.get_logger("netloom.daemon")

BACKLOG = 512


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: signals are the daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def unix_socket(path: pathlib.Path, mode: int) -> socket.socket:
    """A listening Unix socket; takes the place of one that nobody serves any more.

    Raises:
        Unavailable: another netloomd serves it. InvalidInput: the path cannot be used.
    """
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                path.unlink(missing_ok=True)
            else:
                raise Unavailable("another process serves it", subject=str(path), code="socket-in-use")
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        before = os.umask(0o777 & ~mode)
        try:
            door.bind(str(path))
        finally:
            os.umask(before)
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        raise InvalidInput(f"cannot listen: {error}", subject=str(path)) from error
    return door


def tcp_socket(listen: str) -> socket.socket:
    """A listening TCP socket at ADDRESS:PORT.

    Raises:
        Unavailable: the address is taken or not this machine's.
    """
    address, _, port = listen.rpartition(":")
    address = address.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address, int(port)))
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        raise Unavailable(f"cannot listen: {error}", subject=listen, code="address-in-use") from error
    return door


@contextlib.asynccontextmanager
async def serve(
    api: ASGIApp, settings: ApiSettings, unguarded: Mapping[str, ASGIApp] | None = None
) -> AsyncIterator[Callable[[], None]]:
    """All doors open for the length of a block; leaving it lets requests in hand end. Gives what takes renewed certificates.

    Args:
        api: what the settings' doors lead to.
        settings: the doors.
        unguarded: further ones by ADDRESS:PORT, that let everybody in as the Unix socket does; the settings see to it that
            they are loopback.

    Raises:
        Unavailable, InvalidInput: a door cannot be opened; then none is.
    """
    servers: list[_Server] = []
    with contextlib.ExitStack() as cleanup:
        doors: list[tuple[socket.socket, ASGIApp, uvicorn.Config]] = []
        if settings.socket:
            path = pathlib.Path(settings.socket)
            door = cleanup.enter_context(unix_socket(path, settings.socket_mode))
            cleanup.callback(path.unlink, missing_ok=True)
            app = trusted(api)
            doors.append((door, app, server_config(app)))
        if settings.listen:
            door = cleanup.enter_context(tcp_socket(settings.listen))
            config = server_config(api, certificate=settings.tls_certificate, key=settings.tls_key)
            doors.append((door, api, config))
        for listen, face in (unguarded or {}).items():
            door = cleanup.enter_context(tcp_socket(listen))
            app = trusted(face)
            doors.append((door, app, server_config(app)))
        for _, _, config in doors:
            _load(config)
        async with TaskKit("doors") as kit:
            tasks = []
            for door, _, config in doors:
                server = _Server(config)
                servers.append(server)
                tasks.append(kit.start(server.serve(sockets=[door]), door.family.name))
            try:
                yield lambda: _reload([config for _, _, config in doors], settings)
            finally:
                for server in servers:
                    server.should_exit = True
                for task in tasks:
                    await task


def _load(config: uvicorn.Config) -> None:
    """Have what a server would find wrong only in its own task found now."""
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        raise InvalidInput(
            f"certificate and key cannot be used: {error}",
            subject="api.tls_certificate",
            code="certificate-unusable",
            hint="PEM files of one certificate (with its chain) and its key, without a password",
        ) from error


def _reload(configs: Sequence[uvicorn.Config], settings: ApiSettings) -> None:
    """Take a renewed certificate for new connections; the old one stays when the new one is wrong."""
    for config in configs:
        if config.ssl is None:
            continue
        try:
            config.ssl.load_cert_chain(settings.tls_certificate, settings.tls_key)
        except (ssl.SSLError, OSError) as error:
            _log.error("API certificate not reloaded", error=str(error))
        else:
            _log.info("API certificate reloaded")
