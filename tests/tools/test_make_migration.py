"""The next migration begins with what differs."""

from __future__ import annotations

import pathlib
import shutil

import pytest
from sqlalchemy import Column, Index, MetaData, Text
from tools.make_migration import make

from netloom.store import migrate, tables


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate._SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)


def test_without_a_difference_there_is_nothing_to_do() -> None:
    made = make("nothing at all")
    assert made.name == f"{int(migrate.head()):04d}_nothing_at_all.py"
    assert "op." not in made.read_text(encoding="utf-8")


def test_a_new_column_and_its_index_are_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = MetaData(naming_convention=tables.metadata.naming_convention)
    for table in tables.metadata.sorted_tables:
        table.to_metadata(other)
    alerts = other.tables["cloud_alerts"]
    alerts.append_column(Column("colour", Text, nullable=False))
    Index("ix_cloud_alerts_colour", alerts.c.colour)
    monkeypatch.setattr(tables, "metadata", other)
    before = migrate.head()
    text = make("colours of alerts").read_text(encoding="utf-8")
    assert f"down_revision = '{before}'" in text
    assert "sa.Column('colour', sa.Text(), nullable=False)" in text
    assert "ix_cloud_alerts_colour" in text
    assert text.count("add_column") == 1
