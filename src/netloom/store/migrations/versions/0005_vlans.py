"""Uplinks of hosts; a VLAN is one network's on its physical network, no longer in its whole zone.

A constraint becomes an index with a condition. SQLite cannot drop a constraint, so there the table is made anew under its
own name: what refers to it (NICs) is checked when the transaction ends, with all rows in place again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = "uq_networks_zone_id_isolation_segment"
COLUMNS = ["zone_id", "isolation", "segment"]


def upgrade() -> None:
    op.add_column("hosts", sa.Column("uplinks", sa.Text, nullable=False, server_default="[]"))
    if op.get_bind().dialect.name == "sqlite":
        remake_networks()
    else:
        op.drop_constraint(NAME, "networks", type_="unique")
    tunnels = sa.text("isolation <> 'vlan'")
    op.create_index(NAME, "networks", COLUMNS, unique=True, sqlite_where=tunnels, postgresql_where=tunnels)


def downgrade() -> None:
    raise NotImplementedError(
        "two networks may have one VLAN now: restore the backup made before the upgrade"
    )


def remake_networks() -> None:
    connection = op.get_bind()
    columns = [column["name"] for column in sa.inspect(connection).get_columns("networks")]
    listed = ", ".join(columns)
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("CREATE TEMPORARY TABLE kept_networks AS SELECT * FROM networks")
    op.drop_table("networks")
    op.create_table(
        "networks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("zone_id", sa.Text, nullable=False),
        sa.Column("physical_network_id", sa.Text, nullable=False),
        sa.Column("isolation", sa.Text, nullable=False),
        sa.Column("segment", sa.BigInteger, nullable=False),
        sa.Column("cidr", sa.Text),
        sa.Column("cidr6", sa.Text),
        sa.Column("mtu", sa.Integer),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_networks"),
        sa.UniqueConstraint("number", name="uq_networks_number"),
        sa.UniqueConstraint("name", name="uq_networks_name"),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name="fk_networks_zone_id"),
        sa.ForeignKeyConstraint(
            ["physical_network_id"], ["physical_networks.id"], name="fk_networks_physical_network_id"
        ),
        sa.UniqueConstraint("physical_network_id", "segment", name="uq_networks_physical_network_id_segment"),
    )
    op.execute(f"INSERT INTO networks ({listed}) SELECT {listed} FROM kept_networks")  # noqa: S608 - our own columns
    op.execute("DROP TABLE kept_networks")
    op.create_index("ix_networks_state", "networks", ["state"])
