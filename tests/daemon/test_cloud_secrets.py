"""The vault's key and the first password: made once, for their owner alone, and good after a restart."""

from __future__ import annotations

import pathlib
import stat

import pytest
import structlog
from tests.daemon.daemons import running

from netloom.app.cloud import keys
from netloom.app.cloud.identity import Identities
from netloom.app.cloud.identity_seed import first_administrator
from netloom.base.errors import InvalidInput
from netloom.daemon.wiring import Netloomd
from netloom.model.cloud.identity import ADMIN_USER_ID


async def _register(daemon: Netloomd) -> str:
    request = keys.RegisterKeys(user_id=ADMIN_USER_ID)
    return (await daemon.cloud.do(first_administrator(), keys.REGISTER, request)).record.key


async def test_keys_and_password_outlive_a_restart(tmp_path: pathlib.Path) -> None:
    async with running(tmp_path) as daemon:
        key = await _register(daemon)
        before = await Identities(daemon.cloud).signer(key)
    for name in ("vault.key", "admin.password"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    password = (tmp_path / "admin.password").read_text().strip()
    async with running(tmp_path) as daemon:
        identities = Identities(daemon.cloud)
        after = await identities.signer(key)
        assert before is not None
        assert after is not None
        assert after.secret == before.secret
        assert await identities.by_password("admin", password, "/") is not None
        assert await identities.by_password("admin", f"{password}x", "/") is None


async def test_neither_is_in_the_store(tmp_path: pathlib.Path) -> None:
    async with running(tmp_path) as daemon:
        key = await _register(daemon)
        signer = await Identities(daemon.cloud).signer(key)
        assert signer is not None
    stored = b"".join(each.read_bytes() for each in tmp_path.glob("netloom.db*"))
    assert key.encode() in stored
    for secret in (
        signer.secret,
        *((tmp_path / name).read_text().strip() for name in ("vault.key", "admin.password")),
    ):
        assert secret.encode() not in stored


async def test_the_password_is_not_made_again(tmp_path: pathlib.Path) -> None:
    async with running(tmp_path):
        pass
    (tmp_path / "admin.password").unlink()
    async with running(tmp_path):
        pass
    assert not (tmp_path / "admin.password").exists()


async def test_another_key_is_told_at_the_start(tmp_path: pathlib.Path) -> None:
    async with running(tmp_path) as daemon:
        await _register(daemon)
    (tmp_path / "vault.key").unlink()
    with structlog.testing.capture_logs() as logs:
        async with running(tmp_path):
            pass
    assert [each["path"] for each in logs if "vault" in each["event"]] == [str(tmp_path / "vault.key")]


async def test_a_key_that_others_may_read_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "vault.key").write_text("x" * 40)
    (tmp_path / "vault.key").chmod(0o644)
    with pytest.raises(InvalidInput, match="others may read the key"):
        async with running(tmp_path):
            raise AssertionError("not reached")
