"""The cloud's records: owners, offerings, networks and their services, addresses, rules, instances, jobs.

Until the first release the tables are made as the record types are now: a development database of an older day is made
anew. With the release this becomes a list of explicit operations, and each later change a migration of its own.
"""

from __future__ import annotations

from alembic import op

from netloom.store.cloud.schema import STORED
from netloom.store.tables import metadata

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wanted = {stored.table for stored in STORED.values()}
    for table in metadata.sorted_tables:
        if table in wanted:
            table.create(op.get_bind())


def downgrade() -> None:
    wanted = {stored.table for stored in STORED.values()}
    for table in reversed(metadata.sorted_tables):
        if table in wanted:
            table.drop(op.get_bind())
