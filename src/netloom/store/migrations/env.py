"""Alembic's entry: the connection comes from `netloom.store.migrate`, never from a configuration file."""

from __future__ import annotations

from alembic import context

from netloom.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
