"""Where NICs were seen last: a host that cannot be asked after a restart still forwards for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen_ports",
        sa.Column("host_id", sa.Text, nullable=False),
        sa.Column("ports", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("host_id", name="pk_seen_ports"),
    )


def downgrade() -> None:
    op.drop_table("seen_ports")
