"""Bring the database's schema to this program's, or say why not.

Rule 1: a database that a newer program has migrated is refused, never guessed at.
Rule 2: a migration happens in one transaction; a crash leaves the old schema.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from netloom.store.database import lock_migrations
from netloom.store.errors import StoreRefused

_SCRIPTS = pathlib.Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Migration:
    """What was done: `before` None for a new database; equal to `after` when there was nothing to do."""

    before: str | None
    after: str


def head() -> str:
    """The schema revision of this program."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise StoreRefused("the program has no migrations", hint="reinstall netloom")
    return revision


def migrate(connection: Connection) -> Migration:
    """Migrate to `head()`, inside the transaction of the connection.

    Raises:
        StoreRefused: the database is newer than the program (`store-newer`), or is not netloom's (`store-foreign`).
    """
    lock_migrations(connection)
    before = MigrationContext.configure(connection).get_current_revision()
    target = head()
    if before == target:
        return Migration(before, target)
    _check(connection, before)
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")
    return Migration(before, target)


def pending(connection: Connection) -> Migration:
    """What `migrate` would do, without doing it.

    Raises:
        StoreRefused: as `migrate`.
    """
    before = MigrationContext.configure(connection).get_current_revision()
    _check(connection, before)
    return Migration(before, head())


def _check(connection: Connection, before: str | None) -> None:
    if before is None:
        foreign = set(inspect(connection).get_table_names()) - {"alembic_version"}
        if foreign:
            raise StoreRefused(
                f"the database holds other tables ({', '.join(sorted(foreign)[:3])})",
                code="store-foreign",
                subject="store.url",
                hint="give netloom a database of its own",
            )
    elif before not in {script.revision for script in _scripts().walk_revisions()}:
        raise StoreRefused(
            f"the database has schema {before}, this program knows up to {head()}",
            code="store-newer",
            subject="store",
            hint="start the newer netloom again, or restore the backup made before the upgrade",
        )


def config() -> Config:
    """Alembic's configuration: where migrations are; the connection is an attribute that callers add."""
    made = Config()
    made.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return made


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())
