"""Our ports and the settings of the integration bridge, as database transactions.

Rule 1: a transaction holds guards for what it was computed from; when one fails nothing is done, and we look again.
Rule 2: of sets and maps only our own elements are put or changed; what others wrote there stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from netloom.plan.switch import BridgeSpec, PortSpec
from netloom.reconcile.delta import Delta, compare
from netloom.reconcile.ports import Refusal
from netloom.switches.database import PortRows, SwitchDatabase
from netloom.switches.ownership import Ownership
from netloom.wire.ovsdb.conditions import Condition, Function
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.values import Atom, Value
from netloom.wire.ovsdb.vswitch import DATABASE, Bridge, Interface, OpenVSwitch, Port

RESTORE_WAIT = "flow-restore-wait"
"""other_config key with which ovs-vswitchd starts without flushing the datapath, until it is removed (ovs-vswitchd(8))."""

_PortDelta = Delta[str, "PortSpec | PortRows"]


@dataclass(slots=True)
class PortSteps:
    """What to do in the database: `before` the flows that need it, `after` those that needed it are gone."""

    before: Transaction | None = None
    after: Transaction | None = None
    added: int = 0
    changed: int = 0
    removed: int = 0
    flushes: bool = False
    """Whether `before` changes the bridge in a way in which the switch forgets its flows."""
    blocked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def refusal(self) -> Refusal | None:
        """Why not all can be done."""
        if self.missing:
            return Refusal("bridge-missing", f"there is no bridge {', '.join(self.missing)} to join")
        if not self.blocked:
            return None
        return Refusal(
            "foreign-port", f"ports that are not netloom's have the names: {', '.join(self.blocked)}"
        )


def port_steps(
    database: SwitchDatabase, bridge_spec: BridgeSpec, ports: Mapping[str, PortSpec], ownership: Ownership
) -> PortSteps:
    """Steps from the rows as they are now."""
    bridge = database.bridge
    steps = PortSteps()
    if bridge is None:
        return steps
    before, after = Transaction(DATABASE), Transaction(DATABASE)
    steps.changed = int(_set_bridge(before, bridge, bridge_spec))
    steps.flushes = bridge.fail_mode != bridge_spec.fail_mode.value
    for each in _bridges(database, bridge, ports, ownership, steps):
        _steps_of(database, each, before, after, steps)
    steps.blocked.sort()
    if len(before):
        before.comment("netloom: ports before flows")
        steps.before = before
    if len(after):
        after.comment("netloom: ports after flows")
        steps.after = after
    return steps


@dataclass(frozen=True, slots=True)
class _Ports:
    """One bridge's ports: as they are, as they shall be, and which of them are ours."""

    bridge: Bridge
    wanted: Mapping[str, PortSpec]
    actual: Mapping[str, PortRows]
    owns: Callable[[PortRows], bool]


def _bridges(
    database: SwitchDatabase,
    bridge: Bridge,
    ports: Mapping[str, PortSpec],
    ownership: Ownership,
    steps: PortSteps,
) -> list[_Ports]:
    """The integration bridge, then those on which we have, or shall have, far ends of patches."""
    far: dict[str, dict[str, PortSpec]] = {}
    for name, spec in ports.items():
        if spec.bridge:
            marked = merged(spec.external_ids, {ownership.far_key: bridge.name})
            far.setdefault(spec.bridge, {})[name] = msgspec.structs.replace(spec, external_ids=marked)
    others = {other.name: other for other in database.other_bridges()}
    steps.missing = sorted(far.keys() - others.keys())
    # A patch to nowhere would look like a way out: it waits for its far end's bridge.
    alone = {name for missing in steps.missing for name in far[missing]}
    near = {
        name: spec
        for name, spec in ports.items()
        if not spec.bridge and spec.options.get("peer") not in alone
    }
    found = [
        _Ports(
            bridge,
            near,
            {rows.port.name: rows for rows in database.ports()},
            lambda rows: ownership.owns_ids(rows.interface.external_ids),
        )
    ]
    for name, other in others.items():
        actual = {rows.port.name: rows for rows in database.ports(other)}

        def owns(rows: PortRows) -> bool:
            ids = rows.interface.external_ids
            return ownership.owns_ids(ids) and ids.get(ownership.far_key) == bridge.name

        if name in far or any(owns(rows) for rows in actual.values()):
            found.append(_Ports(other, far.get(name, {}), actual, owns))
    return found


