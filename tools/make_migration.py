"""Begins the next migration: what differs between the schema that migrations make and the one that the program uses.

    .venv/bin/python tools/make_migration.py "what it is for"

What is written is a proposal: docs/design/store.md says what to look at. Several servers and releases live with it.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

from alembic import command
from sqlalchemy import create_engine

from netloom.store import migrate
from netloom.store.cloud.schema import STORED


def make(purpose: str) -> pathlib.Path:
    """The file of a new migration, with what Alembic sees."""
    if not STORED:
        raise SystemExit("there are no records' tables to compare with")
    config = migrate.config()
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with tempfile.TemporaryDirectory(prefix="nl-migration-") as folder:
        engine = create_engine(f"sqlite:///{folder}/netloom.db")
        try:
            with engine.begin() as connection:
                migrate.migrate(connection)
                config.attributes["connection"] = connection
                number = f"{int(migrate.head()) + 1:04d}"
                made = command.revision(config, purpose, autogenerate=True, rev_id=number)
        finally:
            engine.dispose()
    if made is None or isinstance(made, list):
        raise SystemExit("Alembic made no file")
    return pathlib.Path(made.path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print(make(sys.argv[1]))
