"""Rules at the edge of routed networks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = "cloud_routing_firewall_rules"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("domain_id", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("display", sa.Boolean(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("start_port", sa.BigInteger(), nullable=True),
        sa.Column("end_port", sa.BigInteger(), nullable=True),
        sa.Column("icmp_type", sa.BigInteger(), nullable=True),
        sa.Column("icmp_code", sa.BigInteger(), nullable=True),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("destinations", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["cloud_accounts.id"], name=op.f(f"fk_{TABLE}_account_id")),
        sa.ForeignKeyConstraint(["domain_id"], ["cloud_domains.id"], name=op.f(f"fk_{TABLE}_domain_id")),
        sa.ForeignKeyConstraint(["network_id"], ["cloud_networks.id"], name=op.f(f"fk_{TABLE}_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{TABLE}_number")),
    )
    op.create_index(f"ix_{TABLE}_account_id_number", TABLE, ["account_id", "number"])
    op.create_index(
        f"ix_{TABLE}_network_id_direction_start_port", TABLE, ["network_id", "direction", "start_port"]
    )


def downgrade() -> None:
    raise NotImplementedError(
        "rules of routed networks would be lost: restore the backup made before the upgrade"
    )
