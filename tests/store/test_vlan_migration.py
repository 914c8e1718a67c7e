"""A database with networks and NICs in it gets VLANs, on both databases, and loses nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from netloom.store import tables
from netloom.store.database import open_database
from netloom.store.migrate import config
from netloom.store.store import StoreOptions, open_store


def fill(connection: Connection) -> None:
    """The schema before, with two networks and a NIC in each."""
    alembic = config()
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, "0004")
    common = "labels, generation, revision, created_at, updated_at"
    fixed = "'{}', 1, 1, 1, 1"
    run = lambda text: connection.execute(sa.text(text))  # noqa: E731
    run(f"INSERT INTO zones (id, number, name, {common}, description) VALUES ('z', 101, 'zone', {fixed}, '')")
    run(
        f"INSERT INTO physical_networks (id, number, name, {common}, zone_id, isolations, segments, mtu) "
        f"VALUES ('p', 102, 'wires', {fixed}, 'z', '[\"geneve\"]', '[\"1-99\"]', 1500)"
    )
    for at in (1, 2):
        run(
            f"INSERT INTO networks (id, number, name, {common}, zone_id, physical_network_id, isolation, segment, state, "
            f"state_since) VALUES ('n{at}', {200 + at}, 'net{at}', {fixed}, 'z', 'p', 'geneve', {at}, 'Allocated', 1)"
        )
        run(
            f"INSERT INTO nics (id, number, name, {common}, network_id, mac, identity, state) "
            f"VALUES ('i{at}', {300 + at}, 'nic{at}', {fixed}, 'n{at}', '02:00:00:00:00:0{at}', 'x{at}', 'Allocated')"
        )


async def test_what_was_there_is_there(url: str) -> None:
    database = open_database(url)
    await database.write(fill)
    await database.close()
    async with open_store(StoreOptions(url)) as store:
        n, i = tables.networks.c, tables.nics.c
        found = await store.read(
            lambda connection: connection.execute(
                sa.select(n.name, n.segment, i.name)
                .join(tables.nics, i.network_id == n.id)
                .order_by(n.number)
            ).all()
        )
        assert [tuple(row) for row in found] == [("net1", 1, "nic1"), ("net2", 2, "nic2")]
