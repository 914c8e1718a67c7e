"""Migrations make what the program uses: a record that changes without a migration fails here."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import pytest
from sqlalchemy import Connection, MetaData, inspect
from tests.sandbox.postgres import shared_server

from netloom.store import conflicts, tables
from netloom.store.cloud.schema import STORED
from netloom.store.database import open_database
from netloom.store.migrate import migrate

Shape = Mapping[str, Mapping[str, object]]
HINT = "a record or table changed: docs/design/store.md says how to write the migration"


def shape(connection: Connection) -> Shape:
    """All that a database says of its tables: columns, keys, what is unique, what refers to what, indexes."""
    see = inspect(connection)
    columns, keys, refers = (
        see.get_multi_columns(),
        see.get_multi_pk_constraint(),
        see.get_multi_foreign_keys(),
    )
    uniques, checks = see.get_multi_unique_constraints(), see.get_multi_check_constraints()
    indexes = see.get_multi_indexes()
    names = sorted({name for _schema, name in columns} - {"alembic_version"})
    return {
        name: {
            "columns": {
                each["name"]: (str(each["type"]), each["nullable"], default_of(name, each["default"]))
                for each in columns[None, name]
            },
            "key": (keys[None, name]["name"], keys[None, name]["constrained_columns"]),
            "refers": sorted(
                (str(each["name"]), each["constrained_columns"], each["referred_table"], str(each["options"]))
                for each in refers[None, name]
            ),
            "unique": sorted((str(each["name"]), each["column_names"]) for each in uniques[None, name]),
            "checks": sorted((str(each["name"]), each["sqltext"]) for each in checks[None, name]),
            "indexes": sorted(
                (
                    str(each["name"]),
                    each["column_names"],
                    bool(each["unique"]),
                    str(each.get("expressions")),
                    sorted((key, str(value)) for key, value in (each.get("dialect_options") or {}).items()),
                )
                for each in indexes[None, name]
            ),
        }
        for name in names
    }


def default_of(table: str, default: str | None) -> str | None:
    """Records write every column: what a migration gave rows that were there already is no part of the schema."""
    return None if table.startswith("cloud_") else default


async def shaped(url: str, make: object) -> Shape:
    database = open_database(url)
    try:
        await database.write(make)  # type: ignore[arg-type]
        return await database.read(shape)
    finally:
        await database.close()


def create_all(connection: Connection) -> None:
    """The schema as the program has it now."""
    tables.metadata.create_all(connection)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def urls(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> tuple[str, str]:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
    server = shared_server()
    return server.new_database(), server.new_database()


async def test_migrations_make_the_schema_that_the_program_uses(urls: tuple[str, str]) -> None:
    migrated, made = await shaped(urls[0], migrate), await shaped(urls[1], create_all)
    assert {stored.table.name for stored in STORED.values()} <= made.keys()
    assert sorted(migrated) == sorted(made), HINT
    for name in made:
        for part, found in made[name].items():
            assert migrated[name][part] == found, f"{name}: {part}; {HINT}"


async def test_what_differs_is_seen(urls: tuple[str, str]) -> None:
    def changed(connection: Connection) -> None:
        migrate(connection)
        connection.exec_driver_sql("ALTER TABLE cloud_alerts ADD COLUMN colour TEXT")
        connection.exec_driver_sql("DROP INDEX ix_cloud_audits_created_at")

    migrated, other = await shaped(urls[0], migrate), await shaped(urls[1], changed)
    assert [name for name in migrated if migrated[name] != other[name]] == ["cloud_alerts", "cloud_audits"]


async def test_migrations_look_at_no_record_type(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go on as they were when the program's schema is another one: here it has nothing."""
    before = await shaped(urls[0], migrate)
    monkeypatch.setattr(tables, "metadata", MetaData())
    assert await shaped(urls[1], migrate) == before


def test_each_constraint_has_words() -> None:
    unique = {
        str(item.name)
        for table in tables.metadata.tables.values()
        for item in (*table.constraints, *table.indexes)
        if str(item.name).startswith("uq_") and not table.name.startswith("cloud_")  # `Records` words theirs
    }
    told = {name for name in unique if name.endswith(("_name", "_number")) or name in conflicts._MEANINGS}
    assert unique == told
    assert set(conflicts._MEANINGS) <= unique
