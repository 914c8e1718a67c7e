"""The administrator's token: made whole, kept, and refused when others can read it."""

from __future__ import annotations

import pathlib
import stat

import pytest

from netloom.base.errors import InvalidInput
from netloom.daemon.tokens import load_or_make_token


def test_it_is_made_once_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "admin.token"
    token = load_or_make_token(path)
    assert len(token) >= 32
    assert load_or_make_token(path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["admin.token"]


def test_what_a_crash_left_half_made_is_in_nobodys_way(tmp_path: pathlib.Path) -> None:
    import os  # noqa: PLC0415

    (tmp_path / f".admin.token.{os.getpid()}").write_text("")
    assert load_or_make_token(tmp_path / "admin.token")


@pytest.mark.parametrize(("mode", "text"), [(0o644, "x" * 40), (0o600, "short"), (0o600, "ü" * 40)])
def test_one_that_cannot_be_trusted_is_refused(tmp_path: pathlib.Path, mode: int, text: str) -> None:
    path = tmp_path / "admin.token"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(InvalidInput):
        load_or_make_token(path)


def test_a_directory_that_is_not_there_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be made"):
        load_or_make_token(tmp_path / "nowhere" / "admin.token")
