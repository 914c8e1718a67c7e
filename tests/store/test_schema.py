from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from netloom.store import conflicts, tables
from netloom.store.store import StoreOptions, open_store


async def test_migrations_make_the_schema_that_the_program_uses(url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return list(compare_metadata(context, tables.metadata))

    async with open_store(StoreOptions(url)) as store:
        assert await store.read(differences) == []


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
