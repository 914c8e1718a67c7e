"""The requests of RFC 7047 section 4.1 and of ovsdb-server(7), one function each.

Rule 1: a function only builds; `Connection.request` sends it and knows when it is allowed.
Rule 2: `subject` names what a request is about (a monitor, a lock): states are followed without reading parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

ZERO_TXN = "00000000-0000-0000-0000-000000000000"


class Call(msgspec.Struct, frozen=True):
    """A request before it is sent."""

    method: str
    params: Sequence[object]
    subject: str = ""


def echo() -> Call:
    """Is the peer alive (4.1.11)."""
    return Call("echo", [])


def list_dbs() -> Call:
    """Names of the server's databases (4.1.1); result: list[str]."""
    return Call("list_dbs", [])


def get_schema(database: str) -> Call:
    """Schema of a database (4.1.2); give the reply to `schema.parse_schema`."""
    return Call("get_schema", [database])


def get_server_id() -> Call:
    """UUID of the server process."""
    return Call("get_server_id", [])


def set_db_change_aware(*, aware: bool = True) -> Call:
    """With true, the server does not hang up when databases come and go, and announces cancelled monitors."""
    return Call("set_db_change_aware", [aware])


def transact(database: str, operations: Sequence[object]) -> Call:
    """Operations as one transaction (4.1.3); `Transaction.call` builds them."""
    return Call("transact", [database, *operations])


def monitor(database: str, monitor_id: str, tables: Mapping[str, object]) -> Call:
    """All rows now, `update` later (4.1.5); result: table-updates."""
    return Call("monitor", [database, monitor_id, tables], monitor_id)


def monitor_cond(database: str, monitor_id: str, tables: Mapping[str, object]) -> Call:
    """Rows that fulfil conditions now, `update2` later; result: table-updates2."""
    return Call("monitor_cond", [database, monitor_id, tables], monitor_id)


def monitor_cond_since(
    database: str, monitor_id: str, tables: Mapping[str, object], last_txn_id: str
) -> Call:
    """What changed since a transaction, `update3` later; result: [found, last transaction, table-updates2]."""
    return Call("monitor_cond_since", [database, monitor_id, tables, last_txn_id], monitor_id)


def monitor_cond_change(monitor_id: str, tables: Mapping[str, object]) -> Call:
    """New conditions of a monitor that is active; the updates that follow from it come before the reply."""
    return Call("monitor_cond_change", [monitor_id, monitor_id, tables], monitor_id)


def monitor_cancel(monitor_id: str) -> Call:
    """No more updates (4.1.7)."""
    return Call("monitor_cancel", [monitor_id], monitor_id)


def lock(name: str) -> Call:
    """Ask for a lock (4.1.8); result: {"locked": bool}, and `Locked` later when it was false."""
    return Call("lock", [name], name)


def steal(name: str) -> Call:
    """Take a lock, whoever holds it."""
    return Call("steal", [name], name)


def unlock(name: str) -> Call:
    """Give a lock back, or stop waiting for it."""
    return Call("unlock", [name], name)
