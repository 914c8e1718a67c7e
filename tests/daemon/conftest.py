"""What tests of the daemon share."""

from __future__ import annotations

import pathlib

import pytest


@pytest.fixture
def sqlite_url(tmp_path: pathlib.Path) -> str:
    return f"sqlite:///{tmp_path}/netloom.db"
