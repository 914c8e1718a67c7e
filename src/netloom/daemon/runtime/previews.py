"""What planned changes of intent would do on the hosts, flow by flow, each with its reason.

Rule 1: the planner rehearses: the same code that will do it says what it would do. Nothing is touched.
Rule 2: every flow and port is counted; lists are cut at `MAX_LISTED` and say how much was left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.ports import PlannedChange, Preview
from netloom.app.reports import MAX_LISTED, Action, FlowChange, HostChanges, PortChange
from netloom.base.ids import HostId, NicId, Uuid
from netloom.daemon.runtime.texts import flow_change, port_change
from netloom.daemon.views import view_of
from netloom.model.objects import kind_of_object
from netloom.plan.graph import Planner
from netloom.plan.records import Edit, ObjectRef, Remove
from netloom.plan.switch import PortSpec, SwitchChange
from netloom.wire.openflow.flow import Flow


def preview(planner: Planner, changes: Sequence[PlannedChange]) -> Preview:
    """Rehearse changes of intent."""
    edits: list[Edit] = []
    for change in changes:
        if change.after is not None:
            known = planner.view.nics.get(NicId(change.after.id))
            view = (
                view_of(change.after)
                if known is None
                else view_of(change.after, known.groups, map(str, known.more))
            )
            if view is not None:
                edits.append(view)
        elif change.before is not None:
            edits.append(Remove(kind_of_object(change.before), change.before.id))
    names = {host.id: host.name for host in planner.view.hosts.values()}
    names |= {
        HostId(Uuid(item.id)): item.name
        for change in changes
        if (item := change.after or change.before) is not None
    }
    before = {host_id: dict(_ports(planner, host_id)) for host_id in planner.view.hosts}
    outputs = planner.rehearse(edits)
    hosts = tuple(
        host_changes(host_id, names.get(host_id, str(host_id)), output, before.get(host_id, {}))
        for host_id, output in outputs.items()
    )
    return Preview(hosts=hosts)


def _ports(planner: Planner, host_id: HostId) -> dict[str, PortSpec]:
    desired = planner.desired(host_id)
    return dict(desired.ports) if desired is not None else {}


def host_changes(
    host_id: Uuid, name: str, change: SwitchChange, ports_before: dict[str, PortSpec]
) -> HostChanges:
    """One switch's change as a report."""
    flows = _flow_changes(change)
    ports = [] if change.ports is None else _port_changes(ports_before, dict(change.ports))
    counts = dict.fromkeys(Action, 0)
    for action in [*(flow.action for flow in flows), *(port.action for port in ports)]:
        counts[action] += 1
    return HostChanges(
        host_id=host_id,
        host=name,
        adds=counts[Action.ADD],
        changes=counts[Action.CHANGE],
        removes=counts[Action.REMOVE],
        ports=tuple(ports[:MAX_LISTED]),
        flows=tuple(flows[:MAX_LISTED]),
        ports_omitted=max(0, len(ports) - MAX_LISTED),
        flows_omitted=max(0, len(flows) - MAX_LISTED),
    )


def _flow_changes(change: SwitchChange) -> list[FlowChange]:
    old: dict[tuple[object, ...], tuple[Flow, tuple[ObjectRef, ...]]] = {}
    new: dict[tuple[object, ...], tuple[Flow, tuple[ObjectRef, ...]]] = {}
    for fragment in change.fragments.values():
        if fragment.before is not None:
            old.update((flow.key, (flow, fragment.before.why)) for flow in fragment.before.flows)
        if fragment.after is not None:
            new.update((flow.key, (flow, fragment.after.why)) for flow in fragment.after.flows)
    found: list[FlowChange] = []
    for key, (flow, why) in new.items():
        known = old.get(key)
        if known is None:
            found.append(flow_change(Action.ADD, flow, why))
        elif known[0] != flow:
            found.append(flow_change(Action.CHANGE, flow, why, known[0]))
    found += [flow_change(Action.REMOVE, flow, why) for key, (flow, why) in old.items() if key not in new]
    return found


def _port_changes(before: dict[str, PortSpec], after: dict[str, PortSpec]) -> list[PortChange]:
    found = [
        port_change(Action.ADD if name not in before else Action.CHANGE, port, before.get(name))
        for name, port in after.items()
        if before.get(name) != port
    ]
    found += [port_change(Action.REMOVE, port, port) for name, port in before.items() if name not in after]
    return found
