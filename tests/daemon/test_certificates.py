"""Certificates at the doors: told at start when they are wrong, renewed while serving, warned of before they end."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import hashlib
import pathlib
import socket
import ssl

import msgspec
import pytest
from starlette.types import Receive, Scope, Send

from netloom.base.errors import InvalidInput
from netloom.daemon import doors
from netloom.daemon.certificates import Certificates
from netloom.daemon.expiry import ExpiryWatch
from netloom.daemon.settings import ApiSettings, Settings, SwitchSettings
from netloom.switches.ca import Authority

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass
class Wall:
    at: dt.datetime

    def now(self) -> float:
        return 0.0

    def wall(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An application that nobody asks."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def api_settings(tmp_path: pathlib.Path, port: int) -> ApiSettings:
    return ApiSettings(
        socket=str(tmp_path / "api.sock"),
        listen=f"127.0.0.1:{port}",
        tls_certificate=str(tmp_path / "api.crt"),
        tls_key=str(tmp_path / "api.key"),
    )


def issue(tmp_path: pathlib.Path, name: str) -> str:
    """Put a new certificate where the settings point; its fingerprint."""
    now = dt.datetime.now(dt.UTC)
    authority = Authority(tmp_path / "pki")
    if not authority.exists:
        authority.init(now)
    made = authority.issue_host(name, now)
    (tmp_path / "api.crt").write_bytes(made.certificate.read_bytes())
    (tmp_path / "api.key").write_bytes(made.key.read_bytes())
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(_first(made.certificate.read_text()))).hexdigest()


def _first(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    return pem[: pem.index(end) + len(end)]


async def shown(port: int) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    raw = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    await asyncio.sleep(0)
    return hashlib.sha256(raw).hexdigest()


async def test_a_certificate_that_cannot_be_used_is_told_at_start(tmp_path: pathlib.Path) -> None:
    settings = api_settings(tmp_path, free_port())
    (tmp_path / "api.crt").write_text("nonsense")
    (tmp_path / "api.key").write_text("nonsense")
    with pytest.raises(InvalidInput) as caught:
        async with doors.serve(nothing, settings):
            pass
    assert caught.value.subject == "api.tls_certificate"
    assert not (tmp_path / "api.sock").exists()


async def test_a_renewed_certificate_is_shown_to_new_clients(tmp_path: pathlib.Path) -> None:
    port = free_port()
    first = issue(tmp_path, "first")
    async with doors.serve(nothing, api_settings(tmp_path, port)) as reload:
        assert await shown(port) == first
        second = issue(tmp_path, "second")
        assert await shown(port) == first
        reload()
        assert await shown(port) == second
        (tmp_path / "api.crt").write_text("nonsense")
        reload()
        assert await shown(port) == second, "a wrong file takes nothing away"


def test_certificates_are_warned_of_before_they_end(tmp_path: pathlib.Path) -> None:
    authority = Authority(tmp_path / "pki")
    authority.init(NOW)
    authority.issue_host("h1", NOW, days=20)
    switches = SwitchSettings(pki=str(tmp_path / "pki"))
    settings = Settings(switches=switches)
    (soon,) = ExpiryWatch(settings, Wall(NOW)).look()
    assert (soon.path.name, soon.days) == ("h1.crt", 20)
    (ended,) = ExpiryWatch(settings, Wall(NOW + dt.timedelta(days=21))).look()
    assert ended.days == -1
    own = msgspec.structs.replace(switches, pki=str(tmp_path / "none"), ca=str(soon.path))
    assert [each.path for each in ExpiryWatch(Settings(switches=own), Wall(NOW)).look()] == [soon.path]
    broken = tmp_path / "broken.crt"
    broken.write_text("nonsense")
    own = msgspec.structs.replace(own, ca=str(broken))
    assert not ExpiryWatch(Settings(switches=own), Wall(NOW)).look()


def test_the_first_certificates_are_found_while_running(tmp_path: pathlib.Path) -> None:
    certificates = Certificates(SwitchSettings(pki=str(tmp_path / "pki")))
    certificates.load()
    assert certificates.client() is None
    Authority(tmp_path / "pki").init(dt.datetime.now(dt.UTC))
    found = certificates.client()
    assert found is not None
    assert certificates.server() is not None
    assert certificates.client() is found, "they are read once"
