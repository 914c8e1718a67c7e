"""Having switches look again at interfaces whose surroundings changed: their groups, their secondary addresses.

Rule 1: what the planner reads with a NIC (not in it) is followed by making the NIC a generation newer: it is read again, and
    its status says how far switches are.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from netloom.app.cloud.work import Work
from netloom.model.changes import Action
from netloom.model.cloud.instances import InstanceNic
from netloom.model.kinds import Kind
from netloom.model.objects import Network, Nic
from netloom.store.catalog import find_by_ids, replace


def tell_anew(work: Work, nics: Sequence[InstanceNic]) -> None:
    """Make native NICs a generation newer."""
    connection = work.tx.connection
    natives = [
        native
        for native in find_by_ids(connection, Kind.NIC, [nic.id for nic in nics]).values()
        if isinstance(native, Nic)
    ]
    networks = find_by_ids(connection, Kind.NETWORK, list({native.network_id for native in natives}))
    for native in natives:
        network = networks[native.network_id]
        if not isinstance(network, Network):
            raise TypeError("a network was asked for")
        generation = native.generation + 1
        revision = work.tx.record(Kind.NIC, native.id, native.name, Action.UPDATED, generation)
        anew = msgspec.structs.replace(native, generation=generation, revision=revision, updated_at=work.at)
        replace(work.tx, anew, {network.id: network})
