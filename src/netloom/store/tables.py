"""The schema as it is now; `migrations/` holds how it came to be, and a test compares the two.

Rule 1: what must never happen is a constraint here: two networks with one segment, two NICs with one address.
Rule 2: a constraint has a name, and `conflicts.py` says in words what it means to break it.

Times are microseconds since the epoch (UTC) in 64 bits; JSON is text in canonical form (sorted keys, no blanks).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _object_columns() -> list[Column[object]]:
    return [
        Column("id", Text, primary_key=True),
        Column("number", BigInteger, nullable=False, unique=True),
        Column("name", Text, nullable=False, unique=True),
        Column("labels", Text, nullable=False),
        Column("generation", BigInteger, nullable=False),
        Column("revision", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
    ]


counters = Table(
    "counters",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1: one row, locked by each writer
    Column("store_id", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("compacted", BigInteger, nullable=False),  # changes up to this revision are gone
    Column("number", BigInteger, nullable=False),  # the last 32-bit number given out
    Column(
        "term", BigInteger, nullable=False, server_default="0"
    ),  # of who has the store alone (`term`); 0: nobody yet
)

zones = Table("zones", metadata, *_object_columns(), Column("description", Text, nullable=False))

physical_networks = Table(
    "physical_networks",
    metadata,
    *_object_columns(),
    Column("zone_id", Text, ForeignKey("zones.id"), nullable=False, index=True),
    Column("isolations", Text, nullable=False),
    Column("segments", Text, nullable=False),
    Column("mtu", Integer, nullable=False),
)

hosts = Table(
    "hosts",
    metadata,
    *_object_columns(),
    Column("zone_id", Text, ForeignKey("zones.id"), nullable=False),
    Column("ovsdb", Text),
    Column("openflow", Text),
    Column("tunnel_ip", Text),
    Column("bridge", Text, nullable=False),
    Column("mtu", Integer, nullable=False),
    # A JSON list of {physical_network_id, port, bridge}; that what it names exists is looked after by the use cases.
    Column("uplinks", Text, nullable=False, server_default="[]"),
    Column("drain", Boolean(create_constraint=False), nullable=False),
    Column("system_id", Text, unique=True),
    Column("fingerprint", Text, unique=True),
    UniqueConstraint("zone_id", "tunnel_ip"),
    UniqueConstraint("ovsdb", "bridge"),
)

networks = Table(
    "networks",
    metadata,
    *_object_columns(),
    Column("zone_id", Text, ForeignKey("zones.id"), nullable=False),
    Column("physical_network_id", Text, ForeignKey("physical_networks.id"), nullable=False),
    Column("isolation", Text, nullable=False),
    Column("segment", BigInteger, nullable=False),
    Column("cidr", Text),
    Column("cidr6", Text),
    Column("mtu", Integer),
    Column("state", Text, nullable=False),
    Column("state_since", BigInteger, nullable=False),
    UniqueConstraint("physical_network_id", "segment"),
    # A tunnel's segment means one network in its zone; a VLAN is a label on the wires of one physical network.
    Index(
        "uq_networks_zone_id_isolation_segment",
        "zone_id",
        "isolation",
        "segment",
        unique=True,
        sqlite_where=text("isolation <> 'vlan'"),
        postgresql_where=text("isolation <> 'vlan'"),
    ),
    Index("ix_networks_state", "state"),
)

nics = Table(
    "nics",
    metadata,
    *_object_columns(),
    Column("network_id", Text, ForeignKey("networks.id"), nullable=False),
    Column("mac", Text, nullable=False),
    Column("ipv4", Text),
    Column("ipv4_offset", BigInteger),  # from the network's own address; what gaps are looked for in
    Column("ipv6", Text),
    Column("ipv6_offset", BigInteger),  # None beyond 62 bits: such addresses are chosen by users only
    Column("identity", Text, nullable=False, unique=True),
    Column("host_id", Text, ForeignKey("hosts.id")),
    Column("device", Text),
    Column("state", Text, nullable=False),
    UniqueConstraint("network_id", "mac"),
    UniqueConstraint("network_id", "ipv4_offset"),
    UniqueConstraint("network_id", "ipv6"),
    UniqueConstraint("host_id", "device"),
    Index("ix_nics_network_id_number", "network_id", "number"),
    Index("ix_nics_network_id_ipv6_offset", "network_id", "ipv6_offset"),
)

changes = Table(
    "changes",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

seen_ports = Table(
    "seen_ports",
    metadata,
    Column("host_id", Text, primary_key=True),  # not a foreign key: an observation outlives what it is about
    Column("ports", LargeBinary, nullable=False),  # a JSON list of [port name, identity, OpenFlow port]
)

controller_claims = Table(
    "controller_claims",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("generation", BigInteger, nullable=False),
)
