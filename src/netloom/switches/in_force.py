"""Waiting until ovs-vswitchd has taken over what stands in its database.

The database answers a transaction when it is written down, not when the switch follows it. When a fail mode changes, the
switch flushes its flows as it follows: flows that were sent in between would vanish behind our back.

Rule 1: the switch says itself how far it is: it copies `next_cfg` to `cur_cfg` (ovs-vswitchd.conf.db(5), Open_vSwitch).
Rule 2: the wait is bounded; a switch that does not follow fails this turn, and the next one begins from what is there then.
"""

from __future__ import annotations

import asyncio
from typing import Final

from netloom.base.errors import Unavailable
from netloom.base.ids import Uuid
from netloom.switches.ovsdb_client import OvsdbClient
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.vswitch import DATABASE, OpenVSwitch

PATIENCE: Final = 5.0
"""Seconds; a switch with thousands of ports follows within one."""

_STEP: Final = 0.01
"""Seconds between two looks; each costs the database one select."""


async def in_force(client: OvsdbClient, root: Uuid, patience: float = PATIENCE) -> None:
    """Return when the switch has taken over all that was written before.

    Args:
        client: the database's connection.
        root: the row of Open_vSwitch.
        patience: seconds.

    Raises:
        Unavailable: it has not within that time (`switch-behind`).
    """
    asked = await _read(client, root, ask=True)
    try:
        async with asyncio.timeout(patience):
            while (await _read(client, root, ask=False)).cur_cfg < asked.next_cfg:  # noqa: ASYNC110 - the switch's fact
                await asyncio.sleep(_STEP)
    except TimeoutError:
        raise Unavailable(
            f"ovs-vswitchd has not taken over its configuration within {patience:g} s",
            code="switch-behind",
            subject=client.stream.peer,
        ) from None


async def _read(client: OvsdbClient, root: Uuid, *, ask: bool) -> OpenVSwitch:
    transaction = Transaction(DATABASE)
    if ask:
        transaction.mutate(OpenVSwitch, root, [Mutation("next_cfg", Mutator.ADD, 1)])
    selection = transaction.select(OpenVSwitch, root, ["next_cfg", "cur_cfg"])
    (row,) = (await client.transact(transaction)).rows(selection, OpenVSwitch)
    return row
