"""Where NICs were seen last, host by host: observation kept over a restart, not intent.

Rule 1: one row per host, replaced as a whole; a host with an empty list was seen and has nothing.
Rule 2: no revision moves: nobody asked for anything, and what is stored is only a first guess until the host is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from netloom.base.ids import HostId, Uuid
from netloom.store import tables
from netloom.store.transaction import Transaction

SeenPort = tuple[str, str, int]
"""Port name, identity, OpenFlow port number."""

_decoder = msgspec.json.Decoder(list[SeenPort])


def read_seen_ports(connection: Connection) -> dict[HostId, list[SeenPort]]:
    """All hosts that were ever read."""
    c = tables.seen_ports.c
    return {
        HostId(Uuid(row[0])): _decoder.decode(row[1])
        for row in connection.execute(select(c.host_id, c.ports))
    }


def write_seen_ports(transaction: Transaction, hosts: Mapping[HostId, Sequence[SeenPort] | None]) -> None:
    """Replace what is known of some hosts; None forgets one."""
    c = tables.seen_ports.c
    connection = transaction.connection
    connection.execute(delete(tables.seen_ports).where(c.host_id.in_(list(hosts))))
    rows = [
        {"host_id": host_id, "ports": msgspec.json.encode(list(ports))}
        for host_id, ports in hosts.items()
        if ports is not None
    ]
    if rows:
        connection.execute(insert(tables.seen_ports), rows)
