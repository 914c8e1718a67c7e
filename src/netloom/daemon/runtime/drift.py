"""What a switch holds beside what it should hold, read now: drift as a person reads it.

Rule 1: foreign flows and ports are neither compared nor listed. Rule 2: reading disturbs nothing on the switch.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator

from netloom.app.reports import MAX_LISTED, Action, ErrorReport, FlowChange, HostChanges, PortChange
from netloom.base.errors import NetloomError, Unavailable
from netloom.base.ids import HostId
from netloom.daemon.hosts import KeptHost
from netloom.daemon.runtime.texts import flow_change, port_change
from netloom.model.objects import Host
from netloom.plan.graph import Planner
from netloom.plan.records import ObjectRef
from netloom.plan.switch import PortSpec, SwitchDesired
from netloom.providers.ovs.compile.ports import BRIDGE_MARK, OWNER_KEY
from netloom.providers.ovs.pipeline.cookies import owns
from netloom.reconcile.engine import refusal_of
from netloom.switches.target import SwitchActual
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import RawFlow, flow_of, raw_flows, raw_of

READ_SECONDS = 30.0


async def host_drift(host: Host, kept: KeptHost | None, planner: Planner) -> HostChanges:
    """Read one host and compare; a host that cannot be read is told as such."""
    try:
        if kept is None:
            raise Unavailable("there is no session yet")
        async with asyncio.timeout(READ_SECONDS):
            actual = await kept.target.read()
    except (NetloomError, OSError, TimeoutError) as error:
        refusal = refusal_of(error)
        now = dt.datetime.now(dt.UTC)
        return HostChanges(
            host_id=host.id, host=host.name, error=ErrorReport(refusal.code, refusal.reason, now)
        )
    desired = planner.desired(HostId(host.id))
    flows = list(_flows(desired, actual))
    ports = list(_ports(desired, kept))
    actions = [*(flow.action for flow in flows), *(port.action for port in ports)]
    return HostChanges(
        host_id=host.id,
        host=host.name,
        adds=actions.count(Action.ADD),
        changes=actions.count(Action.CHANGE),
        removes=actions.count(Action.REMOVE),
        ports=tuple(ports[:MAX_LISTED]),
        flows=tuple(flows[:MAX_LISTED]),
        ports_omitted=max(0, len(ports) - MAX_LISTED),
        flows_omitted=max(0, len(flows) - MAX_LISTED),
        read_at=dt.datetime.now(dt.UTC),
    )


def ours(actual: SwitchActual) -> Iterator[RawFlow]:
    """Flows with our owner mark."""
    for part in actual.parts:
        for raw in raw_flows(part, actual.version):
            if owns(raw.cookie):
                yield raw


def _flows(desired: SwitchDesired | None, actual: SwitchActual) -> Iterator[FlowChange]:
    version = actual.version
    there = {raw.key: raw for raw in ours(actual)}
    for fragment in desired.fragments.each() if desired is not None else ():
        for flow in fragment.flows:
            raw = raw_of(flow, version)
            found = there.pop(raw.key, None)
            if found is None:
                yield flow_change(Action.ADD, flow, fragment.why)
            elif found != raw and (is_now := flow_of(found, version)) != flow:
                yield flow_change(Action.CHANGE, flow, fragment.why, is_now)
    nobody: tuple[ObjectRef, ...] = ()
    for left in there.values():
        yield flow_change(Action.REMOVE, flow_of(left, version), nobody)


def _ports(desired: SwitchDesired | None, kept: KeptHost) -> Iterator[PortChange]:
    ports = desired.ports if desired is not None else {}
    wanted = {name: spec for name, spec in ports.items() if not spec.bridge}
    for rows in kept.session.database.ports():
        interface = rows.interface
        mark = interface.external_ids.get(OWNER_KEY)
        if mark is None and interface.name in wanted and wanted[interface.name].any_owner:
            del wanted[interface.name]
        if mark is None or mark == BRIDGE_MARK:
            continue
        is_now = PortSpec(
            interface.name, interface.type, dict(interface.options), dict(interface.external_ids)
        )
        spec = wanted.pop(interface.name, None)
        if spec is None:
            yield port_change(Action.REMOVE, is_now, is_now)
        elif (
            spec.interface_type != interface.type
            or any(interface.options.get(key) != value for key, value in spec.options.items())
            or any(interface.external_ids.get(key) != value for key, value in spec.external_ids.items())
        ):
            yield port_change(Action.CHANGE, spec, is_now)
    for spec in wanted.values():
        yield port_change(Action.ADD, spec)


def actual_flows(actual: SwitchActual, cookie: int) -> list[Flow]:
    """The flows that a switch has with a cookie."""
    return [flow_of(raw, actual.version) for raw in ours(actual) if raw.cookie == cookie]
