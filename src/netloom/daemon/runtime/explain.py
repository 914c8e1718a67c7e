"""Why a flow is there, and what a NIC causes: from outputs back to what users asked for, and the other way.

Rule 1: the desired side is the planner's, now; the actual side is what the caller has just read.
Rule 2: what keeps a NIC from working is told as findings with a hint each, the likeliest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from netloom.app.reports import (
    MAX_LISTED,
    ExplainFlow,
    ExplainNic,
    FindingReport,
    NicFlows,
    PlacementReport,
)
from netloom.base.ids import HostId, NicId
from netloom.daemon.runtime.texts import error_report, finding_report, flow_text, purpose, reasons
from netloom.model.objects import Host, Nic
from netloom.plan.graph import Planner
from netloom.plan.records import ObjectRef
from netloom.plan.switch import FragmentKey
from netloom.providers.ovs.explain import explain
from netloom.providers.ovs.pipeline.cookies import VERSION
from netloom.reconcile.status import StatusBook
from netloom.wire.openflow.flow import Flow

MAX_HOSTS = 50
"""Hosts whose flows are written out for one NIC."""


def explain_flow(planner: Planner, host: Host, cookie: int, actual: Sequence[Flow]) -> ExplainFlow:
    """What flows with a cookie are for."""
    found = explain(cookie)
    if found is None:
        return ExplainFlow(host.id, host.name, cookie, ours=False)
    desired = planner.desired(HostId(host.id))
    wanted: list[Flow] = []
    why: dict[ObjectRef, None] = {}
    for fragment in desired.fragments.each() if desired is not None else ():
        mine = [flow for flow in fragment.flows if flow.cookie == cookie]
        if mine:
            wanted += mine
            why.update(dict.fromkeys(fragment.why))
    return ExplainFlow(
        host_id=host.id,
        host=host.name,
        cookie=cookie,
        ours=True,
        pipeline=found.version,
        current_pipeline=VERSION,
        fragment=found.role,
        number=found.number,
        desired=tuple(flow_text(flow) for flow in wanted[:MAX_LISTED]),
        actual=tuple(flow_text(flow) for flow in actual[:MAX_LISTED]),
        why=reasons(why, purpose(cookie, why)),
    )


DeviceProblem = Callable[[HostId, str], str | None]
"""What a host's switch says is wrong with an interface, by its name."""


def explain_nic(
    planner: Planner, book: StatusBook[FragmentKey], nic: Nic, device_problem: DeviceProblem
) -> ExplainNic:
    """Where a NIC is, what it causes, what keeps it from working."""
    view = planner.view
    places = view.placements.get(NicId(nic.id), {})
    placements = tuple(
        PlacementReport(host_id, _name(planner, host_id), place.port_name, place.ofport)
        for host_id, place in places.items()
    )
    network = view.networks.get(nic.network_id)
    carriers = view.hosts_of_network(network) if network is not None else []
    shown = carriers[:MAX_HOSTS]
    searched: dict[int, tuple[Flow, ...]] = {}
    attached = nic.attachment
    return ExplainNic(
        nic_id=nic.id,
        name=nic.name,
        network_id=nic.network_id,
        network=nic.network,
        identity=nic.identity,
        wanted_host=attached.host if attached else None,
        wanted_device=attached.device if attached else None,
        placements=placements,
        hosts=tuple(
            NicFlows(
                host_id=host.id,
                host=host.name,
                role="local" if host.id in places else "remote",
                flows=tuple(
                    flow_text(flow) for flow in islice(_flows(planner, host.id, nic, searched), MAX_LISTED)
                ),
                in_sync=book.in_sync(host.id),
                error=error_report(book.host_failure(host.id)),
            )
            for host in shown
        ),
        hosts_omitted=len(carriers) - len(shown),
        findings=(
            *_attached(nic, device_problem),
            *_findings(planner, book, nic, list(places)),
        ),
    )


def _name(planner: Planner, host_id: HostId) -> str:
    host = planner.view.hosts.get(host_id)
    return host.name if host is not None else str(host_id)


def _flows(
    planner: Planner, host_id: HostId, nic: Nic, searched: dict[int, tuple[Flow, ...]]
) -> Iterator[Flow]:
    """Flows of a host that a NIC causes. What hosts share is searched once: by identity, as nothing else runs meanwhile."""
    desired = planner.desired(host_id)
    for part in desired.fragments.parts() if desired is not None else ():
        found = searched.get(id(part))
        if found is None:
            found = searched[id(part)] = tuple(
                flow
                for fragment in part.values()
                if any(ref.id == nic.id for ref in fragment.why)
                for flow in fragment.flows
            )
        yield from found


def _attached(nic: Nic, device_problem: DeviceProblem) -> Iterable[FindingReport]:
    attached = nic.attachment
    if attached is not None and (problem := device_problem(attached.host_id, attached.device)):
        yield FindingReport(
            "device-unusable",
            f"Open vSwitch on {attached.host} cannot use {attached.device}: {problem}",
            f"make the interface {attached.device} on {attached.host}, or attach the NIC to another one",
        )


def _findings(
    planner: Planner, book: StatusBook[FragmentKey], nic: Nic, host_ids: Sequence[HostId]
) -> Iterable[FindingReport]:
    attached = nic.attachment
    if not host_ids:
        where = f"on {attached.host}" if attached else "on any host"
        yield FindingReport(
            "not-plugged",
            f"no port {where} carries iface-id {nic.identity}",
            f"ovs-vsctl set Interface DEVICE external_ids:iface-id={nic.identity}",
        )
    elif attached is not None and attached.host_id not in host_ids:
        yield FindingReport(
            "elsewhere",
            f"it is attached to {attached.host}, but its port is on another host",
            "wait for the migration to end, or attach it where it is",
        )
    for host_id in host_ids:
        failure = book.host_failure(host_id)
        if failure is not None:
            yield FindingReport(failure.code, f"{_name(planner, host_id)} is behind: {failure.reason}")
    for finding in planner.findings(nic.id):
        yield finding_report(finding)
