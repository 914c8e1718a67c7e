"""What the planner is told of secondary addresses: which a NIC may use beside its own.

Rule 1: they are read with the NICs, in the same snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from netloom.base.ids import Uuid
from netloom.model.cloud.instances import SecondaryIp
from netloom.store.cloud.records import columns
from netloom.store.lookup import chunks


def read_secondaries(
    connection: Connection, nic_ids: Sequence[Uuid] | None = None
) -> dict[Uuid, tuple[str, ...]]:
    """The secondary addresses of NICs, in the order in which they were given; NICs without any are not in it.

    Args:
        connection: a snapshot.
        nic_ids: which NICs; None: all.
    """
    s = columns(SecondaryIp)
    statement = select(s.nic_id, s.address).order_by(s.number)
    found: dict[Uuid, list[str]] = {}
    for chunk in [None] if nic_ids is None else chunks(nic_ids):
        for nic_id, address in connection.execute(
            statement if chunk is None else statement.where(s.nic_id.in_(chunk))
        ):
            found.setdefault(Uuid(nic_id), []).append(address)
    return {nic_id: tuple(addresses) for nic_id, addresses in found.items()}