def _steps_of(
    database: SwitchDatabase, ports: _Ports, before: Transaction, after: Transaction, steps: PortSteps
) -> None:
    delta = _compare(ports)
    for name, wanted in ports.wanted.items():
        if name in delta.blocked and _does_as_well(ports.actual[name], wanted):
            del delta.blocked[name]
        elif name in delta.add and database.has_port(name):
            delta.blocked[name] = delta.add.pop(name)  # on another bridge
    for name in delta.add:
        before.absent(Port, _named(name))
        _insert(before, ports.bridge, ports.wanted[name])
    for name in delta.change:
        _change(before, ports.actual[name], ports.wanted[name])
    for found in delta.remove.values():
        if isinstance(found, PortRows):
            after.verify(found.port, "name", "external_ids")
            after.mutate(Bridge, ports.bridge.uuid, [Mutation("ports", Mutator.DELETE, {found.port.uuid})])
    steps.added += len(delta.add)
    steps.changed += len(delta.change)
    steps.removed += len(delta.remove)
    steps.blocked += delta.blocked


def _compare(ports: _Ports) -> _PortDelta:
    desired: dict[str, PortSpec | PortRows] = dict(ports.wanted)
    return compare(
        desired,
        dict(ports.actual),
        owns=lambda item: isinstance(item, PortRows) and ports.owns(item),
        same=_same,
    )


def _same(wanted: PortSpec | PortRows, found: PortSpec | PortRows) -> bool:
    if not isinstance(wanted, PortSpec) or not isinstance(found, PortRows):
        return False
    interface = found.interface
    return (
        interface.type == wanted.interface_type
        and dict(interface.options) == dict(wanted.options)
        and wanted.external_ids.items() <= interface.external_ids.items()
        and interface.ofport_request == wanted.ofport_request
    )


def _does_as_well(found: PortRows, wanted: PortSpec) -> bool:
    """Whether a port that is not ours is what we want: the operator, or the hypervisor with its identity, was first."""
    if wanted.any_owner:
        return True
    identity = wanted.external_ids.get("iface-id")
    return identity is not None and found.interface.external_ids.get("iface-id") == identity


def _named(name: str) -> list[Condition]:
    return [Condition("name", Function.EQ, name)]


def _insert(transaction: Transaction, bridge: Bridge, wanted: PortSpec) -> None:
    columns: dict[str, Value] = {
        "name": wanted.name,
        "type": wanted.interface_type,
        "options": merged({}, wanted.options),
        "external_ids": merged({}, wanted.external_ids),
    }
    if wanted.ofport_request is not None:
        columns["ofport_request"] = wanted.ofport_request
    interface = transaction.insert(Interface, columns)
    port = transaction.insert(
        Port,
        {"name": wanted.name, "interfaces": {interface}, "external_ids": dict(wanted.external_ids)},
    )
    transaction.mutate(Bridge, bridge.uuid, [Mutation("ports", Mutator.INSERT, {port})])


def _change(transaction: Transaction, found: PortRows, wanted: PortSpec) -> None:
    interface = found.interface
    transaction.verify(interface, "type", "options", "external_ids", "ofport_request")
    transaction.update(
        Interface,
        interface.uuid,
        {
            "type": wanted.interface_type,
            "options": merged({}, wanted.options),
            "external_ids": merged(interface.external_ids, wanted.external_ids),
            "ofport_request": wanted.ofport_request,
        },
    )


def _set_bridge(transaction: Transaction, bridge: Bridge, spec: BridgeSpec) -> bool:
    """Add what makes the bridge as `spec` says; whether anything was to do."""
    columns: dict[str, Value] = {}
    guarded: list[str] = []
    if bridge.fail_mode != spec.fail_mode.value:
        columns["fail_mode"] = spec.fail_mode.value
        guarded.append("fail_mode")
    protocols = wanted_protocols(bridge, spec.protocols)
    if protocols is not None:
        columns["protocols"] = protocols
        guarded.append("protocols")
    for column, wanted in (("other_config", spec.other_config), ("external_ids", spec.external_ids)):
        held: Mapping[str, str] = getattr(bridge, column)
        if not wanted.items() <= held.items():
            columns[column] = merged(held, wanted)
            guarded.append(column)
    if not columns:
        return False
    transaction.verify(bridge, *guarded)
    transaction.update(Bridge, bridge.uuid, columns)
    return True


def merged(held: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, Atom]:
    """A map with our keys set and the others kept."""
    return {**dict(held), **dict(ours)}


def wanted_protocols(bridge: Bridge, needed: frozenset[str]) -> set[str] | None:
    """The protocols to set, None when they are right.

    An empty set means Open vSwitch's default, which has what we need: setting it would take away the others, and with them
    the operator's own tools.
    """
    if not bridge.protocols or needed <= bridge.protocols:
        return None
    return set(bridge.protocols | needed)


def end_restore_wait(database: SwitchDatabase) -> Transaction | None:
    """Lets ovs-vswitchd forward by the flows that were just pushed, if it was told to wait for them."""
    root = database.root
    if root is None or root.other_config.get(RESTORE_WAIT) != "true":
        return None
    transaction = Transaction(DATABASE)
    transaction.verify(root, "other_config")
    rest = {key: value for key, value in root.other_config.items() if key != RESTORE_WAIT}
    transaction.update(OpenVSwitch, root.uuid, {"other_config": rest})
    transaction.comment("netloom: flows are restored")
    return transaction
