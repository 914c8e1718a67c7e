"""Each test that takes `url` runs on both databases, a fresh one each time."""

from __future__ import annotations

import pathlib

import pytest
from tests.sandbox.postgres import shared_server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/netloom.db"
    return shared_server().new_database()


@pytest.fixture
def sqlite_url(tmp_path: pathlib.Path) -> str:
    return f"sqlite:///{tmp_path}/netloom.db"
