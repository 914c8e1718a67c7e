"""What must be so on a host before OpenFlow can be spoken with its integration bridge.

Rule 1: the bridge is made when it is missing, in fail mode secure from its first moment; else it is only completed.
Rule 2: a controller row of ours is put beside those of others, never in their place.
"""

from __future__ import annotations

from netloom.switches.database import SwitchDatabase
from netloom.switches.ownership import Ownership
from netloom.switches.ports import merged, wanted_protocols
from netloom.wire.ovsdb.conditions import Condition, Function
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.values import Value
from netloom.wire.ovsdb.vswitch import DATABASE, Bridge, Controller, Interface, OpenVSwitch, Port

NEEDED_PROTOCOLS = frozenset({"OpenFlow13", "OpenFlow14"})
CONTROLLER_MARK = "controller"
INACTIVITY_PROBE = 5000
MAX_BACKOFF = 8000
"""Milliseconds: how the switch looks after the connection that it dials (ovs-vswitchd.conf.db(5), Controller)."""


def setup_steps(database: SwitchDatabase, controller: str | None, ownership: Ownership) -> Transaction | None:
    """One transaction that makes it so; None when it is.

    Args:
        database: the rows now.
        controller: what the bridge is to dial (`ssl:IP:PORT`); None: we dial it.
        ownership: our mark.
    """
    transaction = Transaction(DATABASE)
    bridge = database.bridge
    if bridge is None:
        _create(transaction, database, controller, ownership)
    else:
        protocols = wanted_protocols(bridge, NEEDED_PROTOCOLS)
        if protocols is not None:
            transaction.verify(bridge, "protocols")
            transaction.update(Bridge, bridge.uuid, {"protocols": protocols})
        _set_controller(transaction, database, bridge, controller, ownership)
    if not len(transaction):
        return None
    transaction.comment(f"netloom: prepare {database.bridge_name}")
    return transaction


def release_steps(database: SwitchDatabase, ownership: Ownership) -> Transaction | None:
    """One transaction that takes our controller and our mark off the bridge; None when there are none."""
    bridge = database.bridge
    if bridge is None:
        return None
    transaction = Transaction(DATABASE)
    _set_controller(transaction, database, bridge, None, ownership)
    if ownership.owns_ids(bridge.external_ids):
        transaction.mutate(Bridge, bridge.uuid, [Mutation("external_ids", Mutator.DELETE, [ownership.key])])
    if not len(transaction):
        return None
    transaction.comment(f"netloom: let go of {database.bridge_name}")
    return transaction


def _create(
    transaction: Transaction, database: SwitchDatabase, controller: str | None, ownership: Ownership
) -> None:
    root = database.root
    if root is None:
        return
    name = database.bridge_name
    transaction.absent(Bridge, [Condition("name", Function.EQ, name)])
    interface = transaction.insert(Interface, {"name": name, "type": "internal"})
    port = transaction.insert(Port, {"name": name, "interfaces": {interface}})
    columns: dict[str, Value] = {
        "name": name,
        "ports": {port},
        "fail_mode": "secure",
        "external_ids": merged({}, {ownership.key: "bridge"}),
    }
    if controller is not None:
        columns["controller"] = {transaction.insert(Controller, _controller(controller, ownership))}
    bridge = transaction.insert(Bridge, columns)
    transaction.mutate(OpenVSwitch, root.uuid, [Mutation("bridges", Mutator.INSERT, {bridge})])


def _set_controller(
    transaction: Transaction,
    database: SwitchDatabase,
    bridge: Bridge,
    controller: str | None,
    ownership: Ownership,
) -> None:
    ours = [
        row
        for uuid in bridge.controller
        if (row := database.controllers.get(uuid)) is not None and ownership.owns_ids(row.external_ids)
    ]
    right = [row for row in ours if row.target == controller]
    wrong = [row.uuid for row in ours if row.target != controller]
    if wrong:
        transaction.mutate(Bridge, bridge.uuid, [Mutation("controller", Mutator.DELETE, wrong)])
    if controller is not None and not right:
        made = transaction.insert(Controller, _controller(controller, ownership))
        transaction.mutate(Bridge, bridge.uuid, [Mutation("controller", Mutator.INSERT, {made})])


def _controller(target: str, ownership: Ownership) -> dict[str, Value]:
    return {
        "target": target,
        "connection_mode": "out-of-band",
        "inactivity_probe": INACTIVITY_PROBE,
        "max_backoff": MAX_BACKOFF,
        "external_ids": merged({}, {ownership.key: CONTROLLER_MARK}),
    }
