"""The first schema: counters, the five kinds, the change log, idempotency keys, and the defaults."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def object_columns(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("number", name=f"uq_{table}_number"),
        sa.UniqueConstraint("name", name=f"uq_{table}_name"),
    ]


def reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_" + "_".join(columns))


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("store_id", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("compacted", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_counters"),
    )
    op.create_table("zones", *object_columns("zones"), sa.Column("description", sa.Text, nullable=False))
    op.create_table(
        "physical_networks",
        *object_columns("physical_networks"),
        sa.Column("zone_id", sa.Text, nullable=False),
        sa.Column("isolations", sa.Text, nullable=False),
        sa.Column("segments", sa.Text, nullable=False),
        sa.Column("mtu", sa.Integer, nullable=False),
        reference("physical_networks", "zone_id", "zones"),
    )
    op.create_index("ix_physical_networks_zone_id", "physical_networks", ["zone_id"])
    op.create_table(
        "hosts",
        *object_columns("hosts"),
        sa.Column("zone_id", sa.Text, nullable=False),
        sa.Column("ovsdb", sa.Text),
        sa.Column("openflow", sa.Text),
        sa.Column("tunnel_ip", sa.Text),
        sa.Column("bridge", sa.Text, nullable=False),
        sa.Column("mtu", sa.Integer, nullable=False),
        sa.Column("drain", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("system_id", sa.Text),
        sa.Column("fingerprint", sa.Text),
        reference("hosts", "zone_id", "zones"),
        unique("hosts", "system_id"),
        unique("hosts", "fingerprint"),
        unique("hosts", "zone_id", "tunnel_ip"),
        unique("hosts", "ovsdb", "bridge"),
    )
    op.create_table(
        "networks",
        *object_columns("networks"),
        sa.Column("zone_id", sa.Text, nullable=False),
        sa.Column("physical_network_id", sa.Text, nullable=False),
        sa.Column("isolation", sa.Text, nullable=False),
        sa.Column("segment", sa.BigInteger, nullable=False),
        sa.Column("cidr", sa.Text),
        sa.Column("cidr6", sa.Text),
        sa.Column("mtu", sa.Integer),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_since", sa.BigInteger, nullable=False),
        reference("networks", "zone_id", "zones"),
        reference("networks", "physical_network_id", "physical_networks"),
        unique("networks", "physical_network_id", "segment"),
        unique("networks", "zone_id", "isolation", "segment"),
    )
    op.create_index("ix_networks_state", "networks", ["state"])
    op.create_table(
        "nics",
        *object_columns("nics"),
        sa.Column("network_id", sa.Text, nullable=False),
        sa.Column("mac", sa.Text, nullable=False),
        sa.Column("ipv4", sa.Text),
        sa.Column("ipv4_offset", sa.BigInteger),
        sa.Column("ipv6", sa.Text),
        sa.Column("ipv6_offset", sa.BigInteger),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("host_id", sa.Text),
        sa.Column("device", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        reference("nics", "network_id", "networks"),
        reference("nics", "host_id", "hosts"),
        unique("nics", "identity"),
        unique("nics", "network_id", "mac"),
        unique("nics", "network_id", "ipv4_offset"),
        unique("nics", "network_id", "ipv6"),
        unique("nics", "host_id", "device"),
    )
    op.create_index("ix_nics_network_id_number", "nics", ["network_id", "number"])
    op.create_index("ix_nics_network_id_ipv6_offset", "nics", ["network_id", "ipv6_offset"])
    op.create_table(
        "changes",
        sa.Column("revision", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_changes"),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request_hash", sa.Text, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"])
