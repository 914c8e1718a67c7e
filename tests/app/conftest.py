"""Each test that takes `url` runs on both databases, one of its own each time, that a store was opened on before."""

from __future__ import annotations

import pathlib

import pytest
from tests.testing import passwords, templates
from tests.testing.engines import share_statements

share_statements()
passwords.make_cheap()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    if request.param == "sqlite":
        return templates.migrated(tmp_path / "netloom.db")
    return templates.migrated_postgres()


@pytest.fixture
def sqlite_url(tmp_path: pathlib.Path) -> str:
    return f"sqlite:///{tmp_path}/netloom.db"
